"""Weekly hours over the API."""

from datetime import date, time
from typing import Any
from uuid import UUID

from rest_framework import serializers

from accounts.serializers import TimezoneField
from core.api.fields import DayField
from core.api.serializers import Body, Shape
from sessions_app.models import AvailabilityRule, Weekday
from sessions_app.services.availability import MAX_RULES, RuleInput


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


class AvailabilityBody(Body):
    """The values carry "rules" as RuleInputs."""

    rules = RuleBody(many=True, max_length=MAX_RULES)  # type: ignore[call-arg]  # the list takes it

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        return {"rules": [_rule_input(rule) for rule in values["rules"]]}


class RuleShape(Shape):
    id = serializers.UUIDField()
    weekday = serializers.IntegerField(help_text="0 is Monday.")
    start = serializers.CharField(help_text="HH:MM on the wall.")
    end = serializers.CharField(help_text="HH:MM on the wall; 00:00 is midnight at the day's end.")
    timezone = serializers.CharField()
    centre = serializers.UUIDField(allow_null=True)
    valid_from = serializers.DateField(allow_null=True)
    valid_until = serializers.DateField(allow_null=True)


class AvailabilityShape(Shape):
    rules = RuleShape(many=True)


def availability_answer(rules: list[AvailabilityRule]) -> dict[str, Any]:
    return {"rules": [_rule_answer(rule) for rule in rules]}


def _rule_answer(rule: AvailabilityRule) -> dict[str, str | int | UUID | date | None]:
    return {
        "id": rule.pk,
        "weekday": rule.weekday,
        "start": _on_the_wall(rule.start),
        "end": _on_the_wall(rule.end),
        "timezone": rule.timezone,
        "centre": rule.centre_id,
        "valid_from": rule.valid_from,
        "valid_until": rule.valid_until,
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
    )


def _on_the_wall(moment: time) -> str:
    return moment.strftime("%H:%M")
