"""Waiting for a time, taking what is offered, and booking a series, in Chromium."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from sessions_app.models import SessionSeries
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.watch import assert_good_to_read
from tests.factories import CounselorFactory, PatientFactory
from tests.sessions_app.clinic import book, coming, open_practice
from tests.sessions_app.waiting import free, wait

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"]
)


@pytest.fixture
def practice():
    return open_practice(counselor=CounselorFactory(user__first_name="Asha", user__last_name="Rao"))


@LOOKS
def test_a_patient_waits_and_takes_what_is_offered(browser_of, practice, viewport, scheme):
    patient = PatientFactory(user__first_name="Mina", user__last_name="Das").user
    session = book(practice, PatientFactory().user, coming())
    page = browser_of(patient, viewport=viewport, color_scheme=scheme)

    page.goto(f"/counselors/{practice.pk}")
    page.get_by_role("link", name="Tell me when one frees").click()
    expect(page.get_by_text("Asha Rao")).to_be_visible()
    assert_good_to_read(page, scheme)
    page.get_by_role("button", name="Tell me").click()
    expect(page.get_by_text("You are on the waitlist.")).to_be_visible()
    assert_good_to_read(page, scheme)

    counselors = browser_of(practice.user, viewport=viewport, color_scheme=scheme)
    counselors.goto("/waitlist/people")
    counselors.get_by_label("Turn of Mina Das").select_option("Soon")
    counselors.get_by_role("button", name="Set the turn of Mina Das").click()
    expect(counselors.get_by_text("Whose turn it is has been changed.")).to_be_visible()
    assert_good_to_read(counselors, scheme)

    assert free(session) == 1
    page.goto("/waitlist")
    assert_good_to_read(page, scheme)
    page.get_by_role("link", name="See the time").click()
    assert_good_to_read(page, scheme)
    page.get_by_role("button", name="Book this session").click()
    expect(page.get_by_role("heading", name="Your session is booked")).to_be_visible()


def test_an_offer_is_declined_and_the_wait_left_without_scripts(browser_of, practice):
    patient = PatientFactory().user
    session = book(practice, PatientFactory().user, coming())
    wait(patient, practice)
    free(session)
    page = browser_of(patient, viewport=PHONE, java_script_enabled=False)
    page.goto("/waitlist")
    page.get_by_role("link", name="See the time").click()
    page.get_by_role("button", name="No, let the next person have it").click()
    expect(page.get_by_text("You keep your place.")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Leave")).click()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_text("You wait for nothing")).to_be_visible()


@LOOKS
def test_a_series_with_a_time_that_cannot_be_had(browser_of, practice, viewport, scheme):
    patient = PatientFactory().user
    book(practice, PatientFactory().user, coming(4) + timedelta(days=7))
    page = browser_of(patient, viewport=viewport, color_scheme=scheme, java_script_enabled=scheme == "light")
    page.goto(f"/counselors/{practice.pk}")
    page.locator(f"#day-{coming(4).date()}").click()
    page.get_by_role("button", name=re.compile("^9:00")).click()
    page.get_by_text("Book more than one").click()
    page.get_by_label("How many sessions?").fill("3")
    if scheme == "light":
        assert_good_to_read(page, scheme)
    page.get_by_role("button", name="Book all of them").click()
    expect(page.get_by_text("1 of the 3 times cannot be had.")).to_be_visible()
    if scheme == "light":
        assert_good_to_read(page, scheme)
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Book the series").click()
    expect(page.get_by_text("All of these sessions are booked.")).to_be_visible()
    series = SessionSeries.objects.get()
    assert series.sessions.count() == 3
    page.get_by_role("link", name="Cancel all that are still to come").click()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Cancel these sessions").click()
    expect(page.get_by_text("3 sessions are cancelled.")).to_be_visible()
