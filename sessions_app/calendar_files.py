"""A session as a calendar file (RFC 5545; its sending, RFC 5546).

Calendars lie open on desks and locked screens: the title says “Appointment”, and nothing says what for.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar, Event, vCalAddress, vText

from accounts.models import User
from accounts.roles import Role
from sessions_app.calendar_zones import zone_component
from sessions_app.models import CalendarBlock, Mode, Session

PRODUCT = "-//Appointments//EN"
TITLE = "Appointment"
BLOCK_TITLE = "Busy"
MEDIA_TYPE = "text/calendar; charset=utf-8"
YEARS_AROUND = 1
"""A file carries the clock changes of the year before and the year after its own."""


class Timed(Protocol):
    """What has a beginning and an end: a session, a block."""

    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...


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
    event = session_event(session, viewer=viewer, title=title_with_name(session, viewer))
    if method is not CalendarMethod.PUBLISH:
        event.add("attendee", _attendee(viewer), encode=False)
    return calendar_of([session], [event], viewer=viewer, method=method).to_ical()


def calendar_of_series(sessions: Sequence[Session], *, viewer: User) -> bytes:
    """One file with all of them, each as its own file has it, so that a later file of one replaces it here."""
    events = [
        session_event(session, viewer=viewer, title=title_with_name(session, viewer)) for session in sessions
    ]
    return calendar_of(sessions, events, viewer=viewer, method=CalendarMethod.PUBLISH).to_ical()


def calendar_file_response(session: Session, viewer: User) -> HttpResponse:
    """The file as a download, for a reader who may see the session."""
    content = session_calendar(session, viewer=viewer, method=CalendarMethod.PUBLISH)
    response = HttpResponse(content, content_type=MEDIA_TYPE)
    response["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


def calendar_of(
    timed: Sequence[Timed], events: Sequence[Event], *, viewer: User, method: CalendarMethod
) -> Calendar:
    """A calendar with the `events` of `timed`, and the reader's zone when any of them names it."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    years = [one.start.year for one in timed if _zone_for(one, viewer).key != "UTC"]
    if years:
        first, last = min(years) - YEARS_AROUND, max(years) + YEARS_AROUND
        calendar.add_component(zone_component(viewer.timezone, first, last))
    for event in events:
        calendar.add_component(event)
    return calendar


def session_event(session: Session, *, viewer: User, title: str) -> Event:
    """The session as every file of this reader has it, mailed, downloaded or in their feed: one UID, one SEQUENCE."""
    event = _event(session, viewer=viewer, title=title)
    place = location(session)
    if place:
        event.add("location", place)
    address = settings.SITE_URL + reverse("session_detail", args=[session.pk])
    event.add("url", address)
    event.add("description", f"Details and changes: {address}")
    is_off = session.is_cancelled_for(viewer)
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if is_off else "OPAQUE")
    event.add("organizer", _organizer(), encode=False)
    return event


def _event(timed: Session | CalendarBlock, *, viewer: User, title: str) -> Event:
    """What both have: who it is, how often it has changed, when, on the reader's clock, and its title."""
    zone = _zone_for(timed, viewer)
    event = Event()
    event.add("uid", f"{timed.pk}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("sequence", timed.sequence)
    event.add("dtstamp", timezone.now().astimezone(UTC))
    event.add("created", timed.created_at.astimezone(UTC))
    event.add("dtstart", timed.start.astimezone(zone))
    event.add("dtend", timed.end.astimezone(zone))
    event.add("summary", title)
    return event


def block_event(block: CalendarBlock, *, viewer: User, title: str) -> Event:
    """Time that the counselor keeps for something else, in their own feed."""
    event = _event(block, viewer=viewer, title=title)
    event.add("status", "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    return event


def location(session: Session) -> str:
    """Where to go; "" when nobody has to go anywhere."""
    if session.mode != Mode.IN_PERSON:
        return ""
    room = session.entry.room if session.entry_id else None
    parts = (room.name if room else "", session.centre.address, session.centre.city)
    return ", ".join(part for part in parts if part)


def _zone_for(timed: Timed, viewer: User) -> ZoneInfo:
    """The reader's; UTC for what begins or ends in the second of two equal hours, which no file can name."""
    zone = ZoneInfo(viewer.timezone)
    is_nameable = not any(instant.astimezone(zone).fold for instant in (timed.start, timed.end))
    return zone if is_nameable else ZoneInfo("UTC")


def title_with_name(session: Session, viewer: User) -> str:
    """Whom the reader meets; to a counselor an anonymous patient is their alias."""
    if viewer.role == Role.PATIENT:
        return f"{TITLE} with {session.counselor.user.full_name}"
    if viewer.pk != session.counselor_id:
        return TITLE
    names = [participant.patient.name_for(viewer) for participant in session.taking_part]
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
