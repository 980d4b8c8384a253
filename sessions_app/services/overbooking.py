"""Overbooking: staff book a session over what its counselor has or offers. The patient and the room are never doubled.

An overbooked session takes none of its counselor's time, so nothing else of theirs is moved or refused because of it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from accounts.models import Centre, User
from accounts.permissions import Action
from core.errors import PermissionDenied, ValidationFailed
from core.facts import Fact
from core.statements import Statement, read
from sessions_app.models import Session
from sessions_app.room_times import RoomTimes
from sessions_app.services.calendars import CounselorCalendar
from sessions_app.services.rooms import centre_rooms_statement, rooms_from
from sessions_app.services.slots import Slot, Wish, choose_type


def require_may_overbook(actor: User | None) -> None:
    """Raises PermissionDenied for all but staff: nobody books over their own or another's calendar by themselves."""
    if actor is None or not actor.may(Action.SESSION_OVERBOOK):
        raise PermissionDenied("Only staff may overbook. Choose a free time, or ask the centre.")


def slot_over(calendar: CounselorCalendar, *, wish: Wish, start: datetime, free: Slot | None) -> Slot:
    """The time as if it were free, for the counselor's first session type that fits; `free` is it when it really is.

    At the centre of the wish, or the counselor's primary one. Raises ValidationFailed for a time that is free, one
    that is not in whole minutes, and a centre at which the counselor does not work.
    """
    if free is not None:
        raise ValidationFailed(
            details={"overbook": ["This time is free. Book it as any other, so that nobody else takes it."]}
        )
    if start.second or start.microsecond:
        raise ValidationFailed(details={"start": ["Give a time in whole minutes."]})
    offered = choose_type(calendar, wish)
    if offered is None:
        raise ValidationFailed(details={"type": ["This counselor has no such session."]})
    centre = _workplace(calendar, wish.centre_id)
    return Slot(
        calendar.counselor_id,
        calendar.display_name,
        start,
        start + timedelta(minutes=offered.duration_minutes),
        offered.duration_minutes,
        offered.id,
        (wish.mode,) if wish.mode else tuple(offered.modes),
        centre.pk,
        centre.name,
    )


def rooms_over(slot: Slot, patient_id: UUID) -> tuple[Mapping[UUID, list[RoomTimes]], Statement]:
    """The rooms of the slot's centre, whether or not the counselor has hours there, and what reads them again."""
    statement = centre_rooms_statement(slot.centre_id, slot.start, slot.start, patient_id)
    return rooms_from(read(*statement)), statement


def note_overbooking(current: Fact, session: Session, *, patient_ids: Collection[UUID], reason: str) -> None:
    for patient_id in patient_ids:
        current.audit(
            "session.overbooked", session, patient_id=patient_id, centre_id=session.centre_id, why=reason
        )
    current.announce("session.overbooked", session=session.pk)


def _workplace(calendar: CounselorCalendar, centre_id: UUID | None) -> Centre:
    centre = (
        Centre.objects.filter(Q(pk=calendar.primary_centre_id) | Q(staff__user=calendar.counselor_id))
        .filter(pk=centre_id or calendar.primary_centre_id, is_active=True)
        .first()
    )
    if centre is None:
        raise ValidationFailed(details={"centre": ["The counselor does not work at this centre."]})
    return centre
