"""A slow, plain model of wall clocks, free times and why a time is not one, to hold the quick code against.

It walks over real instants, minute by minute, and asks zoneinfo what the clock on the wall shows. Nothing of it is
shared with the code under test.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from sessions_app.free_time import Rule, Shape, Span

MINUTE, HOUR, DAY = 60, 3_600, 86_400
FIRST_DAY, LAST_DAY = date(2026, 1, 1), date(2035, 12, 31)
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


def applies(rule: Rule, day: date) -> bool:
    if day.weekday() != rule.weekday:
        return False
    if (rule.valid_from and day < rule.valid_from) or (rule.valid_until and day > rule.valid_until):
        return False
    if rule.every_weeks == 1:
        return True
    monday = rule.valid_from
    while monday.weekday() != 0:
        monday -= timedelta(days=1)
    return (day - monday).days // 7 % rule.every_weeks == 0


def hours_of(rule: Rule, day: date) -> tuple[list[int], int]:
    """The starts that the rule has on this day, and when a session must be over."""
    if not applies(rule, day):
        return [], 0
    starts = [
        instant
        for minute, instant in first_instants(rule.zone, day).items()
        if rule.first_minute <= minute < rule.end_minute and (minute - rule.first_minute) % 15 == 0
    ]
    return starts, first_instant_at_or_after(rule.zone, day, rule.end_minute)


def free_starts(
    rules: list[Rule],
    busy: list[Span],
    shape: Shape,
    *,
    start: int,
    end: int,
    away: Iterable[Span] = (),
    full: Iterable[Span] = (),
) -> list[int]:
    """Every start in [start, end) at which a session of `shape` has room; spans in any order, overlapping or not."""
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
                and not _touches_busy(instant, instant + shape.duration, away)
                and not _touches_busy(instant, instant + 1, full)
            }
    return sorted(found)


def _touches_busy(start: int, end: int, busy: Iterable[Span]) -> bool:
    return any(start < busy_end and busy_start < end for busy_start, busy_end in busy)


def away_span(zone: str, first_day: date, first_minute: int, last_day: date, end_minute: int) -> Span | None:
    """From the first minute that the wall shows at or after the beginning to the last that it shows before the end."""
    begins = datetime.combine(first_day, time()) + timedelta(minutes=first_minute)
    ends = datetime.combine(last_day, time()) + timedelta(minutes=end_minute)
    start = next(instant for instant, wall in walk(zone, first_day) if wall >= begins)
    before_the_end = [instant for instant, wall in walk(zone, last_day) if wall < ends]
    return (start, before_the_end[-1] + MINUTE) if before_the_end[-1] >= start else None


def day_span(zone: str, day: date) -> Span:
    """The minutes of which the wall shows this date."""
    shown = [instant for instant, wall in walk(zone, day) if wall.date() == day]
    return shown[0], shown[-1] + MINUTE


def why_not(
    at: int,
    rules: list[Rule],
    other_rules: list[Rule],
    shape: Shape,
    *,
    busy: Iterable[Span],
    away: Iterable[Span],
    full: Iterable[Span],
    now: int,
    earliest: int,
    latest: int,
) -> str | None:
    """The name of the first rule against a session that begins `at`; None when it is offered."""
    if at <= now:
        return "past"
    if at < earliest:
        return "too_soon"
    if at > latest:
        return "too_far"
    return _why_not_by_hours(at, rules, other_rules, shape) or _why_not_by_what_is_taken(
        at, shape, busy=busy, away=away, full=full
    )


def _why_not_by_hours(at: int, rules: list[Rule], other_rules: list[Rule], shape: Shape) -> str | None:
    begins = [over for rule, day in _days_around(at, rules) if (over := _end_if_it_begins(at, rule, day))]
    covering = [rule for rule, day in _days_around(at, rules) if _is_inside(at, rule, day)]
    if not begins:
        if any(_was_shown_before(at, rule.zone) for rule in covering):
            return "clock_repeats"
        if covering:
            return "off_grid"
        elsewhere = [rule for rule, day in _days_around(at, other_rules) if _is_inside(at, rule, day)]
        return "not_this_way" if elsewhere else "outside_hours"
    return "ends_too_late" if all(at + shape.duration > over for over in begins) else None


def _why_not_by_what_is_taken(
    at: int, shape: Shape, *, busy: Iterable[Span], away: Iterable[Span], full: Iterable[Span]
) -> str | None:
    end = at + shape.duration
    if _touches_busy(at, end, away):
        return "away"
    if _touches_busy(at, at + 1, full):
        return "day_full"
    if _touches_busy(at, end, busy):
        return "taken"
    if _touches_busy(at - shape.buffer_before, end + shape.buffer_after, busy):
        return "too_close"
    return None


def _days_around(at: int, rules: list[Rule]) -> list[tuple[Rule, date]]:
    around = [date(1970, 1, 1) + timedelta(days=at // DAY + number) for number in (-2, -1, 0, 1, 2)]
    return [(rule, day) for rule in rules for day in around if applies(rule, day)]


def _end_if_it_begins(at: int, rule: Rule, day: date) -> int | None:
    starts, over = hours_of(rule, day)
    return over if at in starts else None


def _is_inside(at: int, rule: Rule, day: date) -> bool:
    began = first_instant_at_or_after(rule.zone, day, rule.first_minute)
    return began <= at < first_instant_at_or_after(rule.zone, day, rule.end_minute)


def _was_shown_before(at: int, zone: str) -> bool:
    tz = ZoneInfo(zone)
    shows = datetime.fromtimestamp(at, tz).replace(tzinfo=None)
    earlier = range(at - 3 * HOUR, at, MINUTE)
    return any(datetime.fromtimestamp(instant, tz).replace(tzinfo=None) == shows for instant in earlier)


@cache
def changes_of(zone: str) -> list[date]:
    """The local dates of ten years on which the clocks of the zone change."""
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
