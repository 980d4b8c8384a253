"""Which weekly rules would have a counselor in two places, or twice in one, at the same time."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from math import lcm

from sessions_app.free_time import week_of
from sessions_app.models import AvailabilityRule
from sessions_app.models.availability import MIDNIGHT

ONE_WEEK = timedelta(weeks=1)


def overlapping_rules(rows: Sequence[AvailabilityRule]) -> list[AvailabilityRule]:
    """The rules that overlap an earlier one on the same weekday, zone and dates."""
    return [row for index, row in enumerate(rows) if any(_overlap(row, other) for other in rows[:index])]


def _overlap(one: AvailabilityRule, other: AvailabilityRule) -> bool:
    return (
        one.weekday == other.weekday
        and one.timezone == other.timezone
        and one.start < _end(other)
        and other.start < _end(one)
        and _meet(one, other)
    )


def _end(rule: AvailabilityRule) -> time:
    return rule.end if rule.end != MIDNIGHT else time.max


def _meet(one: AvailabilityRule, other: AvailabilityRule) -> bool:
    """Whether there is a day on which both hold."""
    first = max(one.valid_from or date.min, other.valid_from or date.min)
    last = min(one.valid_until or date.max, other.valid_until or date.max)
    if one.every_weeks == other.every_weeks == 1:
        return first <= last and _next_on(one.weekday, first) <= last
    day = _next_on(one.weekday, first)
    for _ in range(lcm(one.every_weeks, other.every_weeks)):
        if day > last:
            return False
        if _counts(one, day) and _counts(other, day):
            return True
        day += ONE_WEEK
    return False


def _next_on(weekday: int, day: date) -> date:
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _counts(rule: AvailabilityRule, day: date) -> bool:
    return rule.valid_from is None or (week_of(day) - week_of(rule.valid_from)) % rule.every_weeks == 0
