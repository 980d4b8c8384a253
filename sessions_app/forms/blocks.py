"""A block of a counselor's time, on the clock of the counselor."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from sessions_app.forms.hours import DayField
from sessions_app.models import CalendarBlock
from sessions_app.models.blocks import MAX_TITLE
from sessions_app.wall_clock import wall_span


class BlockForm(forms.Form):
    """Day and times are on the wall in the current zone; an end at or before the start is on the next day."""

    title = forms.CharField(
        required=False,
        max_length=MAX_TITLE,
        label="What for",
        help_text="You may leave this empty. Patients never see it.",
    )
    day = DayField(label="Day")
    start = forms.TimeField(label="From", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    end = forms.TimeField(label="Until", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))

    @staticmethod
    def initial_of(block: CalendarBlock) -> dict[str, Any]:
        start, end = timezone.localtime(block.start), timezone.localtime(block.end)
        return {
            "title": block.title or "",
            "day": start.date(),
            "start": start.time(),
            "end": end.time(),
        }

    def instants(self) -> tuple[datetime, datetime]:
        """What was typed as instants, UTC: from when the wall first shows the start until it last shows the end."""
        day, start, end = (self.cleaned_data[name] for name in ("day", "start", "end"))
        last_day = day if end > start else day + timedelta(days=1)
        zone = timezone.get_current_timezone_name()
        first, until = wall_span(zone, day, _minute(start), last_day, _minute(end))
        return datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(until, UTC)


def _minute(at: time) -> int:
    return 60 * at.hour + at.minute
