"""The calendar file: read back by other programs' parsers it says the same instant, and nothing it should not."""

import io
import re
import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from accounts.models import Centre, CounselorProfile, PatientProfile, User
from accounts.roles import Role
from core.ids import uuid7
from sessions_app.calendar_files import CalendarMethod, session_calendar
from sessions_app.models import Mode, Session, SessionParticipant, SessionStatus

ZONES = sorted(zoneinfo.available_timezones() - {"Factory", "localtime"})
HARD_ZONES = [
    "America/New_York",
    "Europe/London",
    "Europe/Dublin",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "America/Santiago",
    "America/Scoresbysund",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Gaza",
    "Antarctica/Troll",
    "UTC",
]
instants = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def session_at(start, *, minutes=50, mode=Mode.VIDEO, patients=1, **fields):
    """Nothing of it is in the database."""
    counselor = CounselorProfile(user=User(first_name="Asha", last_name="Mehta", role=Role.COUNSELOR))
    centre = Centre(name="Riverside", address="4 Mill Lane", city="Leeds", timezone="Europe/London")
    session = Session(
        id=uuid7(),
        counselor=counselor,
        centre=centre,
        mode=mode,
        start=start,
        end=start + timedelta(minutes=minutes),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        **fields,
    )
    session._prefetched_objects_cache = {
        "participants": [SessionParticipant(patient=patient(number)) for number in range(patients)]
    }
    return session


def patient(number=0, **fields):
    return PatientProfile(
        user=User(first_name="Ida", last_name=f"Stone{number}", email=f"ida{number}@x.test"), **fields
    )


def reader(zone="Europe/London", role=Role.PATIENT):
    return User(email="reader@example.test", timezone=zone, role=role)


def read(session, viewer, method=CalendarMethod.REQUEST):
    content = session_calendar(session, viewer=viewer, method=method)
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    return content.decode(), event


def instant_in_another_program(content, name):
    """As dateutil understands the file, from its own VTIMEZONE alone."""
    event = content.partition("BEGIN:VEVENT")[2]
    line = re.search(rf"^{name}(?:;TZID=([^:]+))?:(\d{{8}}T\d{{6}})(Z?)\r$", event, re.MULTILINE)
    zone_name, digits, is_utc = line.groups()
    naive = datetime.strptime(digits, "%Y%m%dT%H%M%S")
    if is_utc:
        return naive.replace(tzinfo=UTC)
    return naive.replace(tzinfo=zone_described(content.partition("BEGIN:VEVENT")[0], zone_name)).astimezone(
        UTC
    )


@cache
def zone_described(beginning, name):
    return tzical(io.StringIO(f"{beginning}END:VCALENDAR\r\n")).get(name)


@settings(max_examples=200, deadline=None)
@given(
    start=instants,
    zone=st.one_of(st.sampled_from(HARD_ZONES), st.sampled_from(ZONES)),
    minutes=st.integers(10, 480),
)
def test_the_instant_survives_in_every_zone(start, zone, minutes):
    session = session_at(start, minutes=minutes)
    content, event = read(session, reader(zone))
    assert event.start.astimezone(UTC) == session.start
    assert event.end.astimezone(UTC) == session.end
    assert instant_in_another_program(content, "DTSTART") == session.start
    assert instant_in_another_program(content, "DTEND") == session.end


@pytest.mark.parametrize("zone", HARD_ZONES)
def test_the_instant_survives_every_quarter_hour_around_a_change_of_clocks(zone):
    tz = ZoneInfo(zone)
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(3 * 365)]
    offsets = [day.astimezone(tz).utcoffset() for day in days]
    hours = [
        day + timedelta(hours=hour)
        for day, today, tomorrow in zip(days, offsets, offsets[1:], strict=False)
        if today != tomorrow
        for hour in range(24)
    ]
    changes = [
        hour
        for hour in hours
        if hour.astimezone(tz).utcoffset() != (hour + timedelta(hours=1)).astimezone(tz).utcoffset()
    ]
    assert len(changes) >= 6 or zone in ("Asia/Kolkata", "Pacific/Apia", "UTC")
    for change in changes:
        for quarter in range(-6, 8):
            session = session_at(change + timedelta(minutes=15 * quarter))
            content, _ = read(session, reader(zone))
            assert instant_in_another_program(content, "DTSTART") == session.start
            assert instant_in_another_program(content, "DTEND") == session.end


def test_times_are_in_the_readers_zone():
    content, event = read(session_at(datetime(2026, 12, 1, 15, tzinfo=UTC)), reader("Asia/Kolkata"))
    assert "DTSTART;TZID=Asia/Kolkata:20261201T203000" in content
    assert event.start.utcoffset() == timedelta(hours=5, minutes=30)
    assert "BEGIN:VTIMEZONE" in content


def test_a_change_of_clocks_begins_while_the_old_time_is_shown():
    content, _ = read(session_at(datetime(2026, 12, 1, 15, tzinfo=UTC)), reader("America/New_York"))
    (zone,) = Calendar.from_ical(content).walk("VTIMEZONE")
    begun = {component["DTSTART"].dt: component["TZOFFSETTO"].td for component in zone.subcomponents}
    assert begun[datetime(2026, 3, 8, 2)] == timedelta(hours=-4)
    assert begun[datetime(2026, 11, 1, 2)] == timedelta(hours=-5)


def test_a_session_is_the_same_event_in_every_file_and_a_change_is_newer():
    session = session_at(datetime(2026, 12, 1, 15, tzinfo=UTC), sequence=0)
    _, first = read(session, reader())
    session.sequence, session.status = 1, SessionStatus.CANCELLED
    content, second = read(session, reader(role=Role.COUNSELOR), CalendarMethod.CANCEL)
    assert first["UID"] == second["UID"]
    assert str(session.pk) in first["UID"]
    assert (first["SEQUENCE"], second["SEQUENCE"]) == (0, 1)
    assert (first["STATUS"], second["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert "METHOD:CANCEL" in content


@pytest.mark.parametrize("method", CalendarMethod)
def test_the_file_is_well_formed(method):
    content, event = read(session_at(datetime(2026, 12, 1, 15, tzinfo=UTC)), reader(), method)
    assert content.startswith("BEGIN:VCALENDAR\r\n")
    assert content.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in content.split("\r\n"))
    assert f"METHOD:{method}\r\n" in content
    for required in (
        "UID",
        "DTSTAMP",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "SEQUENCE",
        "STATUS",
        "ORGANIZER",
        "URL",
    ):
        assert required in event
    assert not list(event.walk("VALARM"))
    assert event.errors == []


def test_a_file_by_mail_names_its_reader_and_a_download_names_nobody():
    session = session_at(datetime(2026, 12, 1, 15, tzinfo=UTC))
    by_mail, event = read(session, reader(), CalendarMethod.REQUEST)
    assert event["ATTENDEE"] == "mailto:reader@example.test"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    download, _ = read(session, reader(), CalendarMethod.PUBLISH)
    assert "ATTENDEE" not in download
    for content in (by_mail, download):
        assert "ida0@x.test" not in content


def test_the_title_says_with_whom_and_not_what_for():
    session = session_at(datetime(2026, 12, 1, 15, tzinfo=UTC))
    content, event = read(session, reader())
    assert event["SUMMARY"] == "Appointment with Asha Mehta"
    assert event["CLASS"] == "PRIVATE"
    for word in ("therap", "counsel", "mental", "psych", "health"):
        assert word not in content.lower().replace("mentalspace", "")


def test_an_anonymous_patient_is_their_alias_to_the_counselor():
    session = session_at(datetime(2026, 12, 1, 15, tzinfo=UTC))
    hidden = patient(is_anonymous=True, alias="Quiet Heron")
    session._prefetched_objects_cache["participants"] = [SessionParticipant(patient=hidden)]
    counselor = session.counselor.user
    counselor.timezone, counselor.email = "UTC", "asha@example.test"
    for method in CalendarMethod:
        content, event = read(session, counselor, method)
        assert event["SUMMARY"] == "Appointment with Quiet Heron"
        assert "Ida" not in content
        assert "Stone" not in content


def test_a_group_is_a_number_and_staff_read_no_name_at_all():
    session = session_at(datetime(2026, 12, 1, 15, tzinfo=UTC), patients=4)
    counselor = session.counselor.user
    counselor.timezone = "UTC"
    assert read(session, counselor)[1]["SUMMARY"] == "Appointment with 4 people"
    assert read(session, reader(role=Role.FRONT_DESK))[1]["SUMMARY"] == "Appointment"
    assert read(session, reader())[1]["SUMMARY"] == "Appointment with Asha Mehta"


def test_the_address_is_given_when_it_is_needed():
    start = datetime(2026, 12, 1, 15, tzinfo=UTC)
    assert read(session_at(start, mode=Mode.IN_PERSON), reader())[1]["LOCATION"] == "4 Mill Lane, Leeds"
    assert "LOCATION" not in read(session_at(start, mode=Mode.VIDEO), reader())[1]


def test_the_page_of_the_session_is_linked(settings):
    settings.SITE_URL = "https://calm.example"
    session = session_at(datetime(2026, 12, 1, 15, tzinfo=UTC))
    _, event = read(session, reader())
    assert event["URL"] == f"https://calm.example/sessions/{session.pk}"
    assert event["UID"] == f"{session.pk}@calm.example"


@pytest.mark.parametrize(
    "name", ["Zoë, O'Hara; the \\ 3rd", "نور", "x" * 200, "A\r\nATTENDEE:mailto:evil@example.test"]
)
def test_a_name_cannot_write_lines_of_its_own(name):
    session = session_at(datetime(2026, 12, 1, 15, tzinfo=UTC))
    session.counselor.user.first_name = name
    content, event = read(session, reader(), CalendarMethod.PUBLISH)
    assert "ATTENDEE" not in event
    assert event["SUMMARY"].replace("\r", "").split("\n") == f"Appointment with {name} Mehta".replace(
        "\r", ""
    ).split("\n")
