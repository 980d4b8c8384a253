"""The main job in Chromium: a stranger finds a counselor, keeps a time, books it, and those concerned see it."""

import re

import pytest
from playwright.sync_api import expect

from sessions_app.models import CalendarEntry, Occupancy, Session
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.watch import assert_good_to_read
from tests.factories import CounselorFactory, PatientFactory, SessionTypeFactory, StaffFactory
from tests.sessions_app.clinic import book, coming, open_practice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOTE = "I sleep badly since March.\nMornings are hardest."


@pytest.fixture
def practice():
    """Asha Rao, there every day from nine to five, UTC, with two session types; and a colleague."""
    asha = CounselorFactory(
        user__first_name="Asha", user__last_name="Rao", specializations=["Sleep", "Grief"], bio="I listen."
    )
    open_practice(counselor=asha, name="First session", modes=["video", "phone"])
    SessionTypeFactory(counselor=asha, name="Session", position=1, paid=True)
    colleague = CounselorFactory(user__first_name="Tom", user__last_name="Okoro", specializations=["Family"])
    open_practice(counselor=colleague)
    return asha


@pytest.fixture
def patient():
    return PatientFactory(
        anonymous=True, alias="Quiet Heron", user__first_name="Secret", user__last_name="Name"
    ).user


def choose_day(page, days):
    """Chooses the coming day in the slot picker."""
    day = coming(days).date()
    page.locator(f"#day-{day}").click()
    page.get_by_role("heading", name=f"{day:%A} {day.day} {day:%B}").wait_for()


def keep(page, counselor, days=3, clock="9:00"):
    """From the profile of the counselor to the details of a kept time."""
    page.goto(f"/counselors/{counselor.pk}")
    choose_day(page, days)
    page.get_by_role("button", name=re.compile(rf"^{clock}")).click()
    page.wait_for_url("**/book/*")


def run_out(page):
    """Lets the hold whose page this is expire on the server, with nobody sweeping."""
    entry = page.url.rsplit("/", 1)[1]
    past = coming(-4)
    assert CalendarEntry.objects.filter(pk=entry).update(expires_at=past) == 1
    Occupancy.objects.filter(entry=entry).update(expires_at=past)


# --- The journey ---------------------------------------------------------------------------------------------


def find(page):
    page.goto("/counselors")
    if page.get_by_text("More filters").is_visible():
        expect(page.get_by_label("Language")).not_to_be_visible()
    page.get_by_label("Help with").select_option("Sleep")


def sign_up(page):
    page.get_by_label("First name").fill("Mina")
    page.get_by_label("Last name").fill("Das")
    page.get_by_label("Email").fill("mina@example.test")
    page.get_by_label("Password").fill("a-very-long-secret-9")
    page.get_by_role("button", name="Make my account").click()


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"]
)
def test_a_stranger_books_and_cancels(browser_of, practice, viewport, scheme):
    page = browser_of(viewport=viewport, color_scheme=scheme)

    find(page)
    expect(page.get_by_text("1 counselor. Times are UTC.")).to_be_visible()
    assert page.url.endswith("/counselors?specialization=Sleep&ordering=next_free")
    assert_good_to_read(page, scheme)

    page.get_by_role("link", name="See times of Asha Rao").click()
    page.get_by_text("Phone", exact=True).click()
    page.wait_for_url("**mode=phone**")
    choose_day(page, 4)
    assert_good_to_read(page, scheme)

    page.get_by_role("link", name=re.compile("^9:15")).click()
    expect(page.get_by_role("heading", name="Keep this time?")).to_be_visible()
    assert_good_to_read(page, scheme)
    page.get_by_role("link", name="Make an account").click()
    sign_up(page)
    expect(page.get_by_text("9:15")).to_be_visible()
    page.get_by_role("button", name="Keep this time").click()

    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^4:[0-5]\d$"))
    assert_good_to_read(page, scheme)
    page.get_by_label("Is there something your counselor should know before?").fill(NOTE)
    page.get_by_role("button", name="Keep it five minutes longer").click()
    expect(page.get_by_label("Is there something your counselor should know before?")).to_have_value(NOTE)
    page.get_by_role("button", name="Book this session").click()

    expect(page.get_by_role("heading", name="Your session is booked")).to_be_visible()
    assert_good_to_read(page, scheme)
    with page.expect_download() as download:
        page.get_by_role("link", name="Add to my calendar").click()
    assert download.value.suggested_filename == "appointment.ics"
    page.get_by_role("main").get_by_role("link", name="My sessions").click()
    assert_good_to_read(page, scheme)
    page.get_by_role("link", name="First session with Asha Rao").click()
    expect(page.get_by_text("Mornings are hardest.")).to_be_visible()
    assert_good_to_read(page, scheme)

    page.get_by_role("link", name="Cancel this session").click()
    assert_good_to_read(page, scheme)
    page.get_by_role("button", name="Cancel the session").click()
    expect(page.get_by_text("The session is cancelled. Everyone concerned is told.")).to_be_visible()
    assert_good_to_read(page, scheme)


def test_a_stranger_books_and_cancels_without_scripts(browser_of, practice):
    page = browser_of(viewport=PHONE, java_script_enabled=False)

    find(page)
    page.get_by_text("More filters").click()
    page.get_by_label("How to meet").select_option("phone")
    page.get_by_role("button", name="Show counselors").click()
    expect(page.get_by_text("1 counselor. Times are UTC.")).to_be_visible()
    page.get_by_role("link", name="See times of Asha Rao").click()
    page.get_by_text("Phone", exact=True).click()
    page.get_by_role("button", name="Show times").click()
    choose_day(page, 4)
    page.get_by_role("link", name=re.compile("^9:15")).click()
    page.get_by_role("link", name="Make an account").click()
    sign_up(page)
    page.get_by_role("button", name="Keep this time").click()
    expect(page.get_by_role("timer")).not_to_be_visible()
    page.get_by_label("Is there something your counselor should know before?").fill(NOTE)
    page.get_by_role("button", name="Keep it five minutes longer").click()
    expect(page.get_by_label("Is there something your counselor should know before?")).to_have_value(NOTE)
    page.get_by_role("button", name="Book this session").click()
    expect(page.get_by_role("heading", name="Your session is booked")).to_be_visible()
    page.get_by_role("link", name="Cancel this session").click()
    page.get_by_role("button", name="Cancel the session").click()
    expect(page.get_by_text("Cancelled by you")).to_be_visible()


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "dark"), (PHONE, "light")], ids=["desktop-dark", "phone-light"]
)
def test_the_counselor_and_the_desk_see_it_on_their_day(browser_of, practice, patient, viewport, scheme):
    session = book(practice, patient, coming(), mode="video")
    day = f"?day={coming().date()}"
    counselor = browser_of(practice.user, viewport=viewport, color_scheme=scheme)

    counselor.goto(f"/today{day}")
    expect(counselor.get_by_role("link", name="Quiet Heron")).to_be_visible()
    assert "Secret" not in counselor.content()
    assert_good_to_read(counselor, scheme)
    counselor.goto("/availability")
    assert_good_to_read(counselor, scheme)

    front_desk = browser_of(
        StaffFactory(centre=practice.primary_centre), viewport=viewport, color_scheme=scheme
    )
    front_desk.goto(f"/desk{day}")
    expect(
        front_desk.get_by_role("row", name=re.compile("Secret Name Asha Rao First session"))
    ).to_be_visible()
    assert_good_to_read(front_desk, scheme)
    front_desk.get_by_role("link", name="Secret Name").first.click()
    assert_good_to_read(front_desk, scheme)
    assert front_desk.url.endswith(str(session.pk))


# --- What may happen on the way ------------------------------------------------------------------------------


def test_the_five_minutes_run_out_and_nothing_written_is_lost(browser_of, practice, patient):
    page = browser_of(patient)
    page.clock.install()
    keep(page, practice)
    page.get_by_label("Is there something").fill(NOTE)
    run_out(page)
    page.clock.run_for(301_000)
    expect(page.get_by_role("button", name="Book this session")).not_to_be_visible()
    page.get_by_role("button", name="Keep it again").click()

    expect(page.get_by_text("The five minutes were over")).to_be_visible()
    expect(page.get_by_label("Is there something")).to_have_value(NOTE)
    page.get_by_role("button", name="Book this session").click()
    expect(page.get_by_role("heading", name="Your session is booked")).to_be_visible()


def test_a_time_taken_meanwhile_offers_others_with_the_note(browser_of, practice, patient):
    page = browser_of(patient, viewport=PHONE)
    keep(page, practice)
    page.get_by_label("Is there something").fill(NOTE)
    run_out(page)
    book(practice, PatientFactory().user, coming(), mode="phone")
    page.get_by_role("button", name="Book this session").click()

    expect(page.get_by_role("heading", name="The nearest free times with Asha Rao")).to_be_visible()
    assert_good_to_read(page, "light")
    page.locator(".slot-wide").first.click()
    expect(page.get_by_label("Is there something")).to_have_value(NOTE)
    page.go_back()
    expect(page.get_by_role("heading", name="Choose a time")).to_be_visible()


def test_a_double_click_books_once_and_back_shows_that_it_is_booked(browser_of, practice, patient):
    page = browser_of(patient)
    keep(page, practice)
    page.get_by_role("button", name="Book this session").dblclick()
    expect(page.get_by_role("heading", name="Your session is booked")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Your session is booked")).to_be_visible()
    assert Session.objects.count() == 1


def test_a_time_kept_in_a_second_window_is_no_trap_for_the_first(browser_of, practice, patient):
    page = browser_of(patient)
    keep(page, practice)
    page.get_by_label("Is there something").fill(NOTE)
    second = page.context.new_page()
    keep(second, practice, clock="12:00")
    page.get_by_role("button", name="Book this session").click()

    expect(page.get_by_text("This time had been given back")).to_be_visible()
    expect(page.get_by_label("Is there something")).to_have_value(NOTE)
    second.reload()
    expect(second.get_by_role("heading", name="This time is no longer kept")).to_be_visible()


def test_filters_change_the_list_in_place_and_back_undoes_them(browser_of, practice):
    page = browser_of()
    page.goto("/counselors")
    expect(page.get_by_text("2 counselors.")).to_be_visible()
    page.get_by_label("Search").press_sequentially("okoro")
    expect(page.get_by_text("1 counselor.")).to_be_visible()
    expect(page.get_by_label("Search")).to_be_focused()
    assert "q=okoro" in page.url
    page.get_by_role("link", name=re.compile("okoro.*take this filter away")).click()
    expect(page.get_by_text("2 counselors.")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Search")).to_have_value("okoro")
    expect(page.get_by_text("1 counselor.")).to_be_visible()


def test_a_visitors_first_page_is_already_in_their_own_time(browser_of, practice):
    page = browser_of(timezone_id="Asia/Kolkata")
    page.goto("/counselors")
    expect(page.get_by_text("Times are Kolkata time.")).to_be_visible()


def test_the_keyboard_alone_keeps_a_time(browser_of, practice, patient):
    page = browser_of(patient)
    page.goto(f"/counselors/{practice.pk}")
    day = page.locator(f"#day-{coming().date()}")
    day.focus()
    page.keyboard.press("Enter")
    expect(day).to_have_attribute("aria-current", "date")
    expect(day).to_be_focused()
    page.get_by_role("button", name=re.compile("^9:00")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Almost there")).to_be_visible()


# --- The counselor's hours -----------------------------------------------------------------------------------


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_hours_are_added_corrected_and_saved(browser_of, viewport):
    counselor = CounselorFactory(user__timezone="Europe/London")
    page = browser_of(counselor.user, viewport=viewport)
    page.goto("/availability")
    tuesday = page.get_by_role("region", name="Tuesday")
    tuesday.get_by_role("button", name="Add hours").click()
    tuesday.get_by_label("From", exact=True).fill("17:00")
    tuesday.get_by_label("To", exact=True).fill("09:00")
    page.get_by_role("button", name="Save my hours").click()

    expect(page.get_by_role("alert")).to_be_focused()
    expect(tuesday.get_by_text("The end must be after the start")).to_be_visible()
    expect(tuesday.get_by_label("From", exact=True)).to_have_value("17:00")
    assert_good_to_read(page, "light")
    tuesday.get_by_label("From", exact=True).fill("08:00")
    tuesday.get_by_role("button", name="Add hours").click()
    tuesday.get_by_role("button", name="Remove").last.click()
    page.get_by_role("button", name="Save my hours").click()
    expect(page.get_by_text("Your hours are saved.")).to_be_visible()
    expect(tuesday.get_by_label("From", exact=True)).to_have_value("08:00")


def test_hours_are_written_without_scripts(browser_of):
    counselor = CounselorFactory()
    page = browser_of(counselor.user, java_script_enabled=False)
    page.goto("/availability")
    friday = page.get_by_role("region", name="Friday")
    friday.get_by_label("From", exact=True).fill("09:00")
    friday.get_by_label("To", exact=True).fill("12:00")
    page.get_by_role("button", name="Save my hours").click()
    expect(page.get_by_text("Your hours are saved.")).to_be_visible()
    assert [rule.weekday for rule in counselor.availability_rules.all()] == [4]


def test_a_session_type_is_offered_and_what_people_see_follows(browser_of):
    counselor = CounselorFactory()
    page = browser_of(counselor.user)
    page.goto("/availability")
    page.get_by_role("link", name="Add a session type").click()
    page.get_by_label("Name").fill("Short call")
    page.get_by_label("Length in minutes").fill("30")
    page.get_by_label("Phone").check()
    page.get_by_label("Paid at the centre").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Write what it costs")
    assert_good_to_read(page, "light")
    page.get_by_label("Fee").fill("40.50")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("30 minutes · $40.50, paid at the centre")).to_be_visible()
    expect(page.get_by_role("heading", name="What people see")).to_be_visible()
