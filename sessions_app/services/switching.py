"""A patient takes another time of a group: another session of it, while the others stay where they are."""

from datetime import datetime

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from core.errors import InvalidState, ValidationFailed
from core.facts import fact
from sessions_app.models import Session, SessionKind
from sessions_app.services.booking import book_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.occupancy import give_back, lock
from sessions_app.services.overbooking import require_may_overbook
from sessions_app.services.rescheduling import choice_of, require_movable, reschedule_session
from sessions_app.services.seats import active_participants, leave_time
from sessions_app.services.states import locked_session


def change_time(
    *,
    session: Session,
    start: datetime,
    actor: User,
    duration_minutes: int | None = None,
    overbook_reason: str = "",
    now: datetime | None = None,
) -> Session:
    """Another time for `actor`: the session moves, or, for a patient in a group, they go to another of its sessions.

    The session that they then have. Raises what `reschedule_session` and `switch_session` raise.
    """
    if not switches(session, actor):
        return reschedule_session(
            session=session,
            start=start,
            actor=actor,
            duration_minutes=duration_minutes,
            overbook_reason=overbook_reason,
            now=now,
        )
    if overbook_reason:
        require_may_overbook(actor)
    if duration_minutes not in (None, session.duration_minutes):
        raise ValidationFailed(details={"duration_minutes": ["A group is as long as it is. Leave this out."]})
    return switch_session(session=session, start=start, actor=actor, now=now)


def switches(session: Session, actor: User) -> bool:
    """Whether another time is another session for `actor`: for patients in a group."""
    return actor.role == Role.PATIENT and session.kind == SessionKind.GROUP and session.capacity > 1


def switch_session(*, session: Session, start: datetime, actor: User, now: datetime | None = None) -> Session:
    """The session that the patient is in now: the new place is taken before the old one is given up, or not at all.

    What they wrote when booking goes along. Raises what booking and `require_movable` raise.
    """
    now = now or timezone.now()
    with fact(actor=actor):
        lock(session.counselor_id, actor.pk)
        kept = locked_session(session)
        require_movable(kept, actor, now)
        if kept.start == start:
            raise InvalidState("The session is at this time already. Choose another one.")
        participants = active_participants(kept)
        own = next(each for each in participants if each.patient_id == actor.pk)
        # Their own time is no obstacle to the new one; nor is the group's, when nobody else is in it.
        leave_time(kept, own)
        if len(participants) == 1:
            give_back([kept.entry_id])
        choice = choice_of(kept, start, may_join=True)
        new = book_session(choice=choice, patient_id=actor.pk, actor=actor, note=own.note or "", now=now)
        cancel_session(session=kept, actor=actor, now=now)
    return new
