"""Waiting for a time: joining, leaving, whose turn it is, and what becomes of an offer.

Making offers is services/offers.py. An offer is a hold of its patient: accepting it is `book_hold`, declining it
`release_hold`; both end here.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from core.errors import InvalidState, ValidationFailed
from core.facts import Fact, fact
from sessions_app.models import (
    OfferOutcome,
    Session,
    SessionType,
    WaitlistEntry,
    WaitlistOffer,
    WaitlistStatus,
)
from sessions_app.models.waitlist import MAX_WAITING, end_of
from sessions_app.services.occupancy import give_back, lock


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody waits for, and when it would suit them; fields as in WaitlistEntry, empty leaves it open."""

    timezone: str
    first_day: date
    last_day: date
    weekdays: Collection[int]
    earliest: time
    latest: time
    counselor_id: UUID | None = None
    session_type_id: UUID | None = None
    specialization: str = ""
    language: str = ""
    centre_id: UUID | None = None
    mode: str = ""
    fee_max_minor: int | None = None
    duration_minutes: int | None = None


def join_waitlist(
    *, wanted: Wanted, patient_id: UUID, actor: User, now: datetime | None = None
) -> WaitlistEntry:
    """Wait for a time. Who waits for just that already keeps their place: the same entry comes back.

    Raises ValidationFailed for a window that is over or that no booking reaches, and for a type that the counselor
    does not offer; InvalidState when the patient waits for ten times already.
    """
    now = now or timezone.now()
    _require_possible(wanted, now)
    values = asdict(wanted) | {"weekdays": sorted(set(wanted.weekdays))}
    with fact(actor=actor) as current:
        lock(patient_id)
        waiting = WaitlistEntry.objects.waiting(now).filter(patient=patient_id)
        same = waiting.filter(**values).first()
        if same is not None:
            return same
        if waiting.count() >= MAX_WAITING:
            raise InvalidState(
                f"You can wait for {MAX_WAITING} times at once. Leave one that you no longer need."
            )
        entry = WaitlistEntry(
            patient_id=patient_id,
            created_by=actor,
            waiting_since=now,
            expires_at=end_of(wanted.last_day, wanted.timezone),
            **values,
        )
        current.insert(entry)
        current.audit("waitlist.joined", entry, patient_id=patient_id, centre_id=entry.centre_id)
    return entry


def leave_waitlist(*, entry: WaitlistEntry, actor: User, now: datetime | None = None) -> WaitlistEntry:
    """Wait no longer; a time that is being offered goes to the next. Leaving twice is no error."""
    now = now or timezone.now()
    with fact(actor=actor) as current:
        lock(entry.patient_id)
        kept = WaitlistEntry.objects.select_for_update().get(pk=entry.pk)
        if kept.status != WaitlistStatus.WAITING:
            return kept
        kept.status, kept.ended_at = WaitlistStatus.LEFT, now
        kept.save(update_fields=["status", "ended_at"])
        offered = list(kept.offers.filter(outcome=OfferOutcome.OPEN).values_list("pk", flat=True))
        give_back(offered)
        pass_on(current, offer_ids=offered, outcome=OfferOutcome.DECLINED)
        current.audit("waitlist.left", kept, patient_id=kept.patient_id, centre_id=kept.centre_id)
    return kept


def set_priority(*, entry: WaitlistEntry, priority: int, actor: User) -> WaitlistEntry:
    """Whose turn it is comes before how long they wait. Raises InvalidState once the wait is over."""
    with fact(actor=actor) as current:
        kept = WaitlistEntry.objects.select_for_update().get(pk=entry.pk)
        if kept.status != WaitlistStatus.WAITING:
            raise InvalidState("This person no longer waits for that.")
        kept.priority = priority
        kept.save(update_fields=["priority"])
        current.audit("waitlist.prioritised", kept, patient_id=kept.patient_id, centre_id=kept.centre_id)
    return kept


def pass_on(current: Fact, *, offer_ids: Collection[UUID], outcome: OfferOutcome) -> None:
    """Close these offers if they are open; each of their times is then looked at for the next who waits."""
    if not offer_ids:
        return
    WaitlistOffer.objects.filter(pk__in=offer_ids, outcome=OfferOutcome.OPEN).update(outcome=outcome)
    for offer_id in offer_ids:
        current.announce("time.freed", entry=offer_id)


def end_waiting(offer_ids: Collection[UUID], *, now: datetime) -> None:
    """The offered time was booked: the wait is over. Part of the fact that books."""
    WaitlistOffer.objects.filter(pk__in=offer_ids).update(outcome=OfferOutcome.ACCEPTED)
    WaitlistEntry.objects.filter(offers__in=offer_ids, status=WaitlistStatus.WAITING).update(
        status=WaitlistStatus.BOOKED, ended_at=now
    )


def end_waiting_for_booked(session: Session) -> None:
    """Who booked a time that was offered to them by another way than the offer waits no longer either."""
    patients = session.participants.values("patient")
    offered = WaitlistOffer.objects.filter(
        patient__in=patients, counselor=session.counselor_id, start=session.start
    )
    with fact(actor=None):
        end_waiting(list(offered.values_list("pk", flat=True)), now=timezone.now())


def end_outdated_waiting(*, now: datetime | None = None) -> int:
    """For tidiness: whose last day is over is offered nothing, marked or not. Returns how many were marked."""
    now = now or timezone.now()
    outdated = WaitlistEntry.objects.filter(status=WaitlistStatus.WAITING, expires_at__lte=now)
    return outdated.update(status=WaitlistStatus.EXPIRED, ended_at=now)


def _require_possible(wanted: Wanted, now: datetime) -> None:
    today = now.astimezone(ZoneInfo(wanted.timezone)).date()
    if wanted.last_day < max(today, wanted.first_day):
        raise ValidationFailed(details={"last_day": ["This day is over. Choose a later one."]})
    if wanted.last_day > today + timedelta(days=settings.BOOKING_HORIZON_DAYS):
        days = settings.BOOKING_HORIZON_DAYS
        raise ValidationFailed(details={"last_day": [f"Sessions can be booked up to {days} days ahead."]})
    if not wanted.weekdays:
        raise ValidationFailed(details={"weekdays": ["Choose at least one day of the week."]})
    if time(0) != wanted.latest <= wanted.earliest:
        raise ValidationFailed(
            details={"latest": ["The end must be after the start (00:00 means midnight)."]}
        )
    if wanted.session_type_id is not None and not _is_offered(wanted.session_type_id, wanted.counselor_id):
        raise ValidationFailed(details={"type": ["This counselor does not offer this session type."]})


def _is_offered(type_id: UUID, counselor_id: UUID | None) -> bool:
    offered = SessionType.objects.offered().filter(pk=type_id)
    return counselor_id is not None and offered.filter(counselor=counselor_id).exists()
