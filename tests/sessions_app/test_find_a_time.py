"""Free times and counselors over the API: what is shown, to whom, in which zone, and at what price in queries."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.models import PaymentPolicy
from tests.factories import AvailabilityRuleFactory, CounselorFactory, PatientFactory, SessionTypeFactory
from tests.sessions_app.clinic import (
    ask_session,
    book,
    coming,
    done,
    instant,
    keep_hours,
    open_practice,
    refused,
    slots_shown,
)

pytestmark = pytest.mark.django_db
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)


def slots(client, counselor, **query):
    return done(client.get(f"/api/counselors/{counselor.pk}/slots", query))


def earliest(client, **query):
    return done(client.get("/api/slots", query))


def counselors(client, **query):
    return done(client.get("/api/counselors", query))


def named(first, last="", **fields):
    return CounselorFactory(user__first_name=first, user__last_name=last, **fields)


# --- One counselor -------------------------------------------------------------------------------------------


def test_anybody_sees_the_free_times_of_a_day_with_all_that_booking_needs(api, api_as, practice, patient):
    start = coming()
    found = slots(api, practice, **{"from": start.date(), "to": start.date()})
    offered = practice.session_types.get()
    assert len(found) == 29  # from 9:00, every quarter, the last one at 16:00 (and its 50 minutes)
    assert found[0] == {
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=50)).isoformat(),
        "duration_minutes": 50,
        "mode": "video",
        "modes": ["video", "in_person", "phone"],
        "type": str(offered.pk),
        "centre": {"id": str(practice.primary_centre_id), "name": practice.primary_centre.name},
        "capacity": 1,
        "places_left": None,
    }
    last = found[-1]
    assert instant(last["start"]) == start.replace(hour=16)
    choice = {"mode": last["mode"], "type": last["type"], "centre": last["centre"]["id"]}
    session = done(ask_session(api_as(patient), practice, instant(last["start"]), **choice), 201)
    assert session["end"] == last["end"]


def test_without_days_two_weeks_from_today_are_shown(api, practice):
    starts = [instant(slot["start"]) for slot in slots(api, practice)]
    today = timezone.now().date()
    assert starts == sorted(starts)
    assert starts[0] > timezone.now()
    assert {start.date() for start in starts} >= {today + number * DAY for number in range(1, 14)}
    assert max(starts).date() == today + 13 * DAY


def test_days_and_answers_are_in_the_zone_that_was_asked_for(api, practice):
    """The counselor's hours are 9:00–17:00 UTC: in Auckland, 22:00 to 6:00 of the next day."""
    day = coming(5).date()
    zone = ZoneInfo("Pacific/Auckland")
    found = slots(api, practice, **{"from": day, "to": day, "timezone": zone.key})
    starts = [instant(slot["start"]) for slot in found]
    assert {start.utcoffset() for start in starts} == {starts[0].astimezone(zone).utcoffset()}
    assert {start.date() for start in starts} == {day}
    assert starts[0].hour < 6
    assert starts[-1].hour == 23


def test_a_day_whose_midnight_is_skipped_begins_when_it_does(api, settings):
    settings.BOOKING_HORIZON_DAYS = 800
    counselor = open_practice(zone="America/Santiago", start=time(0), end=time(0))
    day = date(2027, 9, 5)
    found = slots(api, counselor, **{"from": day, "to": day, "timezone": "America/Santiago"})
    assert instant(found[0]["start"]) == datetime(2027, 9, 5, 4, tzinfo=UTC)
    assert {instant(slot["start"]).date() for slot in found} == {day}


def test_what_is_asked_for_decides_the_length_the_mode_and_the_place(api, practice, cast):
    day = {"from": coming().date(), "to": coming().date()}
    long = SessionTypeFactory(counselor=practice, duration_minutes=80, modes=["video"], position=1)
    assert {slot["type"] for slot in slots(api, practice, duration_minutes=80, **day)} == {str(long.pk)}
    assert {slot["duration_minutes"] for slot in slots(api, practice, type=long.pk, **day)} == {80}
    assert {slot["mode"] for slot in slots(api, practice, mode="phone", **day)} == {"phone"}
    assert slots(api, practice, duration_minutes=80, mode="phone", **day) == []
    assert slots(api, practice, duration_minutes=45, **day) == []
    assert slots(api, practice, centre=cast.b.centre.pk, **day) == []
    AvailabilityRuleFactory(
        counselor=practice, weekday=coming().weekday(), start=time(18), end=time(19), centre=cast.b.centre
    )
    (there,) = slots(api, practice, centre=cast.b.centre.pk, mode="in_person", **day)
    assert there["centre"] == {"id": str(cast.b.centre.pk), "name": "Centre B"}


def test_online_hours_offer_no_session_in_person(api):
    counselor = open_practice(online=True)
    day = {"from": coming().date(), "to": coming().date()}
    assert {tuple(slot["modes"]) for slot in slots(api, counselor, **day)} == {("video", "phone")}
    assert slots(api, counselor, mode="in_person", **day) == []


def test_hours_at_a_centre_that_was_closed_are_not_offered(api, api_as, practice, patient):
    start = coming()
    practice.primary_centre.is_active = False
    practice.primary_centre.save()
    assert slots_shown(api, practice, start) == earliest(api) == []
    refused(ask_session(api_as(patient), practice, start), 400, "VALIDATION_ERROR")
    keep_hours(practice, start=time(18), end=time(19), online=True)
    assert slots_shown(api, practice, start) == [start.replace(hour=18)]


def test_a_booked_time_and_its_buffers_are_gone_from_the_offer(api):
    counselor = open_practice(buffer_before_minutes=15, buffer_after_minutes=15, duration_minutes=60)
    start = coming(hour=12)
    book(counselor, PatientFactory().user, start)
    shown = slots_shown(api, counselor, start)
    assert [slot for slot in shown if abs(slot - start) < timedelta(minutes=90)] == []
    assert start - timedelta(minutes=90) in shown
    assert start + timedelta(minutes=90) in shown


def test_who_is_not_listed_shows_no_times(api, practice, patient):
    for changes in ({"is_accepting": False}, {"is_accepting": True, "is_approved": False}):
        for name, value in changes.items():
            setattr(practice, name, value)
        practice.save()
        for path in ("", "/slots", "/availability"):
            refused(api.get(f"/api/counselors/{practice.pk}{path}"), 404, "NOT_FOUND")
        assert earliest(api) == []
        assert counselors(api) == []
    refused(api.get(f"/api/counselors/{patient.pk}/slots"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-12-01", "to": "2026-11-30"}, "to"),
        ({"from": "2027-01-01", "to": "2027-03-04"}, "to"),
        ({"from": "1026-12-01"}, "from"),
        ({"from": "2026-12-01", "to": "3026-12-01"}, "to"),
        ({"to": "2026-01-01"}, "to"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "01.12.2026"}, "from"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"duration_minutes": "5"}, "duration_minutes"),
        ({"duration_minutes": "-50"}, "duration_minutes"),
        ({"mode": "chat"}, "mode"),
        ({"centre": "1"}, "centre"),
        ({"date": "2026-12-01"}, "date"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(api, practice, query, field):
    for path in (f"/api/counselors/{practice.pk}/slots", "/api/slots"):
        error = refused(api.get(path, query), 400, "VALIDATION_ERROR")
        assert list(error["details"]) == [field]


@pytest.mark.parametrize(
    "days", [("1900-01-01", "1900-02-28"), ("2100-11-01", "2100-12-31"), ("2100-12-31", None)]
)
def test_days_that_nobody_can_book_are_empty_not_an_error(api, practice, days):
    query = {name: day for name, day in zip(("from", "to"), days, strict=True) if day}
    assert slots(api, practice, **query) == []
    assert earliest(api, **query) == []


# --- All of them ---------------------------------------------------------------------------------------------


def test_the_earliest_times_over_all_come_first(api):
    early, late = open_practice(start=time(6), end=time(8)), open_practice(start=time(7), end=time(10))
    day = coming().date()
    found = earliest(api, **{"from": day, "limit": 12})
    starts = [instant(slot["start"]) for slot in found]
    assert starts == sorted(starts)
    assert starts[0] == coming(hour=6)
    assert {slot["counselor"]["id"] for slot in found} == {str(early.pk), str(late.pk)}
    assert found[0]["counselor"] == {"id": str(early.pk), "display_name": early.user.full_name}
    assert len(earliest(api)) == 20
    assert len(earliest(api, limit=100)) == 100
    refused(api.get("/api/slots", {"limit": 201}), 400, "VALIDATION_ERROR")


def test_the_earliest_times_are_those_of_counselors_who_fit(api, cast):
    anxious = open_practice(counselor=named("Anna", specializations=["anxiety"], languages=["de"]))
    grief = open_practice(
        counselor=named(
            "Bela", specializations=["grief"], languages=["de", "hu"], primary_centre=cast.b.centre
        ),
        fee_minor=9000,
        payment_policy=PaymentPolicy.AT_CENTRE,
        modes=["in_person"],
    )
    for query, expected in (
        ({}, {anxious, grief}),
        ({"specialization": "anxiety"}, {anxious}),
        ({"language": "de"}, {anxious, grief}),
        ({"language": "hu"}, {grief}),
        ({"specialization": "anxiety", "language": "hu"}, set()),
        ({"mode": "video"}, {anxious}),
        ({"fee_max": 8999}, {anxious}),
        ({"fee_max": 9000}, {anxious, grief}),
        ({"centre": cast.b.centre.pk}, {grief}),
        ({"duration_minutes": 80}, set()),
        ({"specialization": "Anxiety'); --"}, set()),
    ):
        found = {slot["counselor"]["id"] for slot in earliest(api, limit=200, **query)}
        assert found == {str(counselor.pk) for counselor in expected}, query


# --- The price -----------------------------------------------------------------------------------------------


def queries_of(client, path, **query):
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path, query)
    assert answer.status_code == 200, answer.content
    assert done(answer)
    return [entry["sql"] for entry in captured]


def full_practice():
    counselor = open_practice()
    SessionTypeFactory(counselor=counselor, duration_minutes=80, position=1)
    for number in range(3):
        book(counselor, PatientFactory().user, coming(2, 9 + 2 * number))
    return counselor


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/api/counselors", {"page_size": 50}, 6),
        ("/api/counselors", {"page_size": 50, "ordering": "name"}, 6),
        ("/api/counselors", {"page_size": 50, "ordering": "-rating", "available_from": "2026-11-21"}, 7),
        ("/api/slots", {"limit": 200}, 4),
        ("/api/slots", {"specialization": "grief", "mode": "video"}, 3),
    ],
)
def test_thirty_counselors_cost_as_many_queries_as_one(api, path, query, expected):
    full_practice()
    few = queries_of(api, path, **query)
    for _ in range(29):
        open_practice()
    many = queries_of(api, path, **query)
    assert len(few) == len(many) <= expected, many


def test_one_counselors_slots_cost_two_queries_whatever_is_booked_and_however_many_days(api):
    counselor = open_practice()
    path = f"/api/counselors/{counselor.pk}/slots"
    assert len(queries_of(api, path)) == 3  # the hours, which are known from now on
    assert len(queries_of(api, path)) == 2
    assert len(queries_of(api, path, mode="video")) == 1
    for number in range(10):
        book(counselor, PatientFactory().user, coming(2 + number // 3, 9 + 2 * (number % 3)))
    assert len(queries_of(api, path, to=coming(60).date())) == 2
    assert len(queries_of(api, f"/api/counselors/{counselor.pk}")) <= 4
