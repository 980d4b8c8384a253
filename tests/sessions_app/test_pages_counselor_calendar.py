"""A counselor's calendar: what it shows to whom, on whose clock, at what price; and the forms for what a mouse does."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sessions_app.models import (
    AvailabilityException,
    CalendarBlock,
    ExceptionKind,
    OutsideBusy,
    OutsideCalendar,
)
from sessions_app.services.blocks import add_block
from sessions_app.services.cancellation import cancel_session
from tests.factories import PatientFactory, StaffCentreFactory
from tests.sessions_app.clinic import ask_hold, book, coming, done, instant, open_practice, refused
from tests.sessions_app.pages import browser_of, led_to, queries_of, source, words

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = f"?day={coming().date()}"


@pytest.fixture
def of_a(cast):
    return open_practice(counselor=cast.a.counselor.counselor_profile)


@pytest.fixture
def calendar_of(api_as, of_a):
    """`calendar_of(user)` reads the day of `coming()` of centre A's counselor over the API."""

    def read(user, first=None, last=None):
        first, last = first or coming().date(), last or coming().date()
        return done(api_as(user).get(f"/api/counselors/{of_a.pk}/calendar?from={first}&to={last}"))

    return read


def be_busy_elsewhere(counselor, start, end):
    calendar = OutsideCalendar.objects.create(counselor=counselor, name="Home", address="https://cal.test/h")
    return OutsideBusy.objects.create(calendar=calendar, counselor=counselor, start=start, end=end)


def block(counselor, start, title=""):
    return add_block(counselor=counselor, start=start, end=start + HOUR, title=title, actor=counselor.user)


def spans(rows):
    return [(instant(row["start"]), instant(row["end"])) for row in rows]


# --- What it holds -------------------------------------------------------------------------------------------


def test_it_holds_all_that_takes_time_and_what_stands_behind_it(api_as, cast, of_a, calendar_of):
    of_a.session_types.update(buffer_after_minutes=10)
    session = book(of_a, cast.a.patient, coming(hour=9))
    cancel_session(session=book(of_a, cast.stranger, coming(hour=11)), actor=cast.stranger)
    blocked = block(of_a, coming(hour=12), "Team")
    done(ask_hold(api_as(cast.stranger), of_a, coming(hour=15)), 201)
    AvailabilityException.objects.create(
        counselor=of_a,
        kind=ExceptionKind.UNAVAILABLE,
        first_day=coming().date(),
        last_day=coming().date(),
        start=time(14),
        end=time(15),
        timezone="UTC",
    )
    be_busy_elsewhere(of_a, coming(hour=16), coming(hour=23) + 2 * HOUR)
    shown = calendar_of(cast.a.counselor)
    assert [(one["kind"], one["title"]) for one in shown["entries"]] == [
        ("session", cast.a.patient.full_name),
        ("block", "Team"),
        ("hold", ""),
    ]
    first, second, _ = shown["entries"]
    assert (first["id"], second["id"]) == (str(session.pk), str(blocked.pk))
    assert (first["status"], first["mode"], first["type_name"]) == ("confirmed", "video", "Session")
    assert instant(first["taken_until"]) - instant(first["end"]) == timedelta(minutes=10)
    assert "reschedule" in first["can"]
    assert second["can"] == ["change", "remove"]
    assert spans(shown["hours"]) == [(coming(hour=9), coming(hour=17))]
    assert spans(shown["away"]) == [(coming(hour=14), coming(hour=15))]
    assert spans(shown["busy_elsewhere"]) == [(coming(hour=16), coming(4, 0))], "clipped to the day"
    assert shown["may_block"] is True


def test_each_reads_what_they_may(api_as, cast, of_a, calendar_of):
    patient = PatientFactory(anonymous=True)
    book(of_a, patient.user, coming(hour=9))
    elsewhere = book(of_a, cast.a.patient, coming(hour=11))
    type(elsewhere).objects.filter(pk=elsewhere.pk).update(centre=cast.b.centre)
    block(of_a, coming(hour=13), "Dentist")
    own = [one["title"] for one in calendar_of(cast.a.counselor)["entries"]]
    assert own == [patient.alias, cast.a.patient.full_name, "Dentist"]
    first, second, third = calendar_of(cast.a.care_coordinator)["entries"]
    assert first["title"] == patient.user.full_name
    assert (second["kind"], second["title"], second["status"], second["can"]) == ("session", "", None, [])
    assert third["title"] == "Dentist"
    StaffCentreFactory(user=cast.a.counselor, centre=cast.b.centre)
    at_b = calendar_of(cast.b.care_coordinator)
    assert at_b["may_block"] is False
    assert [(one["title"], one["can"] != []) for one in at_b["entries"]] == [
        ("", False),
        (cast.a.patient.full_name, True),
        ("", False),
    ]


def test_it_takes_a_fixed_number_of_queries(api_as, cast, of_a, calendar_of):
    client, figures = api_as(cast.a.counselor), []
    path = f"/api/counselors/{of_a.pk}/calendar?from={coming().date()}&to={coming(5).date()}"
    for number in range(5):
        book(of_a, PatientFactory().user, coming(3, 9 + number))
        block(of_a, coming(4, 9 + number), f"Meeting {number}")
        be_busy_elsewhere(of_a, coming(5, 9 + number), coming(5, 10 + number))
        if number in (0, 4):
            connection.data_keys_made_in_transaction.clear()  # as when the key that seals titles was committed
            done(client.get(path))
            with CaptureQueriesContext(connection) as captured:
                done(client.get(path))
            figures.append(len(captured))
    assert figures[0] == figures[1] <= 9, figures


def test_days_are_asked_for_both_and_not_too_many(api_as, cast, of_a):
    mine = api_as(cast.a.counselor)
    path = f"/api/counselors/{of_a.pk}/calendar"
    refused(mine.get(path), 400, "VALIDATION_ERROR")
    refused(mine.get(f"{path}?from=2026-12-01&to=2027-01-12"), 400, "VALIDATION_ERROR")
    done(mine.get(f"{path}?from=2026-12-01&to=2027-01-11"))


# --- Clocks that change --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "sunday", "changes", "before", "after"),
    [
        ("Europe/London", date(2026, 10, 25), datetime(2026, 10, 25, 1, tzinfo=UTC), 60, 0),
        ("Europe/London", date(2027, 3, 28), datetime(2027, 3, 28, 1, tzinfo=UTC), 0, 60),
        ("Australia/Lord_Howe", date(2026, 10, 4), datetime(2026, 10, 3, 15, 30, tzinfo=UTC), 630, 660),
    ],
)
def test_a_week_in_which_the_clocks_change_says_what_the_wall_shows(
    api_as, cast, zone, sunday, changes, before, after
):
    cast.a.counselor.timezone = zone
    cast.a.counselor.save()
    of_a = open_practice(counselor=cast.a.counselor.counselor_profile, zone=zone)
    path = f"/api/counselors/{of_a.pk}/calendar?from={sunday - timedelta(days=6)}&to={sunday}"
    shown = done(api_as(cast.a.counselor).get(path))
    assert shown["timezone"] == zone
    around = [
        (instant(one["from"]), one["offset_minutes"])
        for one in shown["clock"]
        if abs(instant(one["from"]) - changes) < timedelta(days=3)
    ]
    assert around == [(changes, after)]
    assert shown["clock"][0]["offset_minutes"] == before
    walls = [
        {(start + timedelta(minutes=offset)).time() for offset in (before if start < changes else after,)}
        for start, _ in spans(shown["hours"])
    ]
    assert walls == [{time(9)}] * 7, "9:00 on the wall each day, on both sides"


def test_the_list_of_such_a_week_is_on_the_wall_of_the_counselor(cast):
    cast.a.counselor.timezone = "Europe/London"
    cast.a.counselor.save()
    with time_machine.travel(datetime(2026, 10, 20, 9, tzinfo=UTC)):
        of_a = open_practice(counselor=cast.a.counselor.counselor_profile, zone="Europe/London")
        for day, hour in ((24, 12), (25, 13)):  # 1 pm on the Saturday and on the Sunday
            book(of_a, PatientFactory().user, datetime(2026, 10, day, hour, tzinfo=UTC))
        page = browser_of(cast.manager).get(f"/counselors/{of_a.pk}/calendar?day=2026-10-25&view=list")
    shown = words(page)
    assert shown.count("1:00 pm–1:50 pm") == 2
    assert shown.count("Hours 9:00 am–5:00 pm") == 7
    assert "19–25 October 2026" in shown
    assert "Times are London time" in shown


@pytest.mark.parametrize(
    ("day", "start", "end", "first", "last"),
    [
        ("2026-10-25", "01:30", "02:30", "00:30", "02:30"),  # 1:30 comes twice: from the first
        ("2026-10-25", "00:30", "01:30", "23:30", "01:30"),  # until the last
        ("2027-03-28", "01:30", "03:00", "01:00", "02:00"),  # 1:30 is jumped over
        ("2026-12-01", "22:00", "01:00", "22:00", "01:00"),  # over midnight
    ],
)
def test_a_typed_block_is_on_the_wall_of_the_counselor(cast, of_a, day, start, end, first, last):
    cast.a.counselor.timezone = "Europe/London"
    cast.a.counselor.save()
    with time_machine.travel(datetime(2026, 10, 20, 9, tzinfo=UTC)):
        page = reverse("block_new", args=[of_a.pk])
        answer = browser_of(cast.a.counselor).post(page, {"day": day, "start": start, "end": end})
    assert led_to(answer) == f"/calendar?day={day}"
    made = CalendarBlock.objects.get()
    assert (f"{made.start:%H:%M}", f"{made.end:%H:%M}") == (first, last)


# --- The page and its forms ----------------------------------------------------------------------------------


def test_a_week_as_a_list_with_links_for_what_a_mouse_does(cast, of_a):
    session = book(of_a, cast.a.patient, coming(hour=9))
    blocked = block(of_a, coming(hour=12), "Team meeting")
    be_busy_elsewhere(of_a, coming(hour=16), coming(hour=17))
    answer = browser_of(cast.a.counselor).get("/calendar" + DAY)
    shown = words(answer)
    assert f"9:00 am–9:50 am {cast.a.patient.full_name} Session By video" in shown
    assert "12:00 pm–1:00 pm Team meeting Blocked" in shown
    assert "Busy in another calendar 4:00 pm–5:00 pm" in shown
    page = source(answer)
    for link in (
        reverse("session_reschedule", args=[session.pk]),
        reverse("session_detail", args=[session.pk]),
        reverse("block_edit", args=[of_a.pk, blocked.pk]),
        f"{reverse('block_new', args=[of_a.pk])}?day={coming().date()}",
    ):
        assert f'href="{link}"' in page


def test_weeks_begin_on_monday_a_day_is_one_day_and_nonsense_is_this_week(cast, of_a):
    mine = browser_of(cast.a.counselor)
    with time_machine.travel(datetime(2026, 12, 30, 9, tzinfo=UTC)):
        assert "28 December–3 January 2027" in words(mine.get("/calendar?day=2027-01-03"))
        assert "Sunday 3 January 2027" in words(mine.get("/calendar?day=2027-01-03&view=day"))
        assert "28 December–3 January 2027" in words(mine.get("/calendar?day=soon&view=never"))
    assert "data-calendar-grid" not in source(mine.get("/calendar?view=list"))


def test_the_grid_reaches_around_what_is_in_it(cast, of_a):
    def reach(day):
        page = source(browser_of(cast.a.counselor).get(f"/calendar?view=day&day={day}"))
        return [page.partition(f'data-{name}="')[2].partition('"')[0] for name in ("opens", "closes")]

    assert reach(coming().date()) == ["8", "18"]
    block(of_a, coming(hour=5))
    add_block(counselor=of_a, start=coming(hour=19), end=coming(hour=19, minute=30), actor=cast.a.counselor)
    assert reach(coming().date()) == ["5", "20"]
    block(of_a, coming(5, 23) + timedelta(minutes=30))
    assert (reach(coming(5).date()), reach(coming(6).date())) == (["8", "24"], ["0", "18"])


def test_time_is_blocked_changed_and_freed_by_forms(cast, of_a):
    mine = browser_of(cast.a.counselor)
    new, day = reverse("block_new", args=[of_a.pk]), coming().date()
    assert f'value="{day}"' in source(mine.get(f"{new}?day={day}"))
    typed = {"title": "Team", "day": day, "start": "10:00", "end": "11:00"}
    assert "This time is blocked" in words(mine.post(new, typed, follow=True))
    made = CalendarBlock.objects.get()
    page = reverse("block_edit", args=[of_a.pk, made.pk])
    assert 'value="Team"' in source(mine.get(page))
    assert led_to(mine.post(page, typed | {"end": "12:30"})) == f"/calendar?day={day}"
    made.refresh_from_db()
    assert made.end == coming(hour=12, minute=30)
    remove = reverse("block_remove", args=[of_a.pk, made.pk])
    assert led_to(mine.get(remove)) == page
    assert "The block is gone" in words(mine.post(remove, follow=True))
    assert mine.get(page).status_code == 404


def test_the_form_says_what_is_in_the_way_and_what_is_wrong(cast, of_a):
    book(of_a, cast.a.patient, coming(hour=10))
    mine, page = browser_of(cast.a.counselor), reverse("block_new", args=[of_a.pk])
    typed = {"title": "Team", "day": coming().date(), "start": "10:00", "end": "11:00"}
    shown = words(mine.post(page, typed), 422)
    assert f"A session with {cast.a.patient.full_name} is there" in shown
    assert "Enter a valid time" in words(mine.post(page, typed | {"start": "soon"}), 422)
    assert "At least 5 minutes" not in shown
    assert "ends at least 5 minutes" in words(mine.post(page, typed | {"start": "8:00", "end": "8:02"}), 422)
    assert "This time is over" in words(mine.post(page, typed | {"day": "2020-01-01"}), 422)


def test_those_who_plan_have_the_page_and_others_do_not(cast, of_a):
    page = reverse("planned_calendar", args=[of_a.pk])
    for role in ("care_coordinator", "centre_manager", "manager", "admin"):
        shown = browser_of(cast.of_role(role)).get(page)
        assert f"Calendar of {cast.a.counselor.full_name}" in words(shown)
    for user in (cast.a.patient, cast.a.front_desk, cast.b.counselor, cast.b.centre_manager):
        assert browser_of(user).get(page).status_code == 403
        assert browser_of(user).get(reverse("block_new", args=[of_a.pk])).status_code == 403
    assert browser_of(cast.a.patient).get("/calendar").status_code == 403
    assert page in source(browser_of(cast.a.centre_manager).get("/hours"))


def test_the_page_takes_as_many_queries_for_one_as_for_many(cast, of_a):
    mine = browser_of(cast.a.counselor)
    book(of_a, cast.a.patient, coming(hour=9))
    for_one = queries_of(mine, "/calendar" + DAY)
    for hour in (10, 11, 12, 13, 14):
        book(of_a, PatientFactory().user, coming(hour=hour))
        block(of_a, coming(4, hour))
    assert queries_of(mine, "/calendar" + DAY) == for_one
