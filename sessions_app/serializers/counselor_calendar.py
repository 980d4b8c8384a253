"""A counselor's calendar over the API."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from core.api.serializers import Shape
from sessions_app.models import EntryKind, Mode, SessionStatus
from sessions_app.serializers.common import CentreNameShape
from sessions_app.serializers.outside_calendars import OutsideBusyQuery
from sessions_app.services.counselor_calendar import CounselorCalendarView, Entry, clock_segments

MAX_DAYS = 42


class CounselorCalendarQuery(OutsideBusyQuery):
    """Days on the counselor's own clock, both included; the values carry "from_day" and "to_day"."""

    max_days = MAX_DAYS


class SpanShape(Shape):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class ClockSegmentShape(Shape):
    from_ = serializers.DateTimeField(help_text="The first instant of it.")
    offset_minutes = serializers.IntegerField(help_text="How far the counselor's clock is ahead of UTC.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {name.removesuffix("_"): field for name, field in super().get_fields().items()}


class EntryShape(Shape):
    id = serializers.UUIDField(help_text="Of the session or the block; of others, nothing to ask for.")
    kind = serializers.ChoiceField(choices=EntryKind.choices)
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    taken_from = serializers.DateTimeField(help_text="With the time that is kept free before it.")
    taken_until = serializers.DateTimeField(help_text="With the time that is kept free after it.")
    title = serializers.CharField(
        allow_blank=True, help_text="Who comes, as the reader may know them; of a block its title."
    )
    status = serializers.ChoiceField(choices=SessionStatus.choices, allow_null=True)
    mode = serializers.ChoiceField(choices=Mode.choices, allow_null=True)
    type_name = serializers.CharField(allow_blank=True)
    place = serializers.CharField(allow_blank=True)
    can = serializers.ListField(
        child=serializers.CharField(), help_text="What the reader may do with it now."
    )


class HoursShape(SpanShape):
    centre = CentreNameShape(allow_null=True, help_text="null: online only")


class CounselorCalendarShape(Shape):
    timezone = serializers.CharField(help_text="The counselor's, in which the days were meant.")
    clock = ClockSegmentShape(
        many=True, help_text="What that clock shows, from two months before to two after."
    )
    may_block = serializers.BooleanField(help_text="Whether the reader may block time here.")
    entries = EntryShape(many=True)
    hours = HoursShape(many=True, help_text="When sessions are offered, whether or not they are free.")
    away = SpanShape(many=True)
    busy_elsewhere = SpanShape(many=True, help_text="By the counselor's outside calendars.")


def counselor_calendar_answer(view: CounselorCalendarView, start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "timezone": view.zone.key,
        "clock": [
            {"from": segment.from_instant, "offset_minutes": segment.offset_minutes}
            for segment in clock_segments(view.zone, start, end)
        ],
        "may_block": view.may_block,
        "entries": [_entry_answer(entry) for entry in view.entries],
        "hours": [
            {
                "start": one.start,
                "end": one.end,
                "centre": {"id": one.centre_id, "name": one.centre_name} if one.centre_id else None,
            }
            for one in view.hours
        ],
        "away": _spans(view.away),
        "busy_elsewhere": _spans(view.elsewhere),
    }


def _entry_answer(entry: Entry) -> dict[str, Any]:
    session = entry.session
    return {
        "id": entry.id,
        "kind": entry.kind,
        "start": entry.start,
        "end": entry.end,
        "taken_from": entry.taken[0],
        "taken_until": entry.taken[1],
        "title": entry.title,
        "status": session.status if session else None,
        "mode": session.mode if session else None,
        "type_name": session.type_name if session else "",
        "place": session.place if session else "",
        "can": list(entry.can),
    }


def _spans(spans: list[tuple[datetime, datetime]]) -> list[dict[str, datetime]]:
    return [{"start": start, "end": end} for start, end in spans]
