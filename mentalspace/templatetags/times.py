"""Instants and money in words. Every time on a page goes through here, so that its zone is always named."""

from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.money import amount_in_words
from core.wording import clock_in_words, zone_in_words

register = template.Library()

NO_BREAK = "\N{NO-BREAK SPACE}"


def zone_name(zone: tzinfo | str | None = None) -> str:
    """A zone as people call it: “New York time”, “UTC”. Without an argument the reader's."""
    return zone_in_words(zone if isinstance(zone, str) else str(zone or timezone.get_current_timezone()))


def clock(moment: datetime) -> str:
    """“9:30 am” on one line, in the zone that `moment` already has."""
    return clock_in_words(moment).replace(" ", NO_BREAK)


def day_in_words(day: date, *, today: date, is_short: bool = False) -> str:
    """“Today”, “Tomorrow”, “Tuesday 24 November”, and the year when it is not this one."""
    nearby = {today: "Today", today + timedelta(days=1): "Tomorrow", today - timedelta(days=1): "Yesterday"}
    year = "" if day.year == today.year else " Y"
    if is_short:
        return nearby.get(day) or date_format(day, f"D j M{year}")
    name = nearby.get(day)
    return f"{name}, {date_format(day, f'j F{year}')}" if name else date_format(day, f"l j F{year}")


@register.simple_tag
def when(
    instant: datetime, until: datetime | None = None, style: str = "full", other: tzinfo | str | None = None
) -> SafeString:
    """An instant in the reader's zone, with the zone named, as a <time> element.

    style: full (day, time, zone) · short (short day, time) · day · time. `until` makes it a span of time.
    `other` is the other party's zone: their clock is added where it reads differently.
    Only `short`, `day` and `time` leave the zone out: for lists that name it once, with {% zone %}, at their head.
    """
    here = timezone.localtime(instant)
    today = timezone.localdate()
    day = day_in_words(here.date(), today=today, is_short=style == "short")
    span = clock(here) + (f"–{clock(timezone.localtime(until))}" if until else "")
    words = {
        "full": f"{day}, {span}",
        "short": f"{day}, {span}",
        "day": day,
        "time": span,
    }[style]
    extra = format_html(' <span class="zone">{}</span>', zone_name()) if style == "full" else ""
    return format_html(
        '<time datetime="{}">{}</time>{}{}',
        instant.isoformat(),
        words,
        extra,
        _other_clock(instant, here, other),
    )


def _other_clock(instant: datetime, here: datetime, other: tzinfo | str | None) -> SafeString | str:
    if not other:
        return ""
    zone = ZoneInfo(other) if isinstance(other, str) else other
    there = instant.astimezone(zone)
    if there.utcoffset() == here.utcoffset():
        return ""
    day = "" if there.date() == here.date() else f"{date_format(there.date(), 'D j M')}, "
    return format_html(' <span class="zone">({}{} {})</span>', day, clock(there), zone_name(zone))


@register.simple_tag
def zone(name: str = "") -> str:
    """The name of the reader's zone, or of the one given."""
    return zone_name(name or None)


@register.simple_tag
def money(amount_minor: int | None, currency: str) -> str:
    """An amount in minor units as people write it: “₹1,500”, “$40.50”, “Free”."""
    return amount_in_words(amount_minor, currency)
