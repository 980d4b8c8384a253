"""The pictures of the README, taken of the demo clinic in Chromium.

    make run                                          # in one window, with the demo clinic
    .venv/bin/python tools/screenshots.py             # in another; an address may follow

Writes docs/images/*.png. A patient of the clinic books a session on the way and cancels it again.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from tests.chromium import CHROMIUM, FLAGS  # noqa: E402

IMAGES = CHECKOUT / "docs" / "images"
PASSWORD = "demo-pass-2026"  # noqa: S105 - docs/demo.md tells it to everybody
WIDE, PHONE = {"width": 1200, "height": 980}, {"width": 390, "height": 780}
HEAVIEST_BYTES = 150_000


@contextmanager
def page_of(browser: Browser, address: str, login: str = "", **options: object) -> Iterator[Page]:
    options = {"viewport": WIDE, "color_scheme": "light", "timezone_id": "Europe/London"} | options
    context = browser.new_context(base_url=address, locale="en-GB", reduced_motion="reduce", **options)
    page = context.new_page()
    if login:
        page.goto("/accounts/login/")
        page.get_by_label("Email").fill(login)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "login" not in url)
    yield page
    context.close()


def take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    picture = IMAGES / f"{name}.png"
    page.screenshot(path=picture)
    sys.stdout.write(f"{picture.relative_to(CHECKOUT)} {picture.stat().st_size // 1000} kB\n")
    if picture.stat().st_size > HEAVIEST_BYTES:
        raise SystemExit(f"{name}.png is heavier than {HEAVIEST_BYTES // 1000} kB.")


def open_profile(page: Page) -> None:
    """Of the first counselor with many free times, on a day of the coming week, the way to meet in view."""
    page.goto("/counselors?ordering=name")
    page.get_by_role("link", name="See times").nth(1).click()
    page.locator("#later-days").click()
    page.wait_for_url("**from=**")
    page.locator("a.slot-weekday").nth(1).click()
    page.wait_for_url("**day=**")


def take_all(browser: Browser, address: str) -> None:
    with page_of(browser, address) as page:
        page.goto("/counselors")
        take(page, "directory")
        open_profile(page)
        page.locator("#booking").scroll_into_view_if_needed()
        take(page, "slot-picker")
    with page_of(browser, address, "patient3@demo.test", viewport=PHONE) as page:
        open_profile(page)
        page.locator("button.slot").nth(2).click()
        page.wait_for_url("**/book/**")
        page.set_viewport_size(WIDE)
        page.get_by_label("Is there something").fill("I have not slept well since September.")
        page.get_by_role("timer").wait_for()
        page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
        take(page, "hold")
        page.set_viewport_size(PHONE)
        page.get_by_role("button", name="Book this session").click()
        page.wait_for_url("**/booked")
        take(page, "booked-phone")
        page.get_by_role("link", name="Cancel this session").click()
        page.get_by_role("button", name="Cancel the session").click()
        page.wait_for_url("**/sessions/*")
    with page_of(browser, address, "counselor@demo.test", color_scheme="dark") as page:
        page.goto("/today")
        take(page, "counselor-today")
    with page_of(browser, address, viewport=PHONE) as page:
        page.goto("/help-now?country=GB")
        take(page, "help-now")


def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        take_all(browser, address)
        browser.close()


if __name__ == "__main__":
    main()
