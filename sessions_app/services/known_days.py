"""Free times by counselor and day, kept in memory under all that they were worked out from.

A day's key is the version of the hours (services/hours.py) and the very spans that are taken around that day, as they
were read just now. So what is kept is the answer to the same question, and cannot be old. What the clock alone decides
(notice, horizon, what is over) and the rooms, which the counselors of a centre share, is looked at each time.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from sessions_app.free_time import FreeTime, Shape
from sessions_app.kept import Kept
from sessions_app.services.calendars import CounselorCalendar
from sessions_app.wall_clock import Span

if TYPE_CHECKING:
    from sessions_app.services.slots import Slot, Wish

_DAY = 86_400
MOST_KEPT = 50_000
"""Free times, of all days together: about 15 MB."""
MOST_KEPT_STARTS = 10_000

_kept: "Kept[Hashable, tuple[Slot, ...]]" = Kept(most=MOST_KEPT, weigh=lambda slots: len(slots) + 1)


class _Nothing(NamedTuple):
    """No session can begin in [since, until), by the hours; one can at `start`, which is `until`, if it is known."""

    since: int
    until: int
    start: int | None = None


_kept_starts: "Kept[Hashable, _Nothing]" = Kept(most=MOST_KEPT_STARTS)


def by_day(
    calendar: CounselorCalendar,
    wish: "Wish",
    shape: Shape,
    first: int,
    last: int,
    work_out: "Callable[[int, int], Iterable[Slot]]",
) -> "Iterator[Slot]":
    """`work_out(first, last)`, in epoch seconds, a day (UTC) at a time.

    It may depend on nothing but the calendar's hours and blocks, and the wish; `shape` is that of the wish's sessions.
    """
    for day in range(first - first % _DAY, last, _DAY):
        around = shape.around(day)[0], shape.around(day + _DAY)[1]
        taken = tuple(_touching(spans, around) for spans in calendar.blocks)
        key = calendar.counselor_id, calendar.hours_version, wish, day, taken
        slots = _kept.get(key)
        if slots is None:
            slots = tuple(work_out(day, day + _DAY))
            _kept.put(key, slots)
        if slots and (day < first or last < day + _DAY):
            begin, end = (datetime.fromtimestamp(second, UTC) for second in (first, last))
            slots = slots[bisect_left(slots, begin, key=_start) : bisect_left(slots, end, key=_start)]
        yield from slots


def first_start(
    calendar: CounselorCalendar,
    wish: "Wish",
    first: int,
    last: int,
    search: Callable[[int, int], FreeTime | None],
) -> int | None:
    """The start of `search(first, last)`, which may depend on nothing but the calendar's hours and the wish."""
    key = calendar.counselor_id, calendar.hours_version, wish
    known = _kept_starts.get(key) if calendar.hours_version else None
    if known is None or not known.since <= first <= known.until:
        known = _Nothing(first, first)
    if known.start is None and known.until < last:
        found = search(known.until, last)
        known = _Nothing(known.since, found.start if found else last, found and found.start)
        if calendar.hours_version:
            _kept_starts.put(key, known)
    return known.start if known.start is not None and known.start < last else None


def _touching(spans: Sequence[Span], around: Span) -> tuple[Span, ...]:
    """Those of merged spans that overlap it."""
    begin, end = around
    return tuple(spans[bisect_right(spans, begin, key=_end_of) : bisect_left(spans, (end,))])


def _start(slot: "Slot") -> datetime:
    return slot.start


def _end_of(span: Span) -> int:
    return span[1]
