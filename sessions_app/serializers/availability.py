"""When a counselor is there, over the API: weekly hours, exceptions, booking rules, and what falls outside."""

from datetime import time
from typing import Any

from rest_framework import serializers

from accounts.models import CounselorProfile
from accounts.serializers import TimezoneField
from core.api.fields import DayField
from core.api.serializers import Body, Shape
from sessions_app.models import AvailabilityException, AvailabilityRule, BookingRules, ExceptionKind, Weekday
from sessions_app.models.availability import MAX_EVERY_WEEKS, MIDNIGHT
from sessions_app.models.booking_rules import MAX_HORIZON_DAYS, MAX_NOTICE_MINUTES, MAX_SESSIONS_A_DAY
from sessions_app.serializers.common import PersonShape
from sessions_app.serializers.sessions import SessionShape, session_answer
from sessions_app.services.availability import (
    MAX_EXCEPTIONS,
    MAX_RULES,
    BookingRulesInput,
    ExceptionInput,
    RuleInput,
)
from sessions_app.services.displaced import Displaced
from sessions_app.why_not import WhyNot


class RuleBody(Body):
    weekday = serializers.ChoiceField(choices=Weekday.choices, help_text="0 is Monday, 6 is Sunday.")
    start = serializers.TimeField(format="%H:%M", input_formats=["%H:%M"], help_text="HH:MM on the wall.")
    end = serializers.TimeField(
        format="%H:%M",
        input_formats=["%H:%M"],
        help_text="HH:MM on the wall; 00:00 is midnight at the day's end.",
    )
    timezone = TimezoneField()
    centre = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Where; null: video and phone only."
    )
    valid_from = DayField(required=False, allow_null=True, default=None)
    valid_until = DayField(required=False, allow_null=True, default=None)
    every_weeks = serializers.IntegerField(
        default=1,
        min_value=1,
        max_value=MAX_EVERY_WEEKS,
        help_text="2 is every other week, counted from the week (Monday to Sunday) of `valid_from`.",
    )


class ExceptionBody(Body):
    kind = serializers.ChoiceField(choices=ExceptionKind.choices)
    first_day = DayField()
    last_day = DayField(required=False, help_text="Included; the first day when not said.")
    start = serializers.TimeField(
        format="%H:%M",
        input_formats=["%H:%M"],
        default=MIDNIGHT,
        help_text="HH:MM on the wall of the first day. Without start and end: whole days.",
    )
    end = serializers.TimeField(
        format="%H:%M",
        input_formats=["%H:%M"],
        default=MIDNIGHT,
        help_text="HH:MM on the wall of the last day; 00:00 is midnight at its end.",
    )
    timezone = TimezoneField()
    centre = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Of extra hours: where; null: video and phone only.",
    )


class BookingRulesBody(Body):
    minimum_notice_minutes = serializers.IntegerField(default=0, min_value=0, max_value=MAX_NOTICE_MINUTES)
    horizon_days = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=MAX_HORIZON_DAYS,
        help_text="null: as far ahead as the platform allows.",
    )
    most_sessions_a_day = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=MAX_SESSIONS_A_DAY,
        help_text="null: no limit.",
    )
    timezone = TimezoneField(help_text="On whose clock a day is counted.")


class AvailabilityBody(Body):
    """The values carry "rules", "exceptions" and "booking" as the service's inputs; None for what was left out."""

    rules = RuleBody(many=True, max_length=MAX_RULES)  # type: ignore[call-arg]  # the list takes it
    exceptions = ExceptionBody(  # type: ignore[call-arg]
        many=True,
        max_length=MAX_EXCEPTIONS,
        required=False,
        help_text="All of them; left out, those that are there stay.",
    )
    booking = BookingRulesBody(required=False, help_text="Left out, what is there stays.")

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        exceptions, booking = values.get("exceptions"), values.get("booking")
        return {
            "rules": [_rule_input(rule) for rule in values["rules"]],
            "exceptions": None if exceptions is None else [_exception_input(one) for one in exceptions],
            "booking": None if booking is None else BookingRulesInput(**booking),
        }


class RuleShape(Shape):
    id = serializers.UUIDField()
    weekday = serializers.IntegerField(help_text="0 is Monday.")
    start = serializers.CharField(help_text="HH:MM on the wall.")
    end = serializers.CharField(help_text="HH:MM on the wall; 00:00 is midnight at the day's end.")
    timezone = serializers.CharField()
    centre = serializers.UUIDField(allow_null=True)
    valid_from = serializers.DateField(allow_null=True)
    valid_until = serializers.DateField(allow_null=True)
    every_weeks = serializers.IntegerField()


class ExceptionShape(Shape):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=ExceptionKind.choices)
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    start = serializers.CharField(help_text="HH:MM on the wall of the first day.")
    end = serializers.CharField(help_text="HH:MM on the wall of the last day; 00:00 is midnight at its end.")
    timezone = serializers.CharField()
    centre = serializers.UUIDField(allow_null=True)


class BookingRulesShape(Shape):
    minimum_notice_minutes = serializers.IntegerField()
    horizon_days = serializers.IntegerField(allow_null=True)
    most_sessions_a_day = serializers.IntegerField(allow_null=True)
    timezone = serializers.CharField()


class AvailabilityShape(Shape):
    rules = RuleShape(many=True)
    exceptions = ExceptionShape(
        many=True,
        help_text="Time away is shown to those who work with the counselor, extra hours to everybody.",
    )
    booking = BookingRulesShape()


class NewTimeShape(Shape):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    counselor = PersonShape()


class DisplacedShape(Shape):
    session = SessionShape()
    rule = serializers.ChoiceField(choices=[rule.value for rule in WhyNot])
    offers = NewTimeShape(
        many=True, help_text="Up to three new times that its patient has too, nearest first."
    )


class ReplacedAvailabilityShape(AvailabilityShape):
    outside = DisplacedShape(
        many=True, help_text="The booked sessions that now lie outside, to decide on. None was moved."
    )


def availability_answer(
    *, counselor: CounselorProfile, with_time_away: bool, outside: list[Displaced] | None = None
) -> dict[str, Any]:
    """What is saved, in three queries; with `outside`, the answer to having replaced it."""
    exceptions = AvailabilityException.objects.filter(counselor=counselor)
    if not with_time_away:
        exceptions = exceptions.filter(kind=ExceptionKind.EXTRA)
    booking = BookingRules.objects.filter(counselor=counselor).first()
    answer = {
        "rules": [_rule_answer(rule) for rule in AvailabilityRule.objects.filter(counselor=counselor)],
        "exceptions": [_exception_answer(one) for one in exceptions],
        "booking": _booking_answer(booking or BookingRules(timezone=counselor.user.timezone)),
    }
    return answer if outside is None else answer | {"outside": [displaced_answer(one) for one in outside]}


def displaced_answer(one: Displaced) -> dict[str, Any]:
    offers = [
        {
            "start": slot.start,
            "end": slot.end,
            "counselor": {"id": slot.counselor_id, "display_name": slot.counselor_name},
        }
        for slot in one.offers
    ]
    return {"session": session_answer(one.session), "rule": one.rule, "offers": offers}


def _rule_answer(rule: AvailabilityRule) -> dict[str, Any]:
    return {
        "id": rule.pk,
        "weekday": rule.weekday,
        "start": _on_the_wall(rule.start),
        "end": _on_the_wall(rule.end),
        "timezone": rule.timezone,
        "centre": rule.centre_id,
        "valid_from": rule.valid_from,
        "valid_until": rule.valid_until,
        "every_weeks": rule.every_weeks,
    }


def _exception_answer(one: AvailabilityException) -> dict[str, Any]:
    return {
        "id": one.pk,
        "kind": one.kind,
        "first_day": one.first_day,
        "last_day": one.last_day,
        "start": _on_the_wall(one.start),
        "end": _on_the_wall(one.end),
        "timezone": one.timezone,
        "centre": one.centre_id,
    }


def _booking_answer(booking: BookingRules) -> dict[str, Any]:
    return {
        "minimum_notice_minutes": booking.minimum_notice_minutes,
        "horizon_days": booking.horizon_days,
        "most_sessions_a_day": booking.most_sessions_a_day,
        "timezone": booking.timezone,
    }


def _rule_input(values: dict[str, Any]) -> RuleInput:
    return RuleInput(
        weekday=int(values["weekday"]),
        start=values["start"],
        end=values["end"],
        timezone=values["timezone"],
        centre_id=values["centre"],
        valid_from=values["valid_from"],
        valid_until=values["valid_until"],
        every_weeks=values["every_weeks"],
    )


def _exception_input(values: dict[str, Any]) -> ExceptionInput:
    return ExceptionInput(
        kind=values["kind"],
        first_day=values["first_day"],
        last_day=values.get("last_day", values["first_day"]),
        timezone=values["timezone"],
        start=values["start"],
        end=values["end"],
        centre_id=values["centre"],
    )


def _on_the_wall(moment: time) -> str:
    return moment.strftime("%H:%M")
