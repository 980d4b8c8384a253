"""Which times of a series can be had, and which cannot: each by its name, with what could be done instead."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from core.errors import SeriesConflict, ValidationFailed
from sessions_app.free_time import is_free, merge_spans
from sessions_app.models import Session
from sessions_app.occurrences import Occurrence
from sessions_app.services.repeats import Calendars
from sessions_app.services.slots import Slot
from sessions_app.wall_clock import Span

CLOCKS_JUMP = "The clocks jump over this time on that day."
NOT_FREE = "This time is not free."
PATIENT_BUSY = "There is another session at this time."
DAY_FULL = "The counselor takes no more sessions on that day."
ROOM_TAKEN = "This room is not free at this time."

Answers = Mapping[datetime, datetime | None]
"""What to do about an occurrence, by its start: take another time instead, or (None) leave it out, or where it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A time of a series and the calendars that say whether it can be had.

    `session` is the one that would move there. `room_id` names the room to meet in, None leaves it open. `refusal` says
    why it can be neither this time nor another.
    """

    occurrence: Occurrence
    calendars: Calendars
    session: Session | None = None
    room_id: UUID | None = None
    refusal: str = ""

    @property
    def start(self) -> datetime:
        return self.occurrence.start


@dataclass(frozen=True, slots=True)
class Conflict:
    """A time that cannot be had, why, and up to three free times near it."""

    wanted: Wanted
    message: str
    alternatives: list[Slot]


class _InConflict(Exception):  # noqa: N818 - no error: it carries them out of the transaction
    def __init__(self, conflicts: list[Conflict], total: int) -> None:
        self.conflicts, self.total = conflicts, total


@contextmanager
def named_conflicts(*, choice: str) -> Iterator[None]:
    """Around the transaction: what `picked` found in it becomes the refusal that names them, with `choice` what to do.

    `details` as core/errors.py says.
    """
    try:
        yield
    except _InConflict as found:
        few = f"{len(found.conflicts)} of the {found.total} times cannot be had."
        details = {"occurrences": found.total, "conflicts": list(map(_as_detail, found.conflicts))}
        raise SeriesConflict(f"{few} {choice}", details=details) from None
    except IntegrityError as broken:
        # The last word is the constraint's.
        if "nobody_is_busy_twice_at_once" not in str(broken):
            raise
        raise SeriesConflict("One of these times has just been taken. Ask for the series again.") from broken


def _as_detail(conflict: Conflict) -> dict[str, object]:
    session = conflict.wanted.session
    return {
        "number": conflict.wanted.occurrence.number,
        "start": conflict.wanted.start,
        "message": conflict.message,
        "alternatives": [{"start": slot.start, "end": slot.end} for slot in conflict.alternatives],
    } | ({"session": {"id": session.pk, "start": session.start}} if session else {})


def require_answers_fit(answers: Answers, starts: set[datetime]) -> None:
    """Raises ValidationFailed for answers about no occurrence."""
    if set(answers) - starts:
        message = "An answer names a time that is none of the series. Ask for the series again."
        raise ValidationFailed(message, details={"answers": [message]})


def picked(wanted: Sequence[Wanted], answers: Answers) -> list[tuple[Wanted, Slot]]:
    """The times to take, in the order of what is wanted; what is to be left out is. Raises within `named_conflicts`."""
    picks: list[tuple[Wanted, Slot]] = []
    refused: list[tuple[Wanted, str]] = []
    taken: list[Span] = []
    for each in wanted:
        start = answers.get(each.start, each.start)
        if start is None:
            continue
        slot = each.calendars.slot_at(start)
        refusal = _refusal(each, start, slot, picks, taken)
        if refusal or slot is None:
            refused.append((each, refusal))
        else:
            picks.append((each, slot))
            taken = merge_spans([*taken, each.calendars.needed(slot)])
    if refused:
        raise _InConflict([_conflict(each, why, taken) for each, why in refused], len(wanted))
    return picks


def _refusal(
    wanted: Wanted, start: datetime, slot: Slot | None, picks: list[tuple[Wanted, Slot]], taken: list[Span]
) -> str:
    calendars = wanted.calendars
    if wanted.refusal:
        return wanted.refusal
    if start == wanted.start and not wanted.occurrence.exists:
        return CLOCKS_JUMP
    if slot is None or not is_free(*calendars.needed(slot), taken):
        return NOT_FREE
    if not calendars.is_patient_free(slot):
        return PATIENT_BUSY
    if calendars.is_day_full(slot, [other for _, other in picks]):
        return DAY_FULL
    if wanted.room_id and calendars.room_for(slot, wanted.room_id) is None:
        return ROOM_TAKEN
    return ""


def _conflict(wanted: Wanted, why: str, taken: list[Span]) -> Conflict:
    if wanted.refusal:
        return Conflict(wanted, why, [])
    # Its own time now is no other time: that is leaving it where it is.
    own = wanted.session.start if wanted.session else None
    return Conflict(wanted, why, wanted.calendars.near(wanted.start, taken, but=own))
