"""Adding, seeing and removing outside calendars, by page and by API; the address goes in and never comes out."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from core.models import OutboxEntry
from sessions_app.models import OutsideBusy, OutsideCalendar
from sessions_app.models.outside import Problem
from tests.factories import CounselorFactory
from tests.sessions_app.clinic import coming, done, open_practice, refused
from tests.sessions_app.pages import browser_of, led_to, source, words

PAGE = "/settings/calendar"
ADDRESS = "https://calendar.example/private-8f3a/basic.ics"


@pytest.fixture
def calendars(practice, api_as):
    """`calendars(method, path="", **body)` asks the API as the counselor."""
    mine = api_as(practice.user)
    base = f"/api/counselors/{practice.pk}/outside-calendars"
    return lambda method, path="", **body: getattr(mine, method)(base + path, body or None, format="json")


def add(calendars, name="Home", address=ADDRESS):
    return calendars("post", name=name, address=address)


def test_it_is_added_shown_and_removed(calendars, practice):
    added = done(add(calendars), 201)
    assert (added["name"], added["host"], added["problem"]) == ("Home", "calendar.example", None)
    (listed,) = done(calendars("get"))
    assert listed == added
    done(calendars("delete", f"/{added['id']}"), 204)
    assert done(calendars("get")) == []
    actions = AuditEvent.objects.filter(action__startswith="outside_calendar").order_by("id")
    assert [event.action for event in actions] == ["outside_calendar.added", "outside_calendar.removed"]


def test_the_address_is_in_no_answer_no_row_and_no_event(calendars, practice):
    answers = [add(calendars), calendars("get"), add(calendars)]
    answers.append(browser_of(practice.user).get(PAGE))
    for answer in answers:
        assert b"8f3a" not in answer.content
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM sessions_app_outsidecalendar t")
        assert "8f3a" not in cursor.fetchone()[0]
    assert "8f3a" not in str(list(OutboxEntry.objects.values_list("payload", flat=True)))


def test_webcal_is_https_by_another_name(calendars):
    added = done(add(calendars, address="webcal://calendar.example/a.ics"), 201)
    assert OutsideCalendar.objects.get(pk=added["id"]).address == "https://calendar.example/a.ics"


@pytest.mark.parametrize(
    "address",
    [
        "http://calendar.example/a.ics",
        "calendar.example",
        "https://me:x@calendar.example/",
        "https://a:22/",
        "x",
    ],
)
def test_what_cannot_be_read_is_refused_at_once(calendars, address):
    error = refused(add(calendars, address=address), 400, "VALIDATION_ERROR")
    assert error["details"]["address"] == [Problem.ADDRESS.label]
    assert not OutsideCalendar.objects.exists()


def test_the_same_twice_and_a_sixth_are_refused(calendars):
    done(add(calendars), 201)
    refused(add(calendars), 400, "VALIDATION_ERROR")
    for number in range(4):
        done(add(calendars, address=f"https://calendar.example/{number}.ics"), 201)
    error = refused(add(calendars, address="https://calendar.example/x.ics"), 400, "VALIDATION_ERROR")
    assert "Remove one first" in error["message"]


def test_reading_now_is_asked_for_once_a_minute(calendars):
    added = done(add(calendars), 201)
    OutboxEntry.objects.all().delete()
    done(calendars("post", f"/{added['id']}/read"))
    assert OutboxEntry.objects.filter(event="outside_calendar.wanted").count() == 1
    answer = calendars("post", f"/{added['id']}/read")
    refused(answer, 429, "THROTTLED")
    assert answer["Retry-After"] == "60"


def test_another_counselors_calendar_is_not_there(calendars, api_as):
    added = done(add(calendars), 201)
    other = CounselorFactory()
    stranger = api_as(other.user)
    answer = stranger.delete(f"/api/counselors/{other.pk}/outside-calendars/{added['id']}")
    refused(answer, 404, "NOT_FOUND")


def test_busy_times_are_shown_to_those_who_plan(practice, api_as, patient):
    calendar = OutsideCalendar.objects.create(counselor=practice, name="Home", address=ADDRESS)
    for days in (1, 3, 40):
        start = coming(days)
        OutsideBusy.objects.create(
            calendar=calendar, counselor=practice, start=start, end=start.replace(hour=11)
        )
    days = {"from": coming(2).date(), "to": coming(3).date()}
    path = f"/api/counselors/{practice.pk}/busy"
    (shown,) = done(api_as(practice.user).get(path, days))
    assert shown == {
        "start": coming(3).isoformat().replace("+00:00", "Z"),
        "end": coming(3, 11).isoformat().replace("+00:00", "Z"),
    } or shown["start"].startswith(f"{coming(3):%Y-%m-%dT09:00}")
    refused(api_as(practice.user).get(path), 400, "VALIDATION_ERROR")
    refused(api_as(patient).get(path, days), 403, "PERMISSION_DENIED")


# --- The page


def test_counselor_adds_reads_and_removes_on_the_page(practice):
    browser = browser_of(practice.user)
    assert led_to(browser.post(reverse("outside_calendar_add"), {"name": "Home", "address": ADDRESS})) == PAGE
    calendar = OutsideCalendar.objects.get()
    shown = words(browser.get(PAGE))
    assert "Home" in shown
    assert "calendar.example" in shown
    assert "It is being read for the first time" in shown
    assert led_to(browser.post(reverse("outside_calendar_read", args=[calendar.pk]))) == PAGE
    assert led_to(browser.post(reverse("outside_calendar_read", args=[calendar.pk]))) == PAGE
    assert "Wait a minute" in source(browser.get(PAGE))
    assert led_to(browser.post(reverse("outside_calendar_remove", args=[calendar.pk]))) == PAGE
    assert not OutsideCalendar.objects.exists()


def test_the_page_says_what_went_wrong_and_what_still_counts(practice):
    OutsideCalendar.objects.create(
        counselor=practice,
        name="Home",
        address=ADDRESS,
        problem=Problem.REFUSED,
        failures=2,
        last_read_at=timezone.now(),
    )
    shown = words(browser_of(practice.user).get(PAGE))
    assert Problem.REFUSED.label in shown
    assert "Last read Today" in shown
    assert "What was busy then still counts" in shown


def test_what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost(practice):
    browser = browser_of(practice.user)
    answer = browser.post(reverse("outside_calendar_add"), {"name": "Home", "address": "http://x.example/"})
    assert Problem.ADDRESS.label in words(answer, 422)
    assert re.search(r'name="name" value="Home"', source(answer, 422))
    assert "error-summary" in source(answer, 422)


def test_patients_have_no_outside_calendars(patient):
    browser = browser_of(patient)
    assert "Your other calendars" not in words(browser.get(PAGE))
    answer = browser.post(reverse("outside_calendar_add"), {"name": "Home", "address": ADDRESS})
    assert answer.status_code == 403
    assert browser.post(reverse("outside_calendar_add"), {}).status_code == 403


def test_the_page_takes_a_fixed_number_of_queries(practice):
    figures = []
    for number in range(2):
        OutsideCalendar.objects.create(
            counselor=practice, name=f"Home {number}", address=ADDRESS + str(number)
        )
        browser = browser_of(practice.user)
        browser.get(PAGE)
        with CaptureQueriesContext(connection) as captured:
            source(browser.get(PAGE))
        # The key that this transaction made is read anew each time; a committed one stays in the process.
        figures.append(sum("core_datakey" not in query["sql"] for query in captured))
    assert figures[0] == figures[1]


def test_another_counselors_calendar_is_not_on_ones_page(practice):
    calendar = OutsideCalendar.objects.create(counselor=practice, name="Secret", address=ADDRESS)
    other = browser_of(open_practice().user)
    assert "Secret" not in words(other.get(PAGE))
    assert other.post(reverse("outside_calendar_remove", args=[calendar.pk])).status_code == 404
    assert OutsideCalendar.objects.exists()
