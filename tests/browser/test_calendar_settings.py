"""The page of calendars in Chromium: it fits, everybody can read it, and the address is copied."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from sessions_app.models import OutsideCalendar
from sessions_app.models.outside import Problem
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.watch import assert_good_to_read
from tests.sessions_app.clinic import open_practice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "dark"), (PHONE, "light")], ids=["desktop-dark", "phone-light"]
)
def test_counselor_makes_an_address_and_adds_a_calendar(browser_of, viewport, scheme):
    practice = open_practice()
    OutsideCalendar.objects.create(
        counselor=practice,
        name="Clinic",
        address="https://a-rather-long-name.of-a-server.calendar.example/private/x.ics",
        problem=Problem.REFUSED,
        failures=1,
        last_read_at=timezone.now(),
    )
    page = browser_of(practice.user, viewport=viewport, color_scheme=scheme)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/settings/calendar")
    assert_good_to_read(page, scheme)

    page.get_by_label("Show whom I meet").check()
    page.get_by_role("button", name="Make my address").click()
    address = page.get_by_label("Address", exact=True).input_value()
    assert address.endswith(".ics")
    page.get_by_role("button", name="Copy the address").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address
    assert_good_to_read(page, scheme)

    page.get_by_label("Name").fill("Home")
    page.get_by_label("Private address (iCal)").fill("http://calendar.example/a.ics")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("alert")).to_contain_text("It has to begin with https://")
    assert_good_to_read(page, scheme)
    page.get_by_label("Private address (iCal)").fill("https://calendar.example/a.ics")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("It is being read for the first time.")).to_be_visible()
    assert_good_to_read(page, scheme)
    page.get_by_role("button", name="Remove Home").click()
    expect(page.get_by_role("heading", name="Home")).to_have_count(0)


def test_without_scripts_the_address_is_there_to_be_selected(browser_of):
    page = browser_of(open_practice().user, java_script_enabled=False)
    page.goto("/settings/calendar")
    page.get_by_role("button", name="Make my address").click()
    assert page.get_by_label("Address", exact=True).input_value().endswith(".ics")
    expect(page.get_by_role("button", name="Copy the address")).to_be_hidden()
