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
from dateutil.rrule import rrulestr
from icalendar import Calendar, Component, Event
from icalendar.error import InvalidCalendar
from icalendar.prop import vBroken, vRecur

from sessions_app.free_time import merge_spans
from sessions_app.wall_clock import Span

MAX_EVENTS = 10_000
MAX_OCCURRENCES = 20_000
MOST_A_DAY = 48
"""More occurrences of one event on one day than this are no appointments."""
MOST_THAT_NEVER_COME = 3
"""Events whose rule has no day at all; to know that of one takes up to a quarter of a second."""
_BY_DAYS = {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY", "BYSETPOS"}
_LAST_YEAR = 9898
_STEP = timedelta(days=31)
_DAY = timedelta(days=1)
# What decides when an event is; titles, people and places are dropped before anything is done with it.
_KEPT = (
    *("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"),
    *("SEQUENCE", "STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS"),
)
_ZONE = re.compile(rb"^BEGIN:VTIMEZONE\s.*?^END:VTIMEZONE\s", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_ZONE_RULE = re.compile(rb"^RRULE[^:\r\n]*:([^\r\n]*)", re.MULTILINE | re.IGNORECASE)
_FOLD = re.compile(rb"\r?\n[ \t]")
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
    _refuse_restless_zones(text)
    try:
        return list(Calendar.from_ical(text, multiple=True))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise NoCalendarError from error


def _refuse_restless_zones(text: bytes) -> None:
    """The library works out the zones that a file describes while it reads it: their clocks change once a year."""
    for zone in _ZONE.findall(text):
        for rule in _ZONE_RULE.findall(_FOLD.sub(b"", zone)):
            try:
                parts = vRecur.from_ical(rule.decode("ascii", "replace").strip())
            except ValueError as error:
                raise NoCalendarError from error
            if parts.get("FREQ") != ["YEARLY"] or not _comes_at_all(parts, date(2001, 1, 1)):
                raise NoCalendarError


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
    slim, never = Calendar(), 0
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
            if "RRULE" in event and not all(_comes_at_all(rule, _day_of(event)) for rule in _rules(event)):
                # As if it came once: the library would look for it until the year 9999.
                del event["RRULE"]
                never += 1
                if never > MOST_THAT_NEVER_COME:
                    raise TooMuchError
            slim.add_component(event)
    return slim


def _day_of(event: Event) -> date | None:
    try:
        begins = event.start
    except (InvalidCalendar, ValueError, TypeError, AttributeError):
        return None
    return begins if isinstance(begins, date) else None


def _comes_at_all(rule: Any, first: date | None) -> bool:
    """Whether a rule has any day from `first` on; the 30th of February, say, is none.

    Looked for in the last centuries of the calendar: it is the same every 400 years, so that a start so much later
    leaves few years to look through. What cannot be understood is for the library to say.
    """
    parts = {str(name).upper(): value for name, value in rule.items()}
    if first is None or not parts.keys() & _BY_DAYS:
        return True
    if parts.get("FREQ") in (["HOURLY"], ["DAILY"]) and parts.get("INTERVAL", [1]) == [1]:
        parts["FREQ"] = ["YEARLY"]  # the same days, found sooner
    for name in ("UNTIL", "COUNT", "BYHOUR", "BYMINUTE", "BYSECOND"):
        parts.pop(name, None)
    year = first.year + 400 * ((_LAST_YEAR - first.year) // 400)
    try:
        begins = datetime(year, first.month, first.day)  # noqa: DTZ001 - a day, of no zone
        written: bytes = vRecur(parts).to_ical()  # type: ignore[no-untyped-call]
        return next(iter(rrulestr(written.decode(), dtstart=begins)), None) is not None
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError):
        return True


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


def _rules(event: Event) -> list[Any]:
    rules: Any = event["RRULE"]
    return rules if isinstance(rules, list) else [rules]


def _refuse_restless(event: Event) -> None:
    for rule in _rules(event):
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
