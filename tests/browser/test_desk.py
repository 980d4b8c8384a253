"""The front desk in Chromium: the day, and booking for whoever stands there, by keyboard alone and without scripts."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.roles import Role
from sessions_app.models import Session
from sessions_app.services.rooms import add_room
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.watch import assert_good_to_read
from tests.factories import CentreFactory, CounselorFactory, PatientFactory, StaffFactory
from tests.sessions_app.clinic import book, coming, open_practice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = coming().date()


@pytest.fixture
def desk():
    """Staff of a centre with a room, a counselor, and Robin Vale, whose session can be checked in."""
    centre = CentreFactory()
    add_room(centre=centre, name="Blue", actor=None)
    practice = open_practice(counselor=CounselorFactory(primary_centre=centre))
    robin = PatientFactory(centre=centre, user__first_name="Robin", user__last_name="Vale").user
    session = book(practice, robin, coming(), mode="in_person")
    soon = timezone.now() + timedelta(minutes=5)
    Session.objects.filter(pk=session.pk).update(start=soon, end=soon + timedelta(minutes=50))
    book(practice, PatientFactory().user, coming(hour=10), mode="in_person")
    return StaffFactory(role=Role.FRONT_DESK, centre=centre)


def test_whoever_stands_there_is_checked_in_and_booked_for(browser_of, desk):
    page = browser_of(desk, viewport=PHONE)
    page.goto("/desk")
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("Here since")).to_be_visible()
    assert_good_to_read(page, "light")
    page.goto(f"/desk?day={DAY}")
    page.get_by_role("link", name="11:15 am").click()

    page.get_by_label("Name, phone number").press_sequentially("rob")  # found while it is typed
    found = page.get_by_role("link", name="Robin Vale")
    expect(found).to_be_visible()
    assert_good_to_read(page, "light")
    found.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Overbook a time").click()
    assert_good_to_read(page, "light")
    page.get_by_role("button", name="Book for Robin Vale", exact=True).click()
    expect(page.get_by_role("heading", name="The session is booked")).to_be_visible()
    assert Session.objects.filter(start=coming(hour=11, minute=15), mode="in_person").exists()
    page.set_viewport_size(DESKTOP)
    page.goto(f"/desk?day={DAY}")
    assert_good_to_read(page, "light")


def test_without_scripts_somebody_new_is_taken_on_and_booked_for(browser_of, desk):
    page = browser_of(desk, java_script_enabled=False)
    page.goto("/desk/book")
    page.get_by_text("Somebody new").click()
    page.get_by_label("First name").fill("Robin")
    page.get_by_label("Last name").fill("Vale")
    page.get_by_label("Phone number (optional)").fill("+44 7700 900999")
    page.get_by_role("button", name="Take them on").click()
    expect(page.get_by_text("Somebody of this name is on the register")).to_be_visible()
    page.get_by_label("It is somebody else").check()
    page.get_by_role("button", name="Take them on").click()
    page.get_by_role("link", name="Next free").click()
    page.get_by_label("Way to meet").select_option("phone")
    page.get_by_role("button", name="Show times").click()
    page.locator(".slots a").first.click()
    page.get_by_role("button", name="Book for Robin Vale", exact=True).click()
    expect(page.get_by_role("heading", name="The session is booked")).to_be_visible()
    assert Session.objects.filter(mode="phone", participants__patient__user__phone="+447700900999").exists()
