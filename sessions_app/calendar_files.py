"""A session as a calendar file (RFC 5545; its sending, RFC 5546).

Calendars lie open on desks and locked screens: the title says “Appointment”, and nothing says what for.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vText

from accounts.models import User
from accounts.roles import Role
from sessions_app.models import Mode, Session, SessionStatus

PRODUCT = "-//Appointments//EN"
TITLE = "Appointment"
YEARS_AROUND = 1
"""A file carries the clock changes of the year before and the year after its own."""


class CalendarMethod(StrEnum):
    """What the reader's calendar is asked to do: PUBLISH for a download, the others for mail."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


def session_calendar(session: Session, *, viewer: User, method: CalendarMethod) -> bytes:
    """The file for one reader, who must be one who may see the session; its times in the reader's own zone.

    The same session always has the same UID, and `session.sequence` grows with each change, so that a newer file
    replaces an older one. Reads counselor, centre and participants with their patients; fetch them along.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    zone = _zone_for(session, viewer)
    event = _event(session, viewer, zone)
    if method is not CalendarMethod.PUBLISH:
        event.add("attendee", _attendee(viewer), encode=False)
    if zone.key != "UTC":
        calendar.add_component(_zone_component(zone.key, session.start.year))
    calendar.add_component(event)
    return calendar.to_ical()


def calendar_file_response(session: Session, viewer: User) -> HttpResponse:
    """The file as a download, for a reader who may see the session."""
    content = session_calendar(session, viewer=viewer, method=CalendarMethod.PUBLISH)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


def _zone_for(session: Session, viewer: User) -> ZoneInfo:
    """The reader's; UTC for a session that begins or ends in the second of two equal hours, which no file can name."""
    zone = ZoneInfo(viewer.timezone)
    is_nameable = not any(instant.astimezone(zone).fold for instant in (session.start, session.end))
    return zone if is_nameable else ZoneInfo("UTC")


def _event(session: Session, viewer: User, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", f"{session.pk}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("sequence", session.sequence)
    event.add("dtstamp", timezone.now().astimezone(UTC))
    event.add("created", session.created_at.astimezone(UTC))
    event.add("dtstart", session.start.astimezone(zone))
    event.add("dtend", session.end.astimezone(zone))
    event.add("summary", _title(session, viewer))
    if session.mode == Mode.IN_PERSON:
        event.add(
            "location", ", ".join(part for part in (session.centre.address, session.centre.city) if part)
        )
    address = settings.SITE_URL + reverse("session_detail", args=[session.pk])
    event.add("url", address)
    event.add("description", f"Details and changes: {address}")
    event.add("status", "CANCELLED" if session.status == SessionStatus.CANCELLED else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if session.status == SessionStatus.CANCELLED else "OPAQUE")
    event.add("organizer", _organizer(), encode=False)
    return event


def _title(session: Session, viewer: User) -> str:
    """Whom the reader meets; to a counselor an anonymous patient is their alias."""
    if viewer.role == Role.PATIENT:
        return f"{TITLE} with {session.counselor.user.full_name}"
    if viewer.pk != session.counselor_id:
        return TITLE
    names = [participant.patient.name_for(viewer) for participant in session.participants.all()]
    return f"{TITLE} with {names[0]}" if len(names) == 1 else f"{TITLE} with {len(names)} people"


def _organizer() -> vCalAddress:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    organizer = vCalAddress(f"mailto:{address}")
    if name:
        organizer.params["CN"] = vText(name)
    return organizer


def _attendee(viewer: User) -> vCalAddress:
    """The reader alone: a file never tells one participant another's address. Nobody is asked to answer."""
    attendee = vCalAddress(f"mailto:{viewer.email}")
    attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    attendee.params["RSVP"] = vText("FALSE")
    return attendee


@lru_cache(maxsize=256)
def _zone_component(name: str, year: int) -> Timezone:
    """VTIMEZONE with every change of clocks from the year before `year` to the one after.

    Each begins when the clock still shows the old time, as RFC 5545, 3.6.5 wants it.
    """
    zone = ZoneInfo(name)
    first = datetime(year - YEARS_AROUND, 1, 1, tzinfo=UTC)
    last = datetime(year + YEARS_AROUND + 1, 1, 1, tzinfo=UTC)
    component = Timezone()
    component.add("tzid", name)
    component.add_component(_observance(zone, first, before=first))
    for change in _clock_changes(zone, first, last):
        component.add_component(_observance(zone, change, before=change - timedelta(seconds=1)))
    return component


def _observance(zone: ZoneInfo, since: datetime, *, before: datetime) -> TimezoneStandard | TimezoneDaylight:
    offset_before, offset = _offset(zone, before), _offset(zone, since)
    local = since.astimezone(zone)
    observance = TimezoneDaylight() if local.dst() else TimezoneStandard()
    observance.add("dtstart", (since + offset_before).replace(tzinfo=None))
    observance.add("tzoffsetfrom", offset_before)
    observance.add("tzoffsetto", offset)
    observance.add("tzname", local.tzname())
    return observance


def _clock_changes(zone: ZoneInfo, first: datetime, last: datetime) -> list[datetime]:
    """The instants, to the second, at which the zone's offset changes."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [
        _change_between(zone, earlier, later)
        for earlier, later in pairwise(days)
        if _offset(zone, earlier) != _offset(zone, later)
    ]


def _change_between(zone: ZoneInfo, earlier: datetime, later: datetime) -> datetime:
    while later - earlier > timedelta(seconds=1):
        middle = earlier + timedelta(seconds=(later - earlier) // timedelta(seconds=2))
        if _offset(zone, middle) == _offset(zone, earlier):
            earlier = middle
        else:
            later = middle
    return later


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101  a ZoneInfo always knows
    return offset
