"""“Why is this time not offered?”: one named rule for any instant. Pure, over the data that free times are found in.

`why_not` says None exactly where `free_times` has the instant; the property tests hold the two together.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sessions_app.free_time import Blocks, Rule, Shape, is_free
from sessions_app.wall_clock import LocalDay, Span, local_date, local_day


class WhyNot(StrEnum):
    """The rules, in the order in which they are asked; the first that speaks against a time is its rule."""

    NOT_LISTED = "not_listed"
    NO_SUCH_SESSION = "no_such_session"
    PAST = "past"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    OUTSIDE_HOURS = "outside_hours"
    NOT_THIS_WAY = "not_this_way"
    CLOCK_REPEATS = "clock_repeats"
    OFF_GRID = "off_grid"
    ENDS_TOO_LATE = "ends_too_late"
    AWAY = "away"
    DAY_FULL = "day_full"
    TAKEN = "taken"
    TOO_CLOSE = "too_close"
    BLOCKED = "blocked"
    ROOMS_TAKEN = "rooms_taken"
    GROUP_FULL = "group_full"


class Finding(NamedTuple):
    """The rule, and the span of time that it is about where there is one: the hours, the leave, what is taken.

    Of TOO_SOON the span ends at the first instant that can be booked; of TOO_FAR it begins after the last.
    """

    rule: WhyNot
    span: Span | None = None


class Bookable(NamedTuple):
    """What time is it, and between which instants, both included, may a session begin (epoch seconds)."""

    now: float
    earliest: float
    latest: float


class _Hours(NamedTuple):
    """A rule on one day, in instants."""

    rule: Rule
    day: LocalDay
    span: Span


def why_not(
    at: float,
    rules: Sequence[Rule],
    other_rules: Sequence[Rule],
    blocks: Blocks,
    shape: Shape,
    bookable: Bookable,
) -> Finding | None:
    """The first rule against a session of `shape` that begins `at`; None when the time is offered.

    `rules` are those that serve the wanted way of meeting and place, `other_rules` the counselor's others. `blocks`
    must be merged, and known from the local day of `at` to the session's end with its buffers.
    """
    return (
        _against_notice(at, bookable)
        or _against_hours(at, rules, other_rules, shape)
        or _against_blocks(at, blocks, shape)
    )


def _against_notice(at: float, bookable: Bookable) -> Finding | None:
    if at <= bookable.now:
        return Finding(WhyNot.PAST)
    if at < bookable.earliest:
        return Finding(WhyNot.TOO_SOON, (int(bookable.now), int(bookable.earliest)))
    if at > bookable.latest:
        return Finding(WhyNot.TOO_FAR, (int(bookable.latest), int(at)))
    return None


def _against_hours(
    at: float, rules: Sequence[Rule], other_rules: Sequence[Rule], shape: Shape
) -> Finding | None:
    hours = list(_hours_around(at, rules))
    beginning = [one for one in hours if at in one.day.starts(one.rule.first_minute, one.rule.end_minute)]
    if any(at + shape.duration <= one.span[1] for one in beginning):
        return None
    if beginning:
        return Finding(WhyNot.ENDS_TOO_LATE, max(one.span for one in beginning))
    covering = [one for one in hours if one.span[0] <= at < one.span[1]]
    if covering:
        is_second_time = any(_shows_again(at, one.rule.zone) for one in covering)
        return Finding(
            WhyNot.CLOCK_REPEATS if is_second_time else WhyNot.OFF_GRID, max(one.span for one in covering)
        )
    others = [one.span for one in _hours_around(at, other_rules) if one.span[0] <= at < one.span[1]]
    return Finding(WhyNot.NOT_THIS_WAY, max(others)) if others else Finding(WhyNot.OUTSIDE_HOURS)


def _against_blocks(at: float, blocks: Blocks, shape: Shape) -> Finding | None:
    end = at + shape.duration
    if span := _first_overlap(at, end, blocks.away):
        return Finding(WhyNot.AWAY, span)
    if span := _first_overlap(at, at + 1, blocks.full):
        return Finding(WhyNot.DAY_FULL, span)
    if span := _first_overlap(at, end, blocks.busy):
        return Finding(WhyNot.TAKEN, span)
    if span := _first_overlap(at - shape.buffer_before, end + shape.buffer_after, blocks.busy):
        return Finding(WhyNot.TOO_CLOSE, span)
    return None


def _hours_around(at: float, rules: Sequence[Rule]) -> Iterator[_Hours]:
    """The rules' hours of the local day of `at` and of those beside it: hours of a day may end in the next."""
    for rule in rules:
        today = local_date(rule.zone, int(at))
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            if day.weekday() == rule.weekday and rule.applies_on(day):
                local = local_day(rule.zone, day)
                span = local.begin_instant(rule.first_minute), local.end_instant(rule.end_minute)
                yield _Hours(rule, local, span)


def _shows_again(at: float, zone: str) -> bool:
    return datetime.fromtimestamp(at, ZoneInfo(zone)).fold == 1


def _first_overlap(start: float, end: float, spans: Sequence[Span]) -> Span | None:
    if is_free(start, end, spans):
        return None
    return next(span for span in spans if span[1] > start)


def falls_outside(
    start: int, end: int, rules: Sequence[Rule], other_rules: Sequence[Rule], away: Sequence[Span]
) -> Finding | None:
    """What speaks against a session that is booked already, whatever the grid and the notice: hours and time away."""
    hours = [one.span for one in _hours_around(start, rules)]
    if not any(first <= start and end <= last for first, last in hours):
        covering = [span for span in hours if span[0] <= start < span[1]]
        if covering:
            return Finding(WhyNot.ENDS_TOO_LATE, max(covering))
        others = [one.span for one in _hours_around(start, other_rules)]
        elsewhere = [span for span in others if span[0] <= start and end <= span[1]]
        return Finding(WhyNot.NOT_THIS_WAY, max(elsewhere)) if elsewhere else Finding(WhyNot.OUTSIDE_HOURS)
    span = _first_overlap(start, end, away)
    return Finding(WhyNot.AWAY, span) if span else None
