"""Times of a session in words, for messages. Always with the date written out and the zone named: who knows when a
message is read, and where."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _


def day(instant: datetime) -> str:
    """“Tuesday 1 December”, in the current zone."""
    return date_format(timezone.localtime(instant), "l j F")


def clock(instant: datetime, zone: ZoneInfo | None = None) -> str:
    """“3:00 pm”, in the zone, or in the current one."""
    local = timezone.localtime(instant, zone)
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def span(start: datetime, end: datetime, *, other: ZoneInfo | None = None) -> str:
    """“Tuesday 1 December 2026, 3:00 pm to 3:50 pm, London time”, in the current zone.

    Where the clock of `other` shows something else, that too: “… (8:30 pm Kolkata time)”.
    """
    local = timezone.localtime(start)
    words = _("%(day)s, %(start)s to %(end)s, %(zone)s") % {
        "day": date_format(local, "l j F Y"),
        "start": clock(start),
        "end": clock(end),
        "zone": zone_name(timezone.get_current_timezone_name()),
    }
    if other is None or start.astimezone(other).utcoffset() == local.utcoffset():
        return words
    there = start.astimezone(other)
    other_day = "" if there.date() == local.date() else f"{date_format(there, 'l j F')}, "
    return f"{words} ({other_day}{clock(start, other)} {zone_name(other.key)})"


def zone_name(key: str) -> str:
    """“New York time” for America/New_York."""
    if key == "UTC" or key.startswith("Etc/"):
        return key.removeprefix("Etc/")
    return _("%(city)s time") % {"city": key.rpartition("/")[2].replace("_", " ")}
