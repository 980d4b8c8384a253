"""Times of a session in words, for messages. Always with the date written out and the zone named: who knows when a
message is read, and where."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core.wording import clock_in_words, zone_in_words


def day(instant: datetime) -> str:
    """“Tuesday 1 December”, in the current zone."""
    return date_format(timezone.localtime(instant), "l j F")


def clock(instant: datetime, zone: ZoneInfo | None = None) -> str:
    """“3:00 pm”, in the zone, or in the current one."""
    return clock_in_words(timezone.localtime(instant, zone))


def moment(instant: datetime) -> str:
    """“Tuesday 1 December, 3:00 pm, London time”, in the current zone."""
    zone = zone_in_words(timezone.get_current_timezone_name())
    return _("%(day)s, %(time)s, %(zone)s") % {"day": day(instant), "time": clock(instant), "zone": zone}


def span(start: datetime, end: datetime, *, other: ZoneInfo | None = None) -> str:
    """“Tuesday 1 December 2026, 3:00 pm to 3:50 pm, London time”, in the current zone.

    Where the clock of `other` shows something else, that too: “… (8:30 pm Kolkata time)”.
    """
    local = timezone.localtime(start)
    words = _("%(day)s, %(start)s to %(end)s, %(zone)s") % {
        "day": date_format(local, "l j F Y"),
        "start": clock(start),
        "end": clock(end),
        "zone": zone_in_words(timezone.get_current_timezone_name()),
    }
    if other is None or start.astimezone(other).utcoffset() == local.utcoffset():
        return words
    there = start.astimezone(other)
    other_day = "" if there.date() == local.date() else f"{date_format(there, 'l j F')}, "
    return f"{words} ({other_day}{clock(start, other)} {zone_in_words(other.key)})"
