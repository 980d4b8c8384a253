"""“Why is this time not offered?” over the API."""

from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from accounts.serializers import TimezoneField
from core.api.fields import InstantField
from core.api.serializers import Query, Shape
from sessions_app.models import Mode
from sessions_app.models.types import MAX_DURATION_MINUTES
from sessions_app.services.calendars import CounselorCalendar
from sessions_app.services.reasons import SAFE_CODES, in_full_words, in_safe_words
from sessions_app.services.slots import Wish
from sessions_app.why_not import Finding, WhyNot


class ReasonQuery(Query):
    """The values carry "start", "wish" (Wish) and "zone"."""

    start = InstantField(help_text="When the session would begin.")
    type = serializers.UUIDField(required=False, help_text="A session type of the counselor.")
    duration_minutes = serializers.IntegerField(required=False, min_value=10, max_value=MAX_DURATION_MINUTES)
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)
    centre = serializers.UUIDField(required=False)
    timezone = TimezoneField(required=False, help_text="The zone of times in the answer. UTC without it.")

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        wish = Wish(
            values.get("type"), values.get("duration_minutes"), values.get("mode"), values.get("centre")
        )
        return {"start": values["start"], "wish": wish, "zone": ZoneInfo(values.get("timezone", "UTC"))}


class ReasonShape(Shape):
    is_offered = serializers.BooleanField()
    rule = serializers.ChoiceField(
        choices=sorted({*(rule.value for rule in WhyNot), *SAFE_CODES}),
        allow_null=True,
        help_text="The one rule that speaks against the time; null when it is offered.",
    )
    message = serializers.CharField(allow_blank=True)
    is_in_full = serializers.BooleanField(help_text="Whether rule and message say all: for those who plan.")


def reason_answer(
    finding: Finding | None, calendar: CounselorCalendar | None, *, zone: ZoneInfo, in_full: bool
) -> dict[str, Any]:
    if finding is None:
        return {"is_offered": True, "rule": None, "message": "", "is_in_full": in_full}
    rule, message = in_full_words(finding, calendar, zone=zone) if in_full else in_safe_words(finding)
    return {"is_offered": False, "rule": rule, "message": message, "is_in_full": in_full}
