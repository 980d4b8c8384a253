"""The counselor's day and the front desk's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.models import OutsideBusy, OutsideCalendar
from sessions_app.services.blocks import add_block
from sessions_app.services.cancellation import cancel_session
from tests.factories import CentreFactory, PatientFactory, StaffCentreFactory
from tests.sessions_app.clinic import book, coming, open_practice
from tests.sessions_app.pages import browser_of, led_to, queries_of, source, words

pytestmark = pytest.mark.django_db
DAY = f"?day={coming().date()}"


@pytest.fixture
def of_a(cast):
    return open_practice(counselor=cast.a.counselor.counselor_profile)


@pytest.fixture
def of_b(cast):
    return open_practice(counselor=cast.b.counselor.counselor_profile)


# --- Today ---------------------------------------------------------------------------------------------------


def test_the_day_shows_sessions_in_order_and_what_lies_between(cast, of_a):
    second = book(of_a, cast.stranger, coming(hour=14))
    first = book(of_a, cast.a.patient, coming(hour=9))
    answer = browser_of(cast.a.counselor).get("/today" + DAY)

    assert "2 sessions. Times are UTC." in words(answer)
    assert "9:50 am Nothing until 2:00 pm" in words(answer)
    assert source(answer).index(str(first.pk)) < source(answer).index(str(second.pk))


def test_a_cancelled_session_stays_visible_and_is_not_counted(cast, of_a):
    cancel_session(session=book(of_a, cast.a.patient, coming()), actor=cast.a.patient)
    page = words(browser_of(cast.a.counselor).get("/today" + DAY))
    assert "No sessions." in page
    assert "Cancelled" in page


def test_an_empty_day_says_what_to_do(cast, of_a):
    assert "Look at my hours" in words(browser_of(cast.a.counselor).get("/today"))


def test_the_day_shows_blocks_and_being_busy_elsewhere_and_gaps_reckon_with_them(cast, of_a):
    book(of_a, cast.a.patient, coming(hour=9))
    add_block(
        counselor=of_a, start=coming(hour=10), end=coming(hour=11), title="Team", actor=cast.a.counselor
    )
    calendar = OutsideCalendar.objects.create(counselor=of_a, name="Home", address="https://cal.test/h.ics")
    for start, end in ((coming(hour=12), coming(hour=13)), (coming(hour=12), coming(4, 2))):
        OutsideBusy.objects.create(calendar=calendar, counselor=of_a, start=start, end=end)
    page = words(browser_of(cast.a.counselor).get("/today" + DAY))
    assert "1 session." in page
    assert "10:00 am Team , blocked until 11:00 am" in page
    assert "11:00 am Nothing until 12:00 pm 12:00 pm Busy in another calendar until 12:00 am" in page
    assert page.count("Busy in another calendar") == 1
    next_day = f"?day={coming(4).date()}"
    assert "12:00 am Busy in another calendar until 2:00 am" in words(
        browser_of(cast.a.counselor).get("/today" + next_day)
    )


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "0001-01-01", "9999-12-31", ""])
def test_a_day_that_is_none_is_today(cast, of_a, day):
    page = words(browser_of(cast.a.counselor).get(f"/today?day={day}"))
    assert "Today," in page


def test_a_day_is_the_readers_own(cast, of_a):
    counselor = cast.a.counselor
    book(of_a, cast.a.patient, coming(hour=16))
    counselor.timezone = "Pacific/Auckland"
    counselor.save()
    shown = browser_of(counselor)
    assert cast.a.patient.full_name not in words(shown.get("/today" + DAY))
    next_day = coming().date() + timedelta(days=1)
    assert "Auckland time" in words(shown.get(f"/today?day={next_day}"))
    assert cast.a.patient.full_name in words(shown.get(f"/today?day={next_day}"))


@pytest.mark.parametrize("address", ["/today", "/availability", "/availability/types/new"])
@pytest.mark.parametrize(
    "role", ["patient", "front_desk", "care_coordinator", "centre_manager", "manager", "admin"]
)
def test_a_counselors_own_pages_are_for_counselors(cast, address, role):
    assert "not open to you" in words(browser_of(cast.of_role(role)).get(address), 403)


@pytest.mark.parametrize(
    "address", ["/today", "/availability", "/availability/types/new", "/desk", "/sessions"]
)
def test_visitors_sign_in_first(address):
    assert led_to(browser_of().get(address)) == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("address", ["/today", "/desk", "/sessions"])
def test_pages_that_only_show_take_nothing_else(cast, address):
    assert browser_of(cast.admin).post(address).status_code == 405


# --- The desk ------------------------------------------------------------------------------------------------


def test_the_desk_sees_its_own_centre_only(cast, of_a, of_b):
    book(of_a, cast.a.patient, coming())
    book(of_b, cast.b.patient, coming())
    page = words(browser_of(cast.a.front_desk).get("/desk" + DAY))

    assert "1 session at Centre A." in page
    assert f"{cast.a.patient.full_name} {cast.a.counselor.full_name} Session" in page
    assert cast.b.patient.full_name not in page


def test_the_desk_knows_an_anonymous_patient_by_name(cast, of_a):
    patient = PatientFactory(anonymous=True)
    book(of_a, patient.user, coming())
    assert patient.user.full_name in words(browser_of(cast.a.front_desk).get("/desk" + DAY))


def test_who_has_several_centres_chooses_among_them(cast, of_a, of_b):
    book(of_a, cast.a.patient, coming())
    book(of_b, cast.b.patient, coming())
    StaffCentreFactory(user=cast.a.front_desk, centre=cast.b.centre)
    desk = browser_of(cast.a.front_desk)

    assert "2 sessions." in words(desk.get("/desk" + DAY))
    one = words(desk.get(f"/desk{DAY}&centre={cast.b.centre.pk}"))
    assert cast.b.patient.full_name in one
    assert cast.a.patient.full_name not in one


def test_a_centre_that_is_not_ones_own_cannot_be_chosen(cast, of_b):
    book(of_b, cast.b.patient, coming())
    page = words(browser_of(cast.a.front_desk).get(f"/desk{DAY}&centre={cast.b.centre.pk}"))
    assert cast.b.patient.full_name not in page


@pytest.mark.parametrize("role", ["patient", "counselor"])
def test_the_desk_is_for_staff(cast, role):
    assert browser_of(cast.of_role(role)).get("/desk").status_code == 403


@pytest.mark.parametrize(
    ("address", "role"), [("/today", "counselor"), ("/desk", "front_desk"), ("/desk", "admin")]
)
def test_a_day_takes_as_many_queries_for_one_session_as_for_many(cast, of_a, address, role):
    client = browser_of(cast.of_role(role))
    book(of_a, cast.a.patient, coming(hour=9))
    for_one = queries_of(client, address + DAY)
    for hour in (10, 11, 12, 13, 14):
        book(of_a, PatientFactory().user, coming(hour=hour))

    assert queries_of(client, address + DAY) == for_one


def test_the_desk_of_no_centre_is_empty_and_no_error(db):
    from accounts.roles import Role
    from tests.factories import StaffFactory

    CentreFactory()
    assert "Nothing is planned" in words(browser_of(StaffFactory(role=Role.FRONT_DESK)).get("/desk"))


def test_days_before_and_after_are_one_step_away(cast):
    today = timezone.now().date()
    page = source(browser_of(cast.admin).get("/desk"))
    assert f"day={today - timedelta(days=1)}" in page
    assert f"day={today + timedelta(days=1)}" in page
