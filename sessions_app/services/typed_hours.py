"""Hours that are not saved yet, put into a calendar: what a preview shows is found as what is saved will be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID

from accounts.models import CounselorProfile
from sessions_app.free_time import Rule, merge_spans
from sessions_app.models import ExceptionKind
from sessions_app.services.availability import BookingRulesInput, ExceptionInput, RuleInput
from sessions_app.services.calendars import CounselorCalendar, Terms, away_spans, read_calendars

LAST_MINUTE = 1440


@dataclass(slots=True)
class TypedHours:
    """Weekly rules, extra hours as rules of one day, time away, and booking rules as free times are found in them."""

    rules: list[Rule]
    extra: list[Rule]
    away: list[ExceptionInput]
    terms: Terms = field(default_factory=Terms)

    @classmethod
    def of(
        cls,
        rules: Sequence[RuleInput],
        exceptions: Sequence[ExceptionInput],
        booking: BookingRulesInput,
    ) -> "TypedHours":
        return cls(
            [_rule(rule) for rule in rules],
            [_extra(one) for one in exceptions if one.kind == ExceptionKind.EXTRA],
            [one for one in exceptions if one.kind == ExceptionKind.UNAVAILABLE],
            Terms(
                booking.minimum_notice_minutes,
                booking.horizon_days,
                booking.most_sessions_a_day,
                booking.timezone,
            ),
        )

    @staticmethod
    def span_of(one: ExceptionInput) -> tuple[date, int, date, int, str]:
        return one.first_day, _minute(one.start), one.last_day, _end_minute(one.end), one.timezone

    def put_into(self, calendar: CounselorCalendar) -> None:
        """In place of what the calendar was read with. Who is busy when stays, and so does how full the days are."""
        calendar.rules = [*self.rules, *self.extra]
        calendar.terms = self.terms
        calendar.leave = away_spans(self.span_of(one) for one in self.away)
        calendar.blocks = calendar.blocks._replace(
            away=merge_spans([*calendar.leave, *calendar.elsewhere]),
            full=self.terms.full_days(calendar.begun),
        )


def typed_calendar(
    counselor: CounselorProfile,
    hours: TypedHours,
    *,
    start: datetime,
    end: datetime,
    centre_names: dict[UUID, str],
) -> CounselorCalendar:
    """The counselor's calendar in [start, end) as it will be with these hours."""
    calendar = read_calendars([counselor.pk], start=start, end=end, for_planning=True)[counselor.pk]
    calendar.centre_names |= centre_names
    hours.put_into(calendar)
    return calendar


def _rule(rule: RuleInput) -> Rule:
    return Rule(
        rule.weekday,
        _minute(rule.start),
        _end_minute(rule.end),
        rule.timezone,
        rule.centre_id,
        rule.valid_from,
        rule.valid_until,
        rule.every_weeks,
    )


def _extra(one: ExceptionInput) -> Rule:
    day = one.first_day
    return Rule(
        day.weekday(),
        _minute(one.start),
        _end_minute(one.end),
        one.timezone,
        one.centre_id,
        day,
        day,
    )


def _minute(moment: time) -> int:
    return 60 * moment.hour + moment.minute


def _end_minute(moment: time) -> int:
    return _minute(moment) or LAST_MINUTE
