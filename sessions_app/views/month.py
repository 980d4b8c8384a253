"""A month of a counselor's availability, day by day: what the weekly hours and the exceptions make of it."""

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from sessions_app.forms.days import read_day
from sessions_app.free_time import Rule
from sessions_app.services.availability import ExceptionInput
from sessions_app.services.typed_hours import LAST_MINUTE, TypedHours


@dataclass(frozen=True, slots=True)
class MonthDay:
    """One cell of _month.html. `hours` is the time on the wall, such as “7.5 h”, extra hours included."""

    date: date
    is_of_month: bool
    is_today: bool
    hours: str
    has_extra: bool
    is_away: bool
    is_away_in_part: bool


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    weeks: list[list[MonthDay]]
    before: str
    after: str


def wanted_month(text: str) -> date:
    """?month=YYYY-MM; this month when there is none or it cannot be one."""
    return (read_day(f"{text}-01") or timezone.localdate()).replace(day=1)


def month_of(first: date, hours: TypedHours) -> Month:
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    before, after = first - timedelta(days=1), first + timedelta(days=31)
    return Month(
        first,
        [[_day(day, first, hours) for day in week] for week in weeks],
        f"{before:%Y-%m}",
        f"{after:%Y-%m}",
    )


def _day(day: date, first: date, hours: TypedHours) -> MonthDay:
    minutes = sum(rule.end_minute - rule.first_minute for rule in _on(day, hours.rules))
    extra = sum(rule.end_minute - rule.first_minute for rule in _on(day, hours.extra))
    away = [one for one in hours.away if one.first_day <= day <= one.last_day]
    is_away = any(_covers(one, day) for one in away)
    return MonthDay(
        date=day,
        is_of_month=day.month == first.month,
        is_today=day == timezone.localdate(),
        hours=f"{(minutes + extra) / 60:.3g} h" if minutes + extra and not is_away else "",
        has_extra=bool(extra),
        is_away=is_away,
        is_away_in_part=bool(away) and not is_away,
    )


def _on(day: date, rules: Sequence[Rule]) -> list[Rule]:
    return [rule for rule in rules if rule.weekday == day.weekday() and rule.applies_on(day)]


def _covers(one: ExceptionInput, day: date) -> bool:
    _, first_minute, _, end_minute, _ = TypedHours.span_of(one)
    begins = one.first_day < day or first_minute == 0
    return begins and (day < one.last_day or end_minute == LAST_MINUTE)
