"""Booking a session, from a hold or directly."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from accounts.models.care import CareReason
from accounts.services.care import take_into_care
from core.errors import HoldExpired, InvalidState
from core.facts import Fact, fact
from sessions_app.models import (
    OPEN_STATES,
    CalendarEntry,
    EntryKind,
    Session,
    SessionParticipant,
    SessionSeries,
    SessionStatus,
    SessionType,
    SlotHold,
)
from sessions_app.room_times import RoomTimes
from sessions_app.services.calendars import OfferedType
from sessions_app.services.groups import join
from sessions_app.services.holds import locked_hold, require_live
from sessions_app.services.occupancy import give_back, keep_until
from sessions_app.services.overbooking import note_overbooking
from sessions_app.services.reservations import Choice, reserving
from sessions_app.services.seats import claim_place
from sessions_app.services.waitlist import end_waiting


@dataclass(frozen=True, slots=True)
class Terms:
    """What a session is booked as; copied onto it, so that a later change of the type does not change it."""

    type_id: UUID
    kind: str
    fee_minor: int
    currency: str
    payment_policy: str
    capacity: int

    @classmethod
    def of(cls, offered: OfferedType | SessionType) -> "Terms":
        return cls(
            offered.id,
            offered.kind,
            offered.fee_minor,
            offered.currency,
            offered.payment_policy,
            offered.capacity,
        )


@dataclass(frozen=True, slots=True)
class Booked:
    """A session that has just been booked, and the names that the booking knew, so that nobody reads them again."""

    session: Session
    type_name: str
    counselor_name: str
    centre_name: str
    room: RoomTimes | None
    has_joined: bool = False
    """A group that others had booked before; `room` is then not known here."""


def book_session(
    *,
    choice: Choice,
    patient_id: UUID,
    actor: User,
    note: str = "",
    overbook_reason: str = "",
    now: datetime | None = None,
) -> Session:
    """Book a time directly. A hold of the same patient that is in the way is given back first.

    With `overbook_reason`, which goes into the audit trail, staff book over what the counselor has or offers. Raises
    what `reserving` raises.
    """
    return book_directly(
        choice=choice,
        patient_id=patient_id,
        actor=actor,
        note=note,
        overbook_reason=overbook_reason,
        now=now,
    ).session


def book_directly(
    *,
    choice: Choice,
    patient_id: UUID,
    actor: User,
    note: str = "",
    overbook_reason: str = "",
    now: datetime | None = None,
) -> Booked:
    """`book_session`, with the names for who shows it at once."""
    now, over = now or timezone.now(), bool(overbook_reason)
    with reserving(choice, patient_id=patient_id, actor=actor, now=now, over=over) as (current, reservation):
        give_back(reservation.own_holds_in_the_way)
        offered = reservation.offered
        names = (offered.name, reservation.counselor_name, reservation.centre_name)
        if reservation.place is not None:
            joined = join(current, reservation.place, patient_id=patient_id, note=note, agreed_at=now)
            return Booked(joined, *names, room=None, has_joined=True)
        session = _confirm(
            current,
            entry=reservation.take(current, kind=EntryKind.SESSION),
            terms=Terms.of(offered),
            counselor_id=reservation.counselor_id,
            patient_id=patient_id,
            centre_id=reservation.centre_id,
            mode=reservation.mode,
            note=note,
            overbooked_by=actor if over else None,
        )
        if over:
            note_overbooking(current, session, patient_ids=[patient_id], reason=overbook_reason)
        return Booked(session, *names, reservation.room)


def book_hold(*, hold: SlotHold, actor: User, note: str = "", now: datetime | None = None) -> Session:
    """Book the held time, or the offered one: then the wait is over. A second call answers with the first's session.

    Raises HoldExpired, and InvalidState when the session that it became is no longer on.
    """
    now = now or timezone.now()
    with fact(actor=actor) as current:
        kept = locked_hold(hold)
        if kept.session is not None:
            return _still_on(kept.session)
        require_live(kept, now)
        if kept.entry.start <= now:
            raise InvalidState("This time has begun already. Choose a coming one.")
        if kept.joins_id is not None:
            session = _join_held(current, kept, kept.joins_id, note)
        else:
            keep_until(kept.pk, None, kind=EntryKind.SESSION)
            session = _confirm(
                current,
                entry=kept.entry,
                terms=Terms.of(kept.session_type),
                counselor_id=kept.counselor_id,
                patient_id=kept.patient_id,
                centre_id=kept.centre_id,
                mode=kept.mode,
                note=note,
            )
        SlotHold.objects.filter(pk=kept.pk).update(session=session, is_live=False)
        if kept.is_offer:
            end_waiting([kept.pk], now=now)
    return session


def _still_on(session: Session) -> Session:
    if session.status not in OPEN_STATES:
        state = SessionStatus(session.status).label.lower()
        raise InvalidState(f"This time was booked already, and the session is {state}. Choose a time again.")
    return session


def _join_held(current: Fact, hold: SlotHold, session_id: UUID, note: str) -> Session:
    """The place that the hold kept. It is theirs, unless the group was cancelled or moved or the hold has run out."""
    place = claim_place(session_id, hold.patient_id)
    if place is None or place.session.start != hold.entry.start:
        raise HoldExpired("This place can no longer be had. Choose a time again.")
    return join(
        current,
        place,
        patient_id=hold.patient_id,
        note=note,
        agreed_at=hold.entry.created_at,
        held_entry_id=hold.pk,
    )


def new_session(
    *,
    entry: CalendarEntry,
    terms: Terms,
    counselor_id: UUID,
    patient_id: UUID,
    centre_id: UUID,
    mode: str,
    note: str = "",
    series: SessionSeries | None = None,
    series_number: int | None = None,
) -> tuple[Session, SessionParticipant]:
    """A session in its entry and who takes part, to be written."""
    session = Session(
        entry=entry,
        series=series,
        series_number=series_number,
        session_type_id=terms.type_id,
        counselor_id=counselor_id,
        centre_id=centre_id,
        mode=mode,
        kind=terms.kind,
        start=entry.start,
        end=entry.end,
        fee_minor=terms.fee_minor,
        currency=terms.currency,
        payment_policy=terms.payment_policy,
        capacity=terms.capacity,
    )
    return session, SessionParticipant(
        session=session,
        patient_id=patient_id,
        start=entry.start,
        capacity=terms.capacity if terms.capacity > 1 else None,
        note=note or None,
    )


def _confirm(
    current: Fact,
    *,
    entry: CalendarEntry,
    terms: Terms,
    counselor_id: UUID,
    patient_id: UUID,
    centre_id: UUID,
    mode: str,
    note: str,
    overbooked_by: User | None = None,
) -> Session:
    """Write the session into its entry, and all that follows from it in the same transaction."""
    session, participant = new_session(
        entry=entry,
        terms=terms,
        counselor_id=counselor_id,
        patient_id=patient_id,
        centre_id=centre_id,
        mode=mode,
        note=note,
    )
    session.overbooked, session.overbooked_by = overbooked_by is not None, overbooked_by
    current.insert(session, participant)
    take_into_care(
        current,
        patient_id=patient_id,
        counselor_id=counselor_id,
        centre_id=centre_id,
        why=CareReason.SESSION,
    )
    current.audit("session.booked", session, patient_id=patient_id, centre_id=centre_id)
    current.announce("session.confirmed", session=session.pk)
    return session
