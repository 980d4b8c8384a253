"""The page of hours beyond the plain week: leave, extra hours, every other week, booking rules, preview, and whose."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from sessions_app.models import AvailabilityException, AvailabilityRule, BookingRules
from tests.factories import AvailabilityRuleFactory, PatientFactory, SessionTypeFactory, StaffCentreFactory
from tests.sessions_app.clinic import book, coming, open_practice
from tests.sessions_app.pages import browser_of, led_to, source, words
from tests.sessions_app.test_pages_hours import HOURS, field_of, filled, save

pytestmark = pytest.mark.django_db
PREVIEW = "/availability/preview"
WEEK = [(day, "09:00", "17:00") for day in range(7)]


@pytest.fixture
def counselor(db):
    return open_practice()


@pytest.fixture
def browser(counselor):
    return browser_of(counselor.user)


def leave(first, last=None, **more):
    days = {"first_day": str(first.date()), "last_day": str((last or first).date())}
    return {"id": "", "kind": "unavailable", "place": "online", **days, **more}


def saved_exceptions(counselor):
    rows = AvailabilityException.objects.filter(counselor=counselor)
    return [(row.kind, row.first_day, row.last_day, row.is_whole_days) for row in rows]


def test_leave_extra_hours_and_booking_rules_are_saved_with_the_week(browser, counselor):
    first, last = coming(5), coming(9)
    extra = leave(coming(12), kind="extra", start="18:00", end="20:00", last_day="")
    rules = {"booking-notice": 1440, "booking-horizon_days": 60, "booking-most_sessions_a_day": 4}
    answer = save(browser, *WEEK, zone="UTC", exceptions=[leave(first, last), extra], **rules)
    assert led_to(answer) == HOURS
    assert saved_exceptions(counselor) == [
        ("unavailable", first.date(), last.date(), True),
        ("extra", coming(12).date(), coming(12).date(), False),
    ]
    booking = BookingRules.objects.get(counselor=counselor)
    assert (booking.minimum_notice_minutes, booking.horizon_days, booking.most_sessions_a_day) == (
        1440,
        60,
        4,
    )

    page = source(browser.get(HOURS))
    assert field_of(page, "exceptions-0-first_day") == str(first.date())
    assert field_of(page, "exceptions-1-start") == "18:00"
    assert field_of(page, "booking-horizon_days") == "60"
    assert '<option value="1440" selected>1 day</option>' in page


def test_a_row_without_its_first_day_is_taken_out(browser, counselor):
    save(browser, *WEEK, zone="UTC", exceptions=[leave(coming(5)), leave(coming(8), DELETE="on")])
    assert len(saved_exceptions(counselor)) == 1
    save(browser, *WEEK, zone="UTC", exceptions=[{"id": "", "kind": "unavailable", "first_day": ""}])
    assert saved_exceptions(counselor) == []


def test_what_is_over_is_not_shown_and_not_lost(browser, counselor):
    gone = coming(-9).date()
    AvailabilityException.objects.create(
        counselor=counselor, kind="unavailable", first_day=gone, last_day=gone, timezone="UTC"
    )
    assert f'value="{gone}"' not in source(browser.get(HOURS))
    save(browser, *WEEK, zone="UTC", exceptions=[leave(coming(5))])
    assert [row[1] for row in saved_exceptions(counselor)] == [gone, coming(5).date()]


def test_every_other_week_is_saved_and_shown(browser, counselor):
    first = str(coming(2).date())
    save(browser, (0, "09:00", "12:00", {"every_weeks": "2", "valid_from": first}), zone="UTC")
    rule = AvailabilityRule.objects.get(counselor=counselor)
    assert (rule.every_weeks, str(rule.valid_from)) == (2, first)
    page = source(browser.get(HOURS))
    assert re.search(r'<details class="hours-more" open>', page)
    assert '<option value="2" selected>other week</option>' in page


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"exceptions": [leave(coming(5), last_day=str(coming(4).date()))]}, "last day must not be before"),
        ({"exceptions": [leave(coming(5), start="09:00")]}, "Fill in both times"),
        ({"exceptions": [leave(coming(5), kind="extra")]}, "Extra hours need both times."),
        ({"exceptions": [leave(coming(5), first_day="")]}, "Say on which day."),
        ({"exceptions": [leave(coming(5), first_day="1066-10-14")]}, "from 2000 to 2100"),
        ({"exceptions": [leave(coming(5), kind="party")]}, "Select a valid choice"),
        (
            {"exceptions": [leave(coming(5), kind="extra", start="9:00", end="8:00", last_day="")]},
            "end must be",
        ),
        ({"booking-most_sessions_a_day": 0}, "greater than or equal to 1"),
        ({"booking-horizon_days": 9999}, "less than or equal to 730"),
    ],
)
@pytest.mark.parametrize("address", [HOURS, PREVIEW])
def test_what_is_wrong_is_said_and_nothing_is_saved(browser, counselor, more, sentence, address):
    sent = filled(browser, (0, "10:00", "12:30"), zone="UTC", **more)
    page = words(browser.post(address, sent), 422)
    assert "Please look at this again" in page
    assert sentence in page
    assert AvailabilityRule.objects.filter(counselor=counselor).count() == 7
    assert saved_exceptions(counselor) == []


def test_a_preview_shows_what_would_come_of_it_and_saves_nothing(browser, counselor, patient):
    booked = book(counselor, patient, coming(5, 10))
    sent = filled(
        browser,
        *[(day, "13:00", "15:00") for day in range(7)],
        zone="UTC",
        exceptions=[leave(coming(5))],
        **{"from": str(coming(4).date()), "booking-most_sessions_a_day": 1},
    )
    answer = browser.post(PREVIEW, sent)
    page = words(answer)
    assert "Nothing is saved yet." in page
    assert "1 session would lie outside these hours" in page
    assert field_of(source(answer), "rules-0-start") == "13:00", "what was typed stays"
    days = re.search(r'<ol class="preview-days">(.*?)</ol>', source(answer), re.DOTALL).group(1)
    days = [unescape(re.sub(r"<[^>]+>|\s+", " ", day)) for day in days.split("<h4>")[1:]]
    assert "1:00" in days[0]
    assert "9:00" not in days[0]
    assert "Nothing." in days[1], "leave"
    assert str(counselor.pk) not in days[0]
    assert AvailabilityRule.objects.filter(counselor=counselor, start__hour=9).count() == 7
    assert saved_exceptions(counselor) == []
    assert booked


def test_a_preview_shows_what_will_be_offered_once_it_is_saved(browser, counselor, patient):
    """The same hours before and after saving, most a day and notice among them."""
    book(counselor, patient, coming(6, 10))
    sent = filled(
        browser,
        *[(day, "09:00", "12:00") for day in range(7)],
        zone="UTC",
        exceptions=[leave(coming(4), start="09:00", end="10:00"), leave(coming(7))],
        **{
            "from": str(coming(3).date()),
            "booking-most_sessions_a_day": 1,
            "booking-notice": 1440 * 3,
        },
    )
    previewed = source(browser.post(PREVIEW, sent)).split('class="preview-days"')[1].count("slot-shown")
    assert led_to(browser.post(HOURS, sent)) == HOURS
    shown = 0
    for number in range(3, 10):
        day = coming(number).date()
        page = source(browser.get(f"{HOURS}?from={coming(3).date()}&day={day}"))
        if 'aria-current="date"' in page and "slots-title" in page:
            chosen = re.search(r'id="day-([\d-]+)"[^>]*aria-current="date"', page)
            if chosen and chosen.group(1) == str(day):
                shown += page.count("slot-shown")
    assert shown == previewed > 0


def test_after_leave_was_saved_the_page_lists_each_session_in_it_with_new_times(browser, counselor):
    for number in range(3):
        patient = PatientFactory(anonymous=True, alias=f"Heron {number}", user__first_name="Secret")
        book(counselor, patient.user, coming(5 + number, 10))
    answer = save(browser, *WEEK, zone="UTC", exceptions=[leave(coming(5), coming(7))])
    page = words(browser.get(led_to(answer)))
    assert "3 sessions lie outside these hours" in page
    assert page.count("Nearest free times that the patient has too") == 3
    assert "Heron 2" in page
    assert "Secret" not in page


def test_the_month_shows_leave_extra_hours_and_how_long_each_day_is(browser, counselor):
    first = coming(40).replace(day=10)
    save(
        browser,
        *WEEK,
        zone="UTC",
        exceptions=[
            leave(first, first + timedelta(days=1)),
            leave(first + timedelta(days=3), kind="extra", start="18:00", end="19:30", last_day=""),
            leave(first + timedelta(days=5), start="09:00", end="12:00"),
        ],
    )
    page = source(browser.get(f"{HOURS}?month={first:%Y-%m}"))
    month = re.search(r'<section class="month".*?</section>', page, re.DOTALL).group()
    assert month.count(">away<") == 2
    assert month.count(">part away<") == 1
    assert month.count(">extra<") == 1
    assert ">9.5 h<" in month
    assert f"{first:%B} {first.year}" in month
    assert browser.get(f"{HOURS}?month=2027-99").status_code == 200
    assert browser.get(f"{HOURS}?month=2100-12").status_code == 200


# --- Whose hours ---------------------------------------------------------------------------------------------


def test_centre_staff_find_and_change_the_hours_of_their_counselors(cast):
    counselor = cast.a.counselor.counselor_profile
    SessionTypeFactory(counselor=counselor)
    browser = browser_of(cast.a.care_coordinator)
    listed = words(browser.get(reverse("planned_counselors")))
    assert counselor.user.full_name in listed
    assert cast.b.counselor.full_name not in listed
    page = reverse("counselor_hours", args=[counselor.pk])
    answer = save(browser, (1, "09:00", "12:00"), page=page, zone="UTC", exceptions=[leave(coming(5))])
    assert led_to(answer) == page
    assert AvailabilityRule.objects.filter(counselor=counselor).count() == 1
    assert len(saved_exceptions(counselor)) == 1
    assert "Save the hours" in words(browser.get(page))


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("a.front_desk", 403),
        ("b.care_coordinator", 403),
        ("stranger", 403),
        ("a.centre_manager", 200),
        ("admin", 200),
    ],
)
def test_only_those_who_plan_open_the_hours_of_a_counselor(cast, who, status):
    person = cast
    for part in who.split("."):
        person = getattr(person, part)
    page = reverse("counselor_hours", args=[cast.a.counselor.pk])
    assert browser_of(person).get(page).status_code == status
    assert browser_of(person).get(reverse("planned_counselors")).status_code == (
        200 if who == "b.care_coordinator" else status
    )


def test_a_coordinator_of_one_centre_leaves_the_hours_of_the_other_alone(cast):
    counselor = cast.a.counselor.counselor_profile
    StaffCentreFactory(user=counselor.user, centre=cast.b.centre)
    AvailabilityRuleFactory(counselor=counselor, weekday=0)
    AvailabilityRuleFactory(counselor=counselor, weekday=1, centre=cast.b.centre)
    browser = browser_of(cast.b.care_coordinator)
    page = reverse("counselor_hours", args=[counselor.pk])
    shown = words(browser.get(page))
    assert "Planned by another centre, and left as it is: Monday 09:00–17:00 at Centre A" in shown
    assert "Most sessions a day" not in shown
    place = {"place": str(cast.b.centre.pk)}
    assert led_to(save(browser, (3, "10:00", "12:00", place), page=page, zone="UTC")) == page
    days = AvailabilityRule.objects.filter(counselor=counselor).values_list("weekday", flat=True)
    assert sorted(days) == [0, 3]
    answer = save(
        browser, (3, "10:00", "12:00", place), page=page, zone="UTC", exceptions=[leave(coming(5), **place)]
    )
    assert "Choose what it is from the list." in words(answer, 422)


# --- Why a time is not offered -------------------------------------------------------------------------------


def ask(browser, counselor, start, **more):
    offered = counselor.session_types.first()
    query = {"day": start.date(), "time": f"{start:%H:%M}", "type": offered.pk} | more
    return browser.get(reverse("why_not_offered", args=[counselor.pk]), query)


def test_the_counselor_reads_why_a_time_is_not_offered(browser, counselor, patient):
    assert "This time is offered" in words(ask(browser, counselor, coming(5, 10)))
    session = book(counselor, patient, coming(5, 10))
    taken = ask(browser, counselor, coming(5, 10, 15))
    assert "A session or a hold is there already." in words(taken)
    assert reverse("session_detail", args=[session.pk]) in source(taken)
    assert "no weekly or extra hours" in words(ask(browser, counselor, coming(5, 3)))
    assert "they are" in words(ask(browser, counselor, coming(5, 16, 30)))


@pytest.mark.parametrize(("who", "status"), [("stranger", 403), ("b.front_desk", 403), ("a.front_desk", 200)])
def test_who_works_with_the_counselor_may_ask_on_the_page(cast, who, status):
    counselor = cast.a.counselor.counselor_profile
    SessionTypeFactory(counselor=counselor)
    person = cast
    for part in who.split("."):
        person = getattr(person, part)
    assert ask(browser_of(person), counselor, coming(5, 10)).status_code == status
    assert browser_of(person).get(reverse("why_not_offered", args=[counselor.pk])).status_code == status
