"""Free times: the rules' hours minus what is taken. Pure functions over plain data, for one counselor or a thousand.

Instants are epoch seconds, UTC; spans are half open, [start, end). Everything is lazy: who wants the earliest
twenty times over a thousand counselors computes little more than those.
"""

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sessions_app.wall_clock import LocalDay, Span, local_date, local_day


class Rule(NamedTuple):
    """One weekly rule. `weekday` 0 is Monday; minutes are of the local day; `centre_id` None is online only.

    With `every_weeks` above 1, weeks count from that of `valid_from`. Extra hours are a rule valid on one day.
    """

    weekday: int
    first_minute: int
    end_minute: int
    zone: str
    centre_id: UUID | None
    valid_from: date | None = None
    valid_until: date | None = None
    every_weeks: int = 1

    def applies_on(self, day: date) -> bool:
        if self.valid_from is None:
            return self.valid_until is None or day <= self.valid_until
        return (
            self.valid_from <= day
            and (self.valid_until is None or day <= self.valid_until)
            and (self.every_weeks == 1 or (week_of(day) - week_of(self.valid_from)) % self.every_weeks == 0)
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """How long a session takes and how much the counselor keeps free around it, in seconds."""

    duration: int
    buffer_before: int = 0
    buffer_after: int = 0

    def around(self, start: int) -> Span:
        """What a session that begins then takes of the counselor and of a room."""
        return start - self.buffer_before, start + self.duration + self.buffer_after


class Blocks(NamedTuple):
    """What keeps a session from beginning, each merged (`merge_spans`).

    `busy` is kept away from by the buffers too, `away` by the session only; on `full` days none may begin.
    """

    busy: Sequence[Span] = ()
    away: Sequence[Span] = ()
    full: Sequence[Span] = ()


class FreeTime(NamedTuple):
    start: int
    centre_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Window:
    """A rule on one day: its starts in the time looked at, and the instant by which a session must be over."""

    starts: Sequence[int]
    end: int
    centre_id: UUID | None


class _Taken(NamedTuple):
    """Spans of which none may overlap [start - before, start + needed); both their starts and their ends ascend."""

    spans: Sequence[Span]
    before: int
    needed: int


def week_of(day: date) -> int:
    """The number of the week, Monday to Sunday, on an endless count."""
    return (day.toordinal() - 1) // 7


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """Sorted, disjoint spans that cover the same time."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def free_times(
    rules: Sequence[Rule], blocks: Blocks, shape: Shape, *, start: int, end: int
) -> Iterator[FreeTime]:
    """The times in [start, end) at which a session of `shape` may begin; ascending, each start once.

    A session lies wholly inside one rule's hours; its buffers may reach out of them, and into time away, but not into
    busy time.
    """
    last = -1
    taken = _taken(blocks, shape)
    for free in _ordered_times(_windows(rules, start, end), taken, shape.duration):
        if free.start >= end:
            return
        if free.start != last:
            last = free.start
            yield free


def is_free(span_start: float, span_end: float, busy: Sequence[Span]) -> bool:
    """Whether nothing of merged `busy` overlaps [span_start, span_end)."""
    index = bisect_left(busy, (span_end,))
    return index == 0 or busy[index - 1][1] <= span_start


def _taken(blocks: Blocks, shape: Shape) -> _Taken:
    needed = shape.duration + shape.buffer_after
    if not blocks.away and not blocks.full:
        return _Taken(blocks.busy, shape.buffer_before, needed)
    # Else as spans in which no session may begin, whatever keeps it from that.
    starts = [(start - needed + 1, end + shape.buffer_before) for start, end in blocks.busy]
    starts += [(start - shape.duration + 1, end) for start, end in blocks.away]
    return _Taken(merge_spans([*starts, *blocks.full]), 0, 1)


def _windows(rules: Sequence[Rule], start: int, end: int) -> Iterator[_Window]:
    """The rules' windows that have starts from `start` on, and touch [start, end), by their first start."""
    by_zone: dict[str, list[Rule]] = {}
    for rule in rules:
        by_zone.setdefault(rule.zone, []).append(rule)
    streams = [_windows_in_zone(zone, zone_rules, start, end) for zone, zone_rules in by_zone.items()]
    if len(streams) == 1:
        return streams[0]
    return heapq.merge(*streams, key=_first_start)


def _windows_in_zone(zone: str, rules: list[Rule], start: int, end: int) -> Iterator[_Window]:
    by_weekday: dict[int, list[Rule]] = {}
    for rule in rules:
        by_weekday.setdefault(rule.weekday, []).append(rule)
    day, last_day = local_date(zone, start), local_date(zone, end - 1)
    while day <= last_day:
        rules_of_day = (rule for rule in by_weekday.get(day.weekday(), ()) if rule.applies_on(day))
        # Not by the rules' own order: where the clock jumps, a rule that begins earlier may have its first start later.
        yield from sorted(_windows_on(local_day(zone, day), rules_of_day, start), key=_first_start)
        day += timedelta(days=1)


def _windows_on(day: LocalDay, rules: Iterable[Rule], start: int) -> Iterator[_Window]:
    for rule in rules:
        starts = day.starts(rule.first_minute, rule.end_minute)
        if starts and starts[0] < start:
            starts = starts[bisect_left(starts, start) :]
        if starts:
            yield _Window(starts, day.end_instant(rule.end_minute), rule.centre_id)


def _ordered_times(windows: Iterable[_Window], taken: _Taken, duration: int) -> Iterator[FreeTime]:
    """The windows' free times in ascending order; windows that overlap are woven together."""
    group: list[_Window] = []
    group_end = 0
    for window in windows:
        if group and window.starts[0] > group_end:
            yield from _woven(group, taken, duration)
            group = []
        group_end = max(group_end if group else 0, window.starts[-1])
        group.append(window)
    if group:
        yield from _woven(group, taken, duration)


def _woven(group: list[_Window], taken: _Taken, duration: int) -> Iterator[FreeTime]:
    if len(group) == 1:
        return _times_in(group[0], taken, duration)
    return heapq.merge(*(_times_in(window, taken, duration) for window in group), key=_start_then_place)


def _times_in(window: _Window, taken: _Taken, duration: int) -> Iterator[FreeTime]:
    spans, before, needed = taken
    latest = window.end - duration
    index = bisect_right(spans, window.starts[0] - before, key=_span_end)
    for start in window.starts:
        if start > latest:
            return
        while index < len(spans) and spans[index][1] <= start - before:
            index += 1
        if index < len(spans) and spans[index][0] < start + needed:
            continue
        yield FreeTime(start, window.centre_id)


def _first_start(window: _Window) -> int:
    return window.starts[0]


def _start_then_place(free: FreeTime) -> tuple[int, bool, str]:
    """Of two rules for one time, that with a place is taken: it leaves more ways to meet. Whatever their order was."""
    return free.start, free.centre_id is None, str(free.centre_id)


def _span_end(span: Span) -> int:
    return span[1]
