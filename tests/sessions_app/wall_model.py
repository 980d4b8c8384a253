"""A slow, plain model of wall clocks and free times, to hold the quick code against.

It walks over real instants, minute by minute, and asks zoneinfo what the clock on the wall shows. Nothing of it is
shared with the code under test.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from sessions_app.free_time import Rule, Shape, Span

MINUTE, HOUR, DAY = 60, 3_600, 86_400
FIRST_DAY, LAST_DAY = date(2026, 1, 1), date(2028, 12, 31)
ZONES = sorted(available_timezones() - {"Factory", "localtime"})


def epoch(day: date) -> int:
    """Midnight of the day in UTC."""
    return int(datetime.combine(day, time(), UTC).timestamp())


@cache
def walk(zone: str, day: date) -> list[tuple[int, datetime]]:
    """Every minute from before this local day to after it, with what the wall shows."""
    tz = ZoneInfo(zone)
    first, last = epoch(day) - 16 * HOUR, epoch(day) + 40 * HOUR
    return [
        (instant, datetime.fromtimestamp(instant, tz).replace(tzinfo=None))
        for instant in range(first, last, MINUTE)
    ]


@cache
def first_instants(zone: str, day: date) -> dict[int, int]:
    """By minute of this local day, the first instant at which the wall shows it; skipped minutes are missing."""
    found: dict[int, int] = {}
    for instant, wall in walk(zone, day):
        if wall.date() == day:
            found.setdefault(wall.hour * 60 + wall.minute, instant)
    return found


@cache
def first_instant_at_or_after(zone: str, day: date, minute: int) -> int:
    """When the wall first shows this minute of the day (1440: the next midnight) or something later."""
    wanted = datetime.combine(day, time()) + timedelta(minutes=minute)
    return next(instant for instant, wall in walk(zone, day) if wall >= wanted)


def hours_of(rule: Rule, day: date) -> tuple[list[int], int]:
    """The starts that the rule has on this day, and when a session must be over."""
    if day.weekday() != rule.weekday:
        return [], 0
    if (rule.valid_from and day < rule.valid_from) or (rule.valid_until and day > rule.valid_until):
        return [], 0
    starts = [
        instant
        for minute, instant in first_instants(rule.zone, day).items()
        if rule.first_minute <= minute < rule.end_minute and (minute - rule.first_minute) % 15 == 0
    ]
    return starts, first_instant_at_or_after(rule.zone, day, rule.end_minute)


def free_starts(rules: list[Rule], busy: list[Span], shape: Shape, *, start: int, end: int) -> list[int]:
    """Every start in [start, end) at which a session of `shape` has room; `busy` in any order, overlapping or not."""
    found = set()
    days = range(start // DAY - 2, end // DAY + 3)
    for rule in rules:
        for number in days:
            starts, over = hours_of(rule, date(1970, 1, 1) + timedelta(days=number))
            found |= {
                instant
                for instant in starts
                if start <= instant < end
                and instant + shape.duration <= over
                and not _touches_busy(
                    instant - shape.buffer_before, instant + shape.duration + shape.buffer_after, busy
                )
            }
    return sorted(found)


def _touches_busy(start: int, end: int, busy: list[Span]) -> bool:
    return any(start < busy_end and busy_start < end for busy_start, busy_end in busy)


@cache
def changes_of(zone: str) -> list[date]:
    """The local dates from 2026 to 2028 on which the clocks of the zone change."""
    tz = ZoneInfo(zone)
    return [datetime.fromtimestamp(instant, tz).date() for instant in _instants_of_change(zone)]


def instant_of_change(zone: str, day: date) -> int:
    """When the clocks change on that local date."""
    return _instants_of_change(zone)[changes_of(zone).index(day)]


@cache
def _instants_of_change(zone: str) -> list[int]:
    tz = ZoneInfo(zone)
    first, last = epoch(FIRST_DAY), epoch(LAST_DAY) + DAY
    offsets = [(at, datetime.fromtimestamp(at, tz).utcoffset()) for at in range(first, last, 6 * HOUR)]
    changes = []
    for (before, offset), (after, next_offset) in zip(offsets, offsets[1:], strict=False):
        if offset != next_offset:
            while after - before > MINUTE:
                middle = (before + after) // 2 // MINUTE * MINUTE
                if datetime.fromtimestamp(middle, tz).utcoffset() == offset:
                    before = middle
                else:
                    after = middle
            changes.append(after)
    return changes
