"""Days as the reader's calendar counts them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from sessions_app.forms.days import read_day


def wanted_day(request: HttpRequest) -> date:
    """?day=YYYY-MM-DD in the reader's zone; today when there is none or it cannot be one."""
    return read_day(request.GET.get("day", "")) or timezone.localdate()


def start_of(day: date) -> datetime:
    """The instant, UTC, at which the day begins for the reader."""
    return datetime.combine(day, time(), timezone.get_current_timezone()).astimezone(UTC)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The instants, half open, of a day."""
    return start_of(day), start_of(day + timedelta(days=1))


def around(day: date) -> dict[str, Any]:
    """What the head of a day's page shows, and the fragment _day_nav.html."""
    return {
        "day": day,
        "is_today": day == timezone.localdate(),
        "day_before": day - timedelta(days=1),
        "day_after": day + timedelta(days=1),
    }
