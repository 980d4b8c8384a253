"""The places of couples and groups: who has one, and the next that is free.

A place is taken under the counselor's lock and that of the session's row, in this order; the second is for those who
cancel the session as a whole. Behind both stands the database, where a seat is numbered, taken once, and no higher
than the session's capacity.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from core.errors import InvalidState
from sessions_app.models import (
    Occupancy,
    ParticipantStatus,
    Session,
    SessionParticipant,
    SessionStatus,
    SlotHold,
)

GROUP_FULL = "This group is full. Choose another time."
CONSTRAINTS = ("seat_once_per_session", "participant_has_a_seat_of_the_session")


@dataclass(frozen=True, slots=True)
class Place:
    """A free seat of a session, whose row is locked. `earlier` is the same patient's, who had left it."""

    session: Session
    seat: int
    earlier: SessionParticipant | None


def claim_place(session_id: UUID, patient_id: UUID, *, now: datetime | None = None) -> Place | None:
    """The lowest free seat of a session that is still on; None when none is left. Others' live holds keep one each.

    Call it with the counselor's and the patient's calendars locked.
    """
    session = Session.objects.select_related("entry").select_for_update(of=("self",)).get(pk=session_id)
    if session.status != SessionStatus.CONFIRMED:
        return None
    participants = list(session.participants.all())
    seats = {each.seat for each in participants if each.seat is not None}
    held = SlotHold.objects.filter(
        joins=session, is_live=True, entry__is_active=True, entry__expires_at__gt=now or timezone.now()
    ).exclude(patient=patient_id)
    if len(seats) + held.count() >= session.capacity:
        return None
    seat = next(number for number in range(1, session.capacity + 1) if number not in seats)
    earlier = next((each for each in participants if each.patient_id == patient_id), None)
    return Place(session, seat, earlier)


def active_participants(session: Session) -> list[SessionParticipant]:
    """Who has not cancelled for themselves, in the order of their seats."""
    taking_part = session.participants.exclude(status=ParticipantStatus.CANCELLED)
    return list(taking_part.order_by("seat"))


def holds_of_places(session: Session) -> list[UUID]:
    """The live holds of its places: to be given back when it is cancelled or moved."""
    if session.capacity == 1:
        return []
    return list(session.holds.filter(is_live=True).values_list("pk", flat=True))


def require_taking_part(session: Session, actor: User) -> None:
    """Raises InvalidState for a patient who has cancelled for themselves, while the session is on for others."""
    if session.capacity == 1 or actor.role != Role.PATIENT:
        return
    own = session.participants.exclude(status=ParticipantStatus.CANCELLED).filter(patient=actor.pk)
    if not own.exists():
        raise InvalidState("You have cancelled this session already.")


def leave_seat(
    session: Session, participant: SessionParticipant, *, by: UUID, reason: str, now: datetime
) -> None:
    """The seat and the patient's time are free again; the session is for the others. Its row must be locked."""
    participant.status, participant.seat = ParticipantStatus.CANCELLED, None
    participant.arrived_at = None
    participant.cancelled_at, participant.cancelled_by_id = now, by
    participant.cancellation_reason = reason or None
    participant.save(
        update_fields=["status", "seat", "cancelled_at", "cancelled_by", "cancellation_reason", "arrived_at"]
    )
    leave_time(session, participant)
    session.sequence += 1
    session.save(update_fields=["sequence"])


def leave_time(session: Session, participant: SessionParticipant) -> None:
    """The patient's own time is free again; the counselor's and the room's stay taken."""
    Occupancy.objects.filter(entry=session.entry_id, resource=participant.patient_id).update(is_active=False)
