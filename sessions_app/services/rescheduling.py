"""Moving a session: the new time is taken before the old one is given up, or nothing happens."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from core.errors import InvalidState
from core.facts import fact
from sessions_app.models import (
    EntryKind,
    Mode,
    Session,
    SessionKind,
    SessionMove,
    SessionStatus,
    SessionType,
    SuggestedTime,
)
from sessions_app.services.moves import UNDO_FOR
from sessions_app.services.occupancy import give_back, lock
from sessions_app.services.overbooking import note_overbooking
from sessions_app.services.policies import cost_of_cancelling
from sessions_app.services.reservations import Choice, Reservation, reserving
from sessions_app.services.seats import active_participants, holds_of_places, require_taking_part
from sessions_app.services.states import locked_session

TOO_LATE = "It is too late to move this session yourself. Ask your counselor or the centre, who still can."


def reschedule_session(
    *,
    session: Session,
    start: datetime,
    actor: User,
    duration_minutes: int | None = None,
    overbook_reason: str = "",
    now: datetime | None = None,
) -> Session:
    """Move it to a time that its counselor offers, with the same length unless another is asked for.

    It stays the same session, on the terms that were agreed to; another length is another session type of the
    counselor's, with that type's fee. A time that is offered ends an overbooking; with an `overbook_reason`, which goes
    into the audit trail, staff move it over what the counselor has or offers.

    Raises what `reserving` raises, and InvalidState when it has begun, has ended, is at that time already, or, for a
    patient, when cancelling it would cost something by now.
    """
    now, over = now or timezone.now(), bool(overbook_reason)
    # One transaction: the session's own time is no obstacle to the new one, and for everybody else it is taken until
    # the new one is. A refusal below leaves all of it as it was.
    with fact(actor=actor):
        patient_ids = _patients_of(session)
        lock(session.counselor_id, *patient_ids)
        kept = locked_session(session)
        require_movable(kept, actor, now, to=start)
        if _patients_of(kept) != patient_ids:
            raise InvalidState("Somebody has just come or gone. Look at the session again.")
        if kept.start == start and duration_minutes in (None, kept.duration_minutes):
            raise InvalidState("The session is at this time already. Choose another one.")
        give_back([kept.entry_id, *holds_of_places(kept)])
        patient_id, *others = patient_ids
        choice = replace(
            choice_of(kept, start, duration_minutes=duration_minutes, over=over), companions=tuple(others)
        )
        with reserving(choice, patient_id=patient_id, actor=actor, now=now, over=over) as (
            current,
            reservation,
        ):
            give_back(reservation.own_holds_in_the_way)
            was = SessionMove(
                session=kept,
                entry_id=kept.entry_id,
                start=kept.start,
                end=kept.end,
                centre_id=kept.centre_id,
                moved_by=actor,
                moved_at=now,
            )
            current.insert(was)
            kept.entry = reservation.take(current, kind=EntryKind.SESSION)
            kept.overbooked, kept.overbooked_by = over, actor if over else None
            kept.participants.update(arrived_at=None)  # whoever was there comes again
            _write(kept, reservation)
            for each in patient_ids:
                current.audit("session.rescheduled", kept, patient_id=each, centre_id=kept.centre_id)
            if over:
                note_overbooking(current, kept, patient_ids=patient_ids, reason=overbook_reason)
            current.announce("session.rescheduled", session=kept.pk)
            current.announce("time.freed", UNDO_FOR, entry=was.entry_id)
    return kept


def require_movable(session: Session, actor: User, now: datetime, *, to: datetime | None = None) -> None:
    """Raises InvalidState. Patients move only while cancelling is free: else the notice would mean nothing.

    Unless `to` is a time that was suggested to them: then it is not they who give no notice.
    """
    if session.status != SessionStatus.CONFIRMED:
        state = SessionStatus(session.status).label.lower()
        raise InvalidState(f"This session is {state}, so it can no longer be moved.")
    require_taking_part(session, actor)
    if session.start <= now:
        raise InvalidState("This session has begun already, so it can no longer be moved.")
    if actor.role == Role.PATIENT and session.kind == SessionKind.COUPLE and len(_patients_of(session)) > 1:
        raise InvalidState(
            "Two of you take part, so the counselor or the centre moves this session. Ask them."
        )
    if actor.role != Role.PATIENT or (
        to and SuggestedTime.objects.standing(session).filter(start=to).exists()
    ):
        return
    if cost_of_cancelling(session=session, actor=actor, now=now).charge_minor:
        raise InvalidState(TOO_LATE)


def _patients_of(session: Session) -> list[UUID]:
    return [participant.patient_id for participant in active_participants(session)]


def choice_of(
    kept: Session,
    start: datetime,
    *,
    duration_minutes: int | None = None,
    mode: str | None = None,
    over: bool = False,
    may_join: bool = False,
) -> Choice:
    """What to look for when a session moves, the same way of meeting unless another is named.

    Of the same type where it is still offered, else of any of the same length; in person, and `over` what the counselor
    offers, at the same centre.
    """
    is_same_length = duration_minutes in (None, kept.duration_minutes)
    is_offered = is_same_length and kept.session_type.is_active
    stays_in_place = kept.mode == Mode.IN_PERSON and mode in (None, kept.mode)
    return Choice(
        counselor_id=kept.counselor_id,
        start=start,
        mode=mode or kept.mode,
        type_id=kept.session_type_id if is_offered else None,
        duration_minutes=None if is_offered else duration_minutes or kept.duration_minutes,
        centre_id=kept.centre_id if stays_in_place or over else None,
        may_join=may_join,
    )


def _write(kept: Session, reservation: Reservation) -> None:
    if reservation.end - reservation.start != kept.end - kept.start:
        offered = reservation.offered
        kept.session_type = SessionType.objects.get(pk=offered.id)
        kept.kind, kept.payment_policy = offered.kind, offered.payment_policy
        kept.fee_minor, kept.currency = offered.fee_minor, offered.currency
    kept.start, kept.end, kept.centre_id = reservation.start, reservation.end, reservation.centre_id
    kept.sequence += 1
    kept.save(
        update_fields=[
            *("entry", "start", "end", "centre", "sequence", "overbooked", "overbooked_by"),
            *("session_type", "kind", "payment_policy", "fee_minor", "currency"),
        ]
    )
