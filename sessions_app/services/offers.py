"""A freed time goes to the first of those who wait for one like it.

A time frees when a session is cancelled or moved, when a hold runs out, and when an offer is declined or not answered.
Who may have it is read first, without a lock, and then tried in turn as any other booking would be: locked, read
again, decided, written. Two who look at one freed time at once therefore make one offer of it, and an event that is
delivered twice finds the time taken.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils import timezone

from accounts.models import CounselorProfile, PatientProfile
from core.errors import DomainError, InvalidState
from core.facts import Fact, fact
from sessions_app.free_time import is_free, merge_spans
from sessions_app.models import (
    CalendarEntry,
    EntryKind,
    Occupancy,
    OfferOutcome,
    Session,
    SessionStatus,
    SlotHold,
    WaitlistEntry,
    WaitlistOffer,
)
from sessions_app.models.types import MAX_DURATION_MINUTES
from sessions_app.models.waitlist import WaitlistQuerySet
from sessions_app.services.calendars import CounselorCalendar, read_calendars
from sessions_app.services.reservations import Choice, Reservation, reserving
from sessions_app.services.slots import Slot, Wish, slots_of, within_horizon
from sessions_app.services.waitlist import pass_on
from sessions_app.wall_clock import Span, local_day

SHORTEST_OFFER = timedelta(minutes=5)
"""Who has less than this to answer is not asked."""
MOST_TRIED = 50
"""How many are tried for one freed time before it is left to whoever books it."""
SWEEP_BATCH = 200


@dataclass(frozen=True, slots=True)
class Freed:
    """A counselor's time that was taken and is no more; instants, buffers included."""

    counselor_id: UUID
    start: datetime
    end: datetime
    session_start: datetime
    joins: UUID | None = None
    """It is a place that was freed, in this group."""


def offer_freed_time(*, entry_id: UUID, now: datetime | None = None) -> int:
    """Offer the time that this calendar entry took; returns how many offers were made of it.

    A long time may serve several who want short ones. May run twice, and at the same time.
    """
    now = now or timezone.now()
    place = SlotHold.objects.filter(pk=entry_id, joins__isnull=False).values_list("joins", flat=True).first()
    if place is not None:
        return offer_freed_place(session_id=place, now=now)
    return _offer(_freed(entry_id, now), now)


def offer_freed_place(*, session_id: UUID, now: datetime | None = None) -> int:
    """Offer the places that are left of a group's session to those who wait for one; returns how many."""
    now = now or timezone.now()
    session = Session.objects.filter(pk=session_id, status=SessionStatus.CONFIRMED, start__gt=now).first()
    if session is None:
        return 0
    return _offer(Freed(session.counselor_id, session.start, session.end, session.start, session.pk), now)


def _offer(freed: Freed | None, now: datetime) -> int:
    tried: set[UUID] = set()
    made = 0
    while freed is not None and len(tried) < MOST_TRIED:
        found = next(_who_fits(freed, tried, now), None)
        if found is None:
            break
        entry, slot = found
        tried.add(entry.pk)
        try:
            _make_offer(entry, slot, now)
        except DomainError:
            continue  # somebody was quicker, with the time or with the person
        made += 1
    return made


def pass_on_unanswered(*, now: datetime | None = None) -> int:
    """Close the offers whose time to answer is over, so that the next are asked; returns how many."""
    now = now or timezone.now()
    total = 0
    while True:
        with fact(actor=None) as current:
            late = WaitlistOffer.objects.select_for_update(skip_locked=True).filter(
                outcome=OfferOutcome.OPEN, expires_at__lte=now
            )
            ids = list(late.order_by("expires_at").values_list("pk", flat=True)[:SWEEP_BATCH])
            pass_on(current, offer_ids=ids, outcome=OfferOutcome.EXPIRED)
        total += len(ids)
        if len(ids) < SWEEP_BATCH:
            return total


def announce_expired_holds(*, now: datetime | None = None) -> int:
    """Have the times of holds that ran out looked at, where anybody waits; before they are swept. Returns how many."""
    now = now or timezone.now()
    if not WaitlistEntry.objects.waiting(now).exists():
        return 0
    dead = CalendarEntry.objects.filter(
        kind=EntryKind.HOLD, is_active=True, expires_at__lte=now, start__gt=now
    )
    with fact(actor=None) as current:
        ids = list(dead.values_list("pk", flat=True))
        for entry_id in ids:
            current.announce("time.freed", entry=entry_id)
    return len(ids)


def _freed(entry_id: UUID, now: datetime) -> Freed | None:
    """None while somebody has it, and when it is over."""
    occupancy = (
        Occupancy.objects.filter(entry=entry_id, resource__in=CounselorProfile.objects.values("pk"))
        .select_related("entry")
        .first()
    )
    if occupancy is None or occupancy.entry.is_live_at(now) or occupancy.busy.upper <= now:
        return None
    return Freed(
        occupancy.resource, occupancy.busy.lower, occupancy.busy.upper, session_start=occupancy.entry.start
    )


def _who_fits(freed: Freed, tried: set[UUID], now: datetime) -> Iterator[tuple[WaitlistEntry, Slot]]:
    """Those who could have a part of the freed time, in turn, each with the time nearest to the freed one.

    Four queries, however many wait.
    """
    waiting = [entry for entry in _candidates(freed.counselor_id, now).in_turn() if entry.pk not in tried]
    if not waiting:
        return
    patients = {entry.patient_id for entry in waiting}
    busy, offered = _busy_of(patients, freed, now), _offered_before(patients, freed)
    calendar = read_calendars(
        [freed.counselor_id], start=freed.start - timedelta(minutes=MAX_DURATION_MINUTES), end=freed.end
    ).get(freed.counselor_id)
    if calendar is None:
        return
    slots: dict[Wish, list[Slot]] = {}
    for entry in waiting:
        wish = _wish(entry)
        if wish not in slots:
            slots[wish] = _slots_within(freed, calendar, wish, now)
        for slot in slots[wish]:
            if (
                entry.has_room_for(slot.start, slot.end)
                and is_free(_epoch(slot.start), _epoch(slot.end), offered.get(entry.patient_id, []))
                and is_free(_epoch(slot.start), _epoch(slot.end), busy.get(entry.patient_id, []))
                and _while_for(entry.patient, slot.start, now) is not None
            ):
                yield entry, slot
                break


def _candidates(counselor_id: UUID, now: datetime) -> WaitlistQuerySet:
    """Who waits for this counselor or for one like them, and is not being offered anything."""
    fits = Q(counselor=counselor_id)
    like_them = CounselorProfile.objects.filter(pk=counselor_id).values("specializations", "languages")
    for profile in like_them:
        fits |= Q(
            counselor=None,
            specialization__in=["", *profile["specializations"]],
            language__in=["", *profile["languages"]],
        )
    asked = WaitlistOffer.objects.filter(outcome=OfferOutcome.OPEN, expires_at__gt=now)
    return (
        WaitlistEntry.objects.waiting(now)
        .filter(fits, patient__user__is_active=True)
        .exclude(patient__in=asked.values("patient"))
        .select_related("patient__user")
    )


def _busy_of(patients: set[UUID], freed: Freed, now: datetime) -> dict[UUID, list[Span]]:
    reach = timedelta(minutes=MAX_DURATION_MINUTES)
    around = DateTimeTZRange(freed.start - reach, freed.end + reach)
    rows = Occupancy.objects.filter(resource__in=patients, is_active=True, busy__overlap=around).filter(
        Q(expires_at=None) | Q(expires_at__gt=now)
    )
    taken = rows.values_list("resource", "busy")
    return _spans((resource, busy.lower, busy.upper) for resource, busy in taken)


def _offered_before(patients: set[UUID], freed: Freed) -> dict[UUID, list[Span]]:
    """The times of this counselor that were offered to each of them; a quarter of an hour later is the same time."""
    reach = timedelta(minutes=MAX_DURATION_MINUTES)
    offers = WaitlistOffer.objects.filter(
        patient__in=patients,
        counselor=freed.counselor_id,
        start__gte=freed.start - 2 * reach,
        start__lt=freed.end + reach,
    )
    return _spans(offers.values_list("patient", "start", "hold__entry__end"))


def _spans(rows: Iterable[tuple[UUID, datetime, datetime]]) -> dict[UUID, list[Span]]:
    spans: dict[UUID, list[Span]] = {}
    for key, start, end in rows:
        spans.setdefault(key, []).append((_epoch(start), _epoch(end)))
    return {key: merge_spans(taken) for key, taken in spans.items()}


def _slots_within(freed: Freed, calendar: CounselorCalendar, wish: Wish, now: datetime) -> list[Slot]:
    """The calendar's free times that need some of what was freed, those nearest to it first."""
    reach = timedelta(minutes=MAX_DURATION_MINUTES)
    start, end = within_horizon(freed.start - reach, freed.end, now)
    bookable = slots_of(calendar, wish=wish, start=start, end=end, now=now)
    free = [slot for slot in bookable if slot.end > freed.start and slot.joins == freed.joins]
    return sorted(free, key=lambda slot: (abs(slot.start - freed.session_start), slot.start))


def _wish(entry: WaitlistEntry) -> Wish:
    return Wish(
        type_id=entry.session_type_id,
        duration_minutes=entry.duration_minutes,
        mode=entry.mode or None,
        centre_id=entry.centre_id,
        fee_max_minor=entry.fee_max_minor,
    )


@dataclass(frozen=True, slots=True)
class _While:
    """How long an offer stands, and from when on its patient is told: [told_at, expires_at), instants."""

    told_at: datetime
    expires_at: datetime


def _while_for(patient: PatientProfile, start: datetime, now: datetime) -> _While | None:
    """Nobody is woken: at night on the patient's clock the time is kept, and the while begins in the morning.

    It is at most half of the way to the session. None when that is too short to ask: then the next is asked.
    """
    told_at = _awake_at(patient.user.timezone, now)
    length = min(timedelta(minutes=settings.WAITLIST_OFFER_MINUTES), (start - told_at) / 2)
    return _While(told_at, told_at + length) if length >= SHORTEST_OFFER else None


def _awake_at(zone: str, now: datetime) -> datetime:
    """`now`, or the end of the night in which it lies on the wall of the zone."""
    night, morning = settings.WAITLIST_QUIET_FROM_HOUR, settings.WAITLIST_QUIET_UNTIL_HOUR
    local = now.astimezone(ZoneInfo(zone))
    if night == morning or not (local.hour >= night or local.hour < morning):
        return now
    day = local.date() + timedelta(days=local.hour >= night)
    return datetime.fromtimestamp(local_day(zone, day).begin_instant(60 * morning), UTC)


def _make_offer(entry: WaitlistEntry, slot: Slot, now: datetime) -> WaitlistOffer:
    """Keep the time for them and have them told. Raises what `reserving` raises, and InvalidState."""
    choice = Choice(
        counselor_id=slot.counselor_id,
        start=slot.start,
        mode=entry.mode or None,
        type_id=slot.type_id,
        centre_id=entry.centre_id,
    )
    stands = _while_for(entry.patient, slot.start, now)
    with reserving(choice, patient_id=entry.patient_id, actor=None, now=now) as (current, reservation):
        if stands is None or reservation.own_holds_in_the_way:
            raise InvalidState()
        _require_nothing_offered(current, entry, reservation, now)
        hold = SlotHold(
            entry=reservation.take(current, kind=EntryKind.OFFER, expires_at=stands.expires_at),
            patient_id=entry.patient_id,
            held_by_id=entry.patient_id,
            counselor_id=reservation.counselor_id,
            session_type_id=reservation.offered.id,
            centre_id=reservation.centre_id,
            mode=reservation.mode,
            is_offer=True,
            joins=reservation.place.session if reservation.place else None,
        )
        offer = WaitlistOffer(
            hold=hold,
            waitlist_entry=entry,
            patient_id=entry.patient_id,
            counselor_id=reservation.counselor_id,
            start=reservation.start,
            made_at=now,
            expires_at=stands.expires_at,
        )
        current.insert(hold, offer)
        current.audit("waitlist.offered", offer, patient_id=entry.patient_id, centre_id=reservation.centre_id)
        current.announce("waitlist.offered", stands.told_at - now, offer=offer.pk)
    return offer


def _require_nothing_offered(
    current: Fact, entry: WaitlistEntry, reservation: Reservation, now: datetime
) -> None:
    """With the patient's calendar locked: they still wait, have no open offer, and were not offered this time."""
    if not WaitlistEntry.objects.select_for_update().waiting(now).filter(pk=entry.pk).exists():
        raise InvalidState()
    same_time = Q(
        counselor=reservation.counselor_id, start__lt=reservation.end, hold__entry__end__gt=reservation.start
    )
    offers = WaitlistOffer.objects.filter(patient=entry.patient_id)
    late = []
    for offer in offers.filter(outcome=OfferOutcome.OPEN):
        if offer.is_open_at(now):
            raise InvalidState()
        late.append(offer.pk)
    if offers.filter(same_time).exists():
        raise InvalidState()
    pass_on(current, offer_ids=late, outcome=OfferOutcome.EXPIRED)


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())
