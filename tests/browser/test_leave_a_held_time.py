"""A held time in Chromium: going Back keeps it, leaving the site gives it back, a reload takes that back."""

import re
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from sessions_app.models import CalendarEntry
from tests.factories import PatientFactory
from tests.sessions_app.clinic import coming, open_practice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser_of):
    return browser_of(PatientFactory().user)


def keep(page):
    """From the profile to the details of a kept time; the time's id."""
    practice = open_practice()
    page.goto(f"/counselors/{practice.pk}")
    page.locator(f"#day-{coming(4).date()}").click()
    page.get_by_role("button", name=re.compile("^9:00")).click()
    page.wait_for_url("**/book/*")
    return page.url.rsplit("/", 1)[1]


def wait_until(condition):
    deadline = time.monotonic() + 8
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def left(hold_id):
    return CalendarEntry.objects.get(pk=hold_id).expires_at - timezone.now()


def test_going_back_and_forth_on_the_site_keeps_the_time(page):
    hold_id = keep(page)
    page.go_back()
    page.wait_for_url("**/counselors/*")
    expect(page.get_by_role("button", name=re.compile("^9:00"))).to_be_visible()
    time.sleep(1)
    assert left(hold_id) > timedelta(minutes=4)
    page.go_forward()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^4:\d\d$"))
    page.get_by_role("button", name="Book this session").click()
    expect(page.get_by_role("heading", name="Your session is booked")).to_be_visible()


def test_leaving_the_site_gives_the_time_back_in_a_moment(page):
    hold_id = keep(page)
    page.goto("about:blank")
    wait_until(lambda: left(hold_id) <= timedelta(seconds=20))


def test_a_reload_keeps_the_time(page):
    hold_id = keep(page)
    page.reload()
    expect(page.get_by_role("timer")).to_be_visible()
    page.wait_for_timeout(3000)
    wait_until(lambda: left(hold_id) > timedelta(minutes=4))
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^4:\d\d$"))
