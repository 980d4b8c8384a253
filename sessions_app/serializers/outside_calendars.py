"""Outside calendars over the API. The address goes in and never comes out."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import Body, DaysQuery, Shape
from core.outbound import MAX_ADDRESS
from sessions_app.models import OutsideBusy, OutsideCalendar
from sessions_app.models.outside import Problem

MAX_DAYS = 62


class OutsideCalendarBody(Body):
    name = serializers.CharField(max_length=60, help_text="To tell it from others, such as “Home”.")
    address = serializers.CharField(
        max_length=MAX_ADDRESS, help_text="Of the calendar in iCal (.ics) form; https:// or webcal://."
    )


class OutsideCalendarShape(Shape):
    id = serializers.UUIDField()
    name = serializers.CharField()
    host = serializers.CharField(help_text="The server's name. The address itself is not told.")
    created_at = serializers.DateTimeField()
    last_read_at = serializers.DateTimeField(allow_null=True, help_text="When it was last read well.")
    last_tried_at = serializers.DateTimeField(allow_null=True)
    problem = serializers.ChoiceField(
        choices=Problem.choices, allow_null=True, help_text="What went wrong at the last try."
    )
    problem_text = serializers.CharField(help_text="The same in words; empty without a problem.")


class OutsideBusyQuery(DaysQuery):
    """Days of UTC; the values carry "from_day" and "to_day", both."""

    max_days = MAX_DAYS

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        missing = [name for name in ("from", "to") if f"{name}_day" not in values]
        if missing:
            raise serializers.ValidationError({name: ["Say which day."] for name in missing})
        return values


class OutsideBusyShape(Shape):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


def outside_calendar_answer(calendar: OutsideCalendar) -> dict[str, Any]:
    return {
        "id": calendar.pk,
        "name": calendar.name,
        "host": calendar.host,
        "created_at": calendar.created_at,
        "last_read_at": calendar.last_read_at,
        "last_tried_at": calendar.last_tried_at,
        "problem": calendar.problem or None,
        "problem_text": calendar.get_problem_display(),
    }


def outside_busy_answer(span: OutsideBusy) -> dict[str, Any]:
    return {"start": span.start, "end": span.end}
