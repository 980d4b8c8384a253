"""Taking back a move: for who let go of a session in the wrong place of a calendar, within half a minute."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from core.errors import InvalidState, SlotTaken
from core.facts import fact
from sessions_app.models import CalendarEntry, EntryKind, Occupancy, Session, SessionMove, SessionStatus
from sessions_app.services.occupancy import give_back, lock
from sessions_app.services.seats import active_participants, holds_of_places
from sessions_app.services.states import locked_session

UNDO_FOR = timedelta(seconds=30)
"""So long the time that was left is not offered to who waits (docs/transactions.md)."""
GIVEN_AWAY = (
    "The time that the session had has been given to somebody else meanwhile. It stays where it is now."
)


def take_back_move(*, session: Session, actor: User, now: datetime | None = None) -> Session:
    """Put the session back to the time, the place and the room that it had before its last move.

    That time was agreed to, so neither hours nor notice are asked, only whether it is still free. Everyone concerned is
    told, as of any move. Raises InvalidState after UNDO_FOR, for whoever did not move it, and when it has changed
    since; SlotTaken when somebody else has the time by now.
    """
    now = now or timezone.now()
    try:
        with fact(actor=actor) as current:
            people = _people_in(session)
            lock(*people)
            kept = locked_session(session)
            last = _last_move(kept, actor, now)
            before = list(Occupancy.objects.filter(entry=last.entry_id))
            _require_same(kept, last, {one.resource for one in before}, people)
            if last.entry.room_id is not None:
                lock(last.entry.room_id)  # rooms always after people, as in bookings
            tried_id = kept.entry_id
            give_back([tried_id, *holds_of_places(kept)])
            _require_free(before)
            entry = CalendarEntry(
                kind=EntryKind.SESSION, start=last.start, end=last.end, room_id=last.entry.room_id
            )
            again = [Occupancy(entry=entry, resource=one.resource, busy=one.busy) for one in before]
            tried = SessionMove(
                session=kept,
                entry_id=tried_id,
                start=kept.start,
                end=kept.end,
                centre_id=kept.centre_id,
                moved_by=actor,
                moved_at=now,
            )
            current.insert(entry, *again, tried)
            kept.entry, kept.start, kept.end = entry, last.start, last.end
            kept.centre_id = last.centre_id or kept.centre_id
            kept.overbooked, kept.overbooked_by = False, None
            kept.sequence += 1
            kept.save(
                update_fields=["entry", "start", "end", "centre", "sequence", "overbooked", "overbooked_by"]
            )
            for patient_id in people - {kept.counselor_id}:
                current.audit(
                    "session.move_taken_back", kept, patient_id=patient_id, centre_id=kept.centre_id
                )
            current.announce("session.rescheduled", session=kept.pk)
            current.announce("time.freed", UNDO_FOR, entry=tried_id)
    except IntegrityError as broken:
        if "nobody_is_busy_twice_at_once" not in str(broken):
            raise
        raise SlotTaken(GIVEN_AWAY) from broken
    return kept


def _people_in(session: Session) -> set[UUID]:
    return {session.counselor_id, *(each.patient_id for each in active_participants(session))}


def _last_move(kept: Session, actor: User, now: datetime) -> SessionMove:
    last = kept.moves.select_related("entry").order_by("-moved_at", "-id").first()
    if last is None or last.moved_by_id != actor.pk or now - last.moved_at > UNDO_FOR:
        raise InvalidState("There is no move of yours to take back any more. Choose its time anew instead.")
    if last.start <= now:
        raise InvalidState("The time that the session had has begun. Choose another one.")
    return last


def _require_same(kept: Session, last: SessionMove, before: set[UUID], people: set[UUID]) -> None:
    """Else more would have to be put back than the time: its length and fee, an overbooking, people, how they meet."""
    is_same_length = kept.end - kept.start == last.end - last.start
    is_same_company = before - {last.entry.room_id} == people
    is_same_way = (last.entry.room_id is None) == (kept.entry.room_id is None)
    is_same = is_same_length and is_same_company and is_same_way
    if kept.status != SessionStatus.CONFIRMED or not is_same:
        raise InvalidState("The session has changed since, so this cannot be taken back. Move it instead.")


def _require_free(before: list[Occupancy]) -> None:
    needed = Q(pk__in=[])
    for one in before:
        needed |= Q(resource=one.resource, busy__overlap=one.busy)
    if Occupancy.objects.filter(needed, is_active=True).exists():
        raise SlotTaken(GIVEN_AWAY)
