"""What an outside calendar (iCalendar, RFC 5545) says about when its owner is busy. Of all it holds only spans remain.

The file is somebody else's, so everything about it is bounded: how many events, how often one may come again, how many
spans there are in the end. The caller bounds its size and the time that all of it may take.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component, Event
from icalendar.error import InvalidCalendar
from icalendar.prop import vBroken

from sessions_app.free_time import merge_spans
from sessions_app.wall_clock import Span

MAX_EVENTS = 10_000
MAX_OCCURRENCES = 20_000
MOST_A_DAY = 48
"""More occurrences of one event on one day than this are no appointments."""
_STEP = timedelta(days=31)
_DAY = timedelta(days=1)
# What decides when an event is; titles, people and places are dropped before anything is done with it.
_KEPT = (
    *("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"),
    *("SEQUENCE", "STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS"),
)
_STAMP = re.compile(rb"^DTSTAMP[^\r\n]*\r?\n", re.MULTILINE)


class NoCalendarError(Exception):
    """What was read is no calendar, or one that cannot be understood."""


class TooMuchError(Exception):
    """It is a calendar, but with more in it than we take."""


def without_stamps(content: bytes) -> bytes:
    """The content as far as it matters whether it changed: many servers stamp every event anew for each reader."""
    return _STAMP.sub(b"", content)


def busy_spans(
    content: bytes, *, zone: ZoneInfo, start: datetime, end: datetime, own_host: str | None
) -> list[Span]:
    """When the calendar's owner is busy within [start, end), merged; epoch seconds.

    Days and floating times are meant in `zone`. Free (TRANSPARENT) and cancelled events take no time, nor do sessions
    of ours (`own_host`) that came back from the mails that told of them. Raises NoCalendarError and TooMuchError.
    """
    spans: list[Span] = []
    first, last = int(start.timestamp()), int(end.timestamp())
    for calendar in _calendars(content):
        for event in _occurrences(calendar, zone, start, end):
            if not _takes_time(event, own_host):
                continue
            begins, ends = _instant(event.start, zone), _instant(event.end, zone)
            if begins < min(ends, last) and ends > first:
                spans.append((max(begins, first), min(ends, last)))
            if len(spans) > MAX_OCCURRENCES:
                raise TooMuchError
    return merge_spans(spans)


def _calendars(content: bytes) -> list[Component]:
    text = content.removeprefix(b"\xef\xbb\xbf").strip()
    if not text[:15].upper() == b"BEGIN:VCALENDAR" or not text[-13:].upper() == b"END:VCALENDAR":
        raise NoCalendarError
    begun, ended = (text.upper().count(word) for word in (b"BEGIN:VEVENT", b"END:VEVENT"))
    if begun != ended:
        raise NoCalendarError  # a part of it is missing, and busy times with it
    if begun > MAX_EVENTS:
        raise TooMuchError
    try:
        return list(Calendar.from_ical(text, multiple=True))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise NoCalendarError from error


def _occurrences(calendar: Component, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Event]:
    """Each time that an event takes place in or near the window; some come twice, which merging takes back."""
    # A day more on both sides: the library compares floating times without their zone.
    since = start - _DAY
    try:
        query = recurring_ical_events.of(_slim(calendar, zone, start), skip_bad_series=True)
        while since < end + _DAY:
            yield from query.between(since, min(since + _STEP, end + _DAY))
            since += _STEP
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise NoCalendarError from error


def _slim(calendar: Component, zone: ZoneInfo, start: datetime) -> Calendar:
    """The zones, and the events that may still matter, with what decides when they are."""
    slim = Calendar()
    for name in ("CALSCALE", "X-WR-TIMEZONE"):
        if name in calendar:
            slim[name] = calendar[name]
    for component in calendar.subcomponents:
        if component.name == "VTIMEZONE":
            slim.add_component(component)
        elif isinstance(component, Event) and _may_matter(component, zone, start):
            event = Event()
            for name in _KEPT:
                if name in component:
                    event[name] = component[name]
            slim.add_component(event)
    return slim


def _may_matter(event: Event, zone: ZoneInfo, start: datetime) -> bool:
    """Not what is over and does not come again, most of a calendar of some years; nor what cannot be understood."""
    if any(isinstance(event.get(name), vBroken) for name in _KEPT):
        return False
    if "RRULE" in event:
        _refuse_restless(event)
        return True
    if "RDATE" in event or "RECURRENCE-ID" in event:
        return True
    try:
        return _instant(event.end, zone) > int((start - _DAY).timestamp())
    except (InvalidCalendar, ValueError, TypeError, AttributeError, OverflowError):
        return False


def _refuse_restless(event: Event) -> None:
    rules: Any = event["RRULE"]
    for rule in rules if isinstance(rules, list) else [rules]:
        frequency = str((rule.get("FREQ") or [""])[0]).upper()
        hours = len(rule.get("BYHOUR", ())) or (24 if frequency == "HOURLY" else 1)
        a_day = hours * max(len(rule.get("BYMINUTE", ())), 1) * max(len(rule.get("BYSECOND", ())), 1)
        if frequency in ("SECONDLY", "MINUTELY") or a_day > MOST_A_DAY:
            raise TooMuchError


def _takes_time(event: Event, own_host: str | None) -> bool:
    words = (str(event.get(name, "")).upper() for name in ("TRANSP", "STATUS", "X-MICROSOFT-CDO-BUSYSTATUS"))
    return not (set(words) & {"TRANSPARENT", "CANCELLED", "FREE"}) and not _is_ours(event, own_host)


def _is_ours(event: Event, own_host: str | None) -> bool:
    name, _, host = str(event.get("UID", "")).partition("@")
    if own_host is None or host.lower() != own_host:
        return False
    try:
        UUID(name)
    except ValueError:
        return False
    return True


def _instant(moment: Any, zone: ZoneInfo) -> int:
    """Of a day its first instant in `zone`; a floating time is one on the wall there."""
    if not isinstance(moment, datetime):
        assert isinstance(moment, date)  # noqa: S101 - the library gives one or the other
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.astimezone(UTC).timestamp())
