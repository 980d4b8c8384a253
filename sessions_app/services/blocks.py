"""Blocks: time of a counselor that is kept for something else. Under the same locks and constraint as sessions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from accounts.models import CounselorProfile, User
from core.errors import Conflict, NotFound, ValidationFailed
from core.facts import Fact, fact
from sessions_app.listing import session_rows
from sessions_app.models import CalendarBlock, CalendarEntry, EntryKind, Occupancy, Session
from sessions_app.models.blocks import LONGEST_BLOCK, MAX_TITLE, SHORTEST_BLOCK
from sessions_app.services.moves import UNDO_FOR
from sessions_app.services.occupancy import give_back, lock
from sessions_app.services.reasons import in_words
from sessions_app.session_rows import SessionRow

MOST_NAMED = 3
"""So many of the things that are in the way are named; the others come up when these have gone."""
TAKEN_MEANWHILE = "This time has just been taken. Load the calendar again and look at what is there."


def add_block(
    *,
    counselor: CounselorProfile,
    start: datetime,
    end: datetime,
    title: str = "",
    actor: User,
    now: datetime | None = None,
) -> CalendarBlock:
    """Keep [start, end) free of sessions. Raises ValidationFailed by field, and Conflict naming what is there."""
    _require_possible(start, end, now or timezone.now())
    with _taking(actor) as current:
        lock(counselor.pk)
        _require_free(counselor, start, end, actor)
        block = CalendarBlock(
            counselor=counselor,
            title=_checked(title) or None,
            created_by=actor,
            entry=_take(current, counselor.pk, start, end),
        )
        current.insert(block)
        current.audit("block.added", block, centre_id=counselor.primary_centre_id)
        current.announce("block.added", block=block.pk, counselor=counselor.pk)
    return block


def change_block(
    *,
    block: CalendarBlock,
    actor: User,
    start: datetime | None = None,
    end: datetime | None = None,
    title: str | None = None,
    now: datetime | None = None,
) -> CalendarBlock:
    """Another time, another title, or both; None leaves as it is. Raises what `add_block` raises."""
    with _taking(actor) as current:
        lock(block.counselor_id)
        kept = _locked(block)
        times = start or kept.start, end or kept.end
        if times != (kept.start, kept.end):
            _require_possible(*times, now or timezone.now())
            # Its own time is no obstacle; for everybody else it is taken until this commits.
            give_back([kept.entry_id])
            _require_free(kept.counselor, *times, actor)
            current.announce("time.freed", UNDO_FOR, entry=kept.entry_id)
            kept.entry = _take(current, kept.counselor_id, *times)
        if title is not None:
            kept.title = _checked(title) or None
        kept.sequence += 1
        kept.save(update_fields=["entry", "title", "sequence"])
        current.audit("block.changed", kept, centre_id=kept.counselor.primary_centre_id)
        current.announce("block.changed", block=kept.pk, counselor=kept.counselor_id)
    return kept


def remove_block(*, block: CalendarBlock, actor: User) -> None:
    """Its time can be booked again, and its title is gone. Removing what is not there any more is no error."""
    with fact(actor=actor) as current:
        lock(block.counselor_id)
        kept = CalendarBlock.objects.select_for_update().filter(pk=block.pk).first()
        if kept is None:
            return
        current.audit("block.removed", kept, centre_id=block.counselor.primary_centre_id)
        current.announce("block.removed", block=kept.pk, counselor=kept.counselor_id)
        current.announce("time.freed", UNDO_FOR, entry=kept.entry_id)
        give_back([kept.entry_id])
        CalendarBlock.objects.filter(pk=kept.pk).delete()


@contextmanager
def _taking(actor: User) -> Iterator[Fact]:
    """A fact that takes time: should the constraint speak after all, it is said like any other refusal."""
    try:
        with fact(actor=actor) as current:
            yield current
    except IntegrityError as broken:
        if "nobody_is_busy_twice_at_once" not in str(broken):
            raise
        raise Conflict(TAKEN_MEANWHILE) from broken


def _take(current: Fact, counselor_id: UUID, start: datetime, end: datetime) -> CalendarEntry:
    entry = CalendarEntry(kind=EntryKind.BLOCK, start=start, end=end)
    current.insert(entry, Occupancy(entry=entry, resource=counselor_id, busy=DateTimeTZRange(start, end)))
    return entry


def _locked(block: CalendarBlock) -> CalendarBlock:
    kept = (
        CalendarBlock.objects.select_related("entry", "counselor__user")
        .select_for_update(of=("self",))
        .filter(pk=block.pk)
        .first()
    )
    if kept is None:
        raise NotFound("This block is not there any more. Load the calendar again.")
    return kept


def _checked(title: str) -> str:
    title = title.strip()
    if len(title) > MAX_TITLE:
        raise ValidationFailed(
            details={"title": [f"At most {MAX_TITLE} characters; these are {len(title)}."]}
        )
    return title


def _require_possible(start: datetime, end: datetime, now: datetime) -> None:
    if end - start < SHORTEST_BLOCK:
        minutes = int(SHORTEST_BLOCK.total_seconds()) // 60
        raise ValidationFailed(details={"end": [f"A block ends at least {minutes} minutes after it begins."]})
    if end - start > LONGEST_BLOCK:
        hours = int(LONGEST_BLOCK.total_seconds()) // 3600
        sentence = f"A block is {hours} hours long at most. For longer, note time away in the hours."
        raise ValidationFailed(details={"end": [sentence]})
    if end <= now:
        raise ValidationFailed(details={"start": ["This time is over. Choose a coming one."]})


# --- What is there already -------------------------------------------------------------------------------------


def _require_free(counselor: CounselorProfile, start: datetime, end: datetime, actor: User) -> None:
    """Call it with the calendar locked and cleared. Raises Conflict with details {"in_the_way": […]}."""
    there = Occupancy.objects.filter(
        resource=counselor.pk, is_active=True, busy__overlap=DateTimeTZRange(start, end)
    )
    found = list(there.select_related("entry").order_by("busy")[:MOST_NAMED])
    if not found:
        return
    sessions = Session.objects.visible_to(actor).filter(entry__in=[one.entry_id for one in found])
    rows = {row.id: row for row in session_rows(sessions, viewer=actor, now=timezone.now())}
    by_entry = {entry_id: rows[pk] for entry_id, pk in sessions.values_list("entry_id", "pk") if pk in rows}
    zone = ZoneInfo(counselor.user.timezone)
    named = [_named(one, by_entry.get(one.entry_id), zone) for one in found]
    sentences = " ".join(sentence for sentence, _ in named)
    raise Conflict(
        f"{sentences} Nothing was changed.", details={"in_the_way": [detail for _, detail in named]}
    )


def _named(one: Occupancy, session: SessionRow | None, zone: ZoneInfo) -> tuple[str, dict[str, Any]]:
    """What keeps the time: in a sentence, and for programs."""
    entry = one.entry
    span = in_words((int(entry.start.timestamp()), int(entry.end.timestamp())), zone)
    match entry.kind:
        case EntryKind.SESSION if session is not None:
            who = ", ".join(person.display_name for person in session.patients)
            sentence = f"A session with {who} is there: {span}. Move or cancel it first."
        case EntryKind.SESSION:
            sentence = f"A session at another centre is there: {span}."
        case EntryKind.BLOCK:
            sentence = f"There is a block already: {span}."
        case _:
            sentence = f"Somebody is being offered a time there: {span}. Try again when they have decided."
    buffered = (one.busy.lower, one.busy.upper) != (entry.start, entry.end)
    if buffered:
        taken = in_words((int(one.busy.lower.timestamp()), int(one.busy.upper.timestamp())), zone)
        sentence += f" With the time kept free around it, it takes {taken}."
    detail = {
        "kind": entry.kind,
        "start": one.busy.lower,
        "end": one.busy.upper,
        "session": session.id if session else None,
    }
    return sentence, detail
