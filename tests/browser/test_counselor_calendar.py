"""The counselor's calendar in Chromium: drag to move, undo, drag to block; the same by keyboard; fit for all eyes."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from core.models import OutboxEntry
from sessions_app.models import CalendarBlock, Session
from sessions_app.services.blocks import add_block
from tests.browser.conftest import PHONE
from tests.browser.watch import assert_good_to_read
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, coming, open_practice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MONDAY = 7 + (7 - coming(0).weekday())
"""How many days until the Monday after next."""
WEEK = f"/calendar?day={coming(MONDAY).date()}"

LONDON = ZoneInfo("Europe/London")
TALL = {"width": 1280, "height": 1400}
"""All of the grid is in view, so that nothing scrolls under a drag."""


def at(day, hour, minute=0):
    return coming(MONDAY + day, hour, minute)


def next_change_of_clocks():
    """Noon of the first Sunday after the coming week whose night changed London's clocks, on its wall."""
    day = datetime.combine(coming(MONDAY - 1).date(), time(12), LONDON)
    while day.utcoffset() == (day - timedelta(days=1)).utcoffset():
        day += timedelta(days=7)
    return day


@pytest.fixture
def practice(db):
    return open_practice()


@pytest.fixture
def session(practice):
    return book(practice, PatientFactory(user__first_name="Ida", user__last_name="Stone").user, at(0, 10))


def place(page, moment):
    """Where the grid shows this moment, a little inside of its quarter."""
    column = page.locator(f'.fc-timegrid-col[data-date="{moment:%Y-%m-%d}"]').bounding_box()
    row = page.locator(f'.fc-timegrid-slot-lane[data-time="{moment:%H:%M:%S}"]').bounding_box()
    return column["x"] + column["width"] / 2, row["y"] + 7


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def shown(page, words):
    return page.locator(".fc-event:not(.fc-event-mirror)").filter(has_text=words)


def test_a_session_is_dragged_told_of_refused_and_undone(browser_of, practice, session):
    book(practice, PatientFactory().user, at(2, 10))
    page = browser_of(practice.user, viewport=TALL)
    page.goto(WEEK)
    expect(shown(page, "10:00 am Ida Stone")).to_be_visible()

    drag(page, place(page, at(0, 10)), place(page, at(1, 11)))
    dialog = page.get_by_role("dialog", name="Move this session?")
    expect(dialog).to_contain_text("Ida Stone and you will be told.")
    dialog.get_by_role("button", name="Leave it where it was").click()
    expect(shown(page, "10:00 am Ida Stone")).to_be_visible()
    assert Session.objects.get(pk=session.pk).start == at(0, 10)

    drag(page, place(page, at(0, 10)), place(page, at(1, 11)))
    dialog.get_by_role("button", name="Move it").click()
    expect(page.locator("[data-calendar-status]")).to_contain_text("is now on")
    expect(shown(page, "11:00 am Ida Stone")).to_be_visible()
    assert Session.objects.get(pk=session.pk).start == at(1, 11)
    assert OutboxEntry.objects.filter(event="session.rescheduled").count() == 1

    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-calendar-status]")).to_contain_text("as it was before")
    expect(shown(page, "10:00 am Ida Stone")).to_be_visible()
    assert Session.objects.get(pk=session.pk).start == at(0, 10)

    drag(page, place(page, at(0, 10)), place(page, at(2, 10)))
    dialog.get_by_role("button", name="Move it").click()
    refused = page.get_by_role("dialog", name="This was not possible")
    expect(refused).to_contain_text("These times are near:")
    expect(shown(page, "10:00 am Ida Stone")).to_be_visible()
    refused.locator("li button").first.click()
    expect(page.locator("[data-calendar-status]")).to_contain_text("is now on")
    assert Session.objects.get(pk=session.pk).start.date() == at(2, 10).date()


def test_time_is_blocked_by_dragging_and_the_block_moved_resized_and_removed(browser_of, practice):
    """Over the night in which London's clocks change, in a browser that is somewhere else."""
    practice.user.timezone = LONDON.key
    practice.user.save()
    sunday = next_change_of_clocks()
    saturday = sunday - timedelta(days=1)
    page = browser_of(practice.user, viewport=TALL, timezone_id="America/New_York")
    page.goto(f"/calendar?day={sunday:%Y-%m-%d}")
    drag(page, place(page, saturday.replace(hour=13)), place(page, saturday.replace(hour=14, minute=30)))
    dialog = page.get_by_role("dialog", name="Block this time?")
    dialog.get_by_label("What for").fill("Team meeting")
    dialog.get_by_role("button", name="Block it").click()
    expect(shown(page, "1:00 pm Blocked: Team meeting")).to_be_visible()
    block = CalendarBlock.objects.get()
    assert (block.start, block.title) == (saturday.replace(hour=13), "Team meeting")
    assert block.end == saturday.replace(hour=14, minute=45)

    drag(page, place(page, saturday.replace(hour=13)), place(page, sunday.replace(hour=9)))
    said = page.locator("[data-calendar-status]")
    expect(said).to_contain_text("The block is now Sunday")
    expect(shown(page, "9:00 am Blocked: Team meeting")).to_be_visible()
    block.refresh_from_db()
    assert (block.start, block.end - block.start) == (sunday.replace(hour=9), timedelta(minutes=105))

    box = shown(page, "Team meeting").bounding_box()
    shown(page, "Team meeting").hover()
    bottom = (box["x"] + box["width"] / 2, box["y"] + box["height"] - 2)
    drag(page, bottom, (bottom[0], place(page, sunday.replace(hour=12))[1]))
    expect(said).to_contain_text("9:00 am to 12:")
    block.refresh_from_db()
    assert block.end > sunday.replace(hour=12)

    shown(page, "Team meeting").click()
    page.get_by_role("dialog", name="Team meeting").get_by_role("button", name="Remove the block").click()
    expect(said).to_contain_text("is free again")
    assert not CalendarBlock.objects.exists()
    page.get_by_role("button", name="Undo").click()
    expect(shown(page, "9:00 am Blocked: Team meeting")).to_be_visible()
    again = CalendarBlock.objects.get()
    assert (again.title, again.start, again.end) == ("Team meeting", block.start, block.end)


def test_all_of_it_goes_by_keyboard(browser_of, practice, session):
    page = browser_of(practice.user)
    page.goto(WEEK)
    page.get_by_role("navigation", name="How it is shown").get_by_role("link", name="List").press("Enter")
    monday = page.get_by_role("region", name=f"Monday {at(0, 0):%-d %B}")
    monday.get_by_role("link", name="Block time on").press("Enter")
    page.get_by_label("What for").fill("Supervision")
    page.get_by_label("From").fill("15:00")
    page.get_by_label("Until").fill("16:00")
    page.get_by_role("button", name="Block this time").press("Enter")
    expect(page.locator("#messages")).to_contain_text("This time is blocked")
    assert CalendarBlock.objects.get().start == at(0, 15)

    page.goto(f"{WEEK}&view=list")
    page.get_by_role("link", name="Move the session with Ida Stone").press("Enter")
    page.get_by_role("button", name="11:00 am").press("Enter")
    expect(page.locator("#messages")).to_contain_text("The session has its new time")
    assert Session.objects.get(pk=session.pk).start == at(0, 11)


def test_the_calendar_and_the_page_of_hours_are_accessible(browser_of, practice, session):
    """Light here; `assert_good_to_read` looks at the colours of the other scheme as well."""
    block = add_block(
        counselor=practice,
        start=at(1, 12),
        end=at(1, 12) + timedelta(hours=1),
        title="Lunch",
        actor=practice.user,
    )
    page = browser_of(practice.user)
    page.goto(WEEK)
    expect(shown(page, "Ida Stone")).to_be_visible()
    assert_good_to_read(page, "light")
    page.set_viewport_size(PHONE)
    expect(page.locator(".fc")).to_be_hidden()
    assert_good_to_read(page, "light")
    page.goto(f"/counselors/{practice.pk}/blocks/{block.pk}")
    assert_good_to_read(page, "light")
    # The weekly hours, the month, and the preview of what would come of them.
    page.goto("/availability")
    page.get_by_role("button", name="Preview").click()
    page.locator("#comes-of-it .preview-days").wait_for()
    assert_good_to_read(page, "light")
