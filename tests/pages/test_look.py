"""The frame and every component in Chromium: narrow and wide, light and dark, large text, with and without scripts."""

import pytest
from django.template.loader import render_to_string

from mentalspace.component_samples import component_samples
from tests.browser.watch import Watch, overflow, violations

PAGES = ["/", "/privacy", "/accounts/login/", "/accounts/signup/", "/nowhere", "/dev/components"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def components_html(rf, client):
    request = rf.get("/dev/components")
    request.user = client.request().wsgi_request.user
    return render_to_string("pages/components.html", component_samples(), request=request)


@pytest.fixture
def open_page(browser, live_server_processes, components_html):
    """Opens an address of a real server. /dev/components, which only development has, is filled in on the way."""
    (address,) = live_server_processes(1)
    contexts = []

    def opened(path, *, cookie="", **options):
        context = browser.new_context(timezone_id="Asia/Kolkata", **options)
        contexts.append(context)
        if cookie:
            context.add_cookies([{"name": "display", "value": cookie, "url": address}])
        page = context.new_page()
        page.watch = Watch()
        page.watch.over(page, address)
        page.route(
            "**/dev/components", lambda route: route.fulfill(body=components_html, content_type="text/html")
        )
        page.goto(address + path)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("width", "scheme"), [(320, "light"), (320, "dark"), (1280, "light"), (1280, "dark")]
)
def test_pages_fit_and_have_no_axe_violation(open_page, path, width, scheme):
    page = open_page(path, viewport={"width": width, "height": 800}, color_scheme=scheme)

    assert overflow(page) <= 0
    assert violations(page) == []
    assert page.watch.complaints == []


@pytest.mark.parametrize("path", ["/", "/dev/components"])
def test_large_text_still_fits_a_narrow_screen(open_page, path):
    page = open_page(path, cookie="light.large", viewport={"width": 320, "height": 800})
    assert overflow(page) <= 0


@pytest.mark.parametrize("path", PAGES)
def test_nothing_to_read_is_smaller_than_16_px(open_page, path):
    page = open_page(path, cookie="light.small")
    small = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter(element =>
            [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
            && parseFloat(getComputedStyle(element).fontSize) < 16).map(element => element.outerHTML)"""
    )
    assert small == []


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/dev/components"])
def test_everything_to_press_is_at_least_24_px_and_buttons_44(open_page, path):
    page = open_page(path, cookie="light.small", viewport={"width": 320, "height": 800})
    page.get_by_text("Menu", exact=True).click()
    low = page.evaluate(
        """() => [...document.querySelectorAll("button, .btn, .slot, .nav-item-link, summary, .help-link")]
            .filter(element => element.offsetHeight && element.offsetHeight < 44).map(element => element.outerHTML)"""
    )
    assert low == []


@pytest.mark.parametrize("scripts", [True, False])
def test_help_and_the_menu_are_there_on_a_narrow_screen(open_page, scripts):
    page = open_page("/terms", viewport={"width": 320, "height": 640}, java_script_enabled=scripts)
    help_link = page.get_by_role("banner").get_by_role("link", name="Get help now")

    assert help_link.bounding_box()["y"] < 160
    page.get_by_text("Menu", exact=True).click()
    assert page.get_by_role("navigation", name="Menu").get_by_role("link", name="Sign in").is_visible()
    assert help_link.is_visible()


def test_keyboard_reaches_the_content_at_once_and_leaves_the_menu_with_escape(open_page):
    page = open_page("/terms", viewport={"width": 320, "height": 640})
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"

    page.locator("details.menu-narrow summary").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("navigation", name="Menu").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("navigation", name="Menu").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize("scripts", [True, False])
def test_colours_and_text_size_change_and_stay(open_page, scripts):
    page = open_page("/terms", color_scheme="light", java_script_enabled=scripts)
    page.get_by_role("button", name="Dark").click()
    page.get_by_role("button", name="Large").click()
    page.wait_for_load_state("networkidle")
    page.reload()

    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    assert page.locator("html").get_attribute("data-font-size") == "large"
    if scripts:
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 26, 25)"


def test_system_theme_is_the_same_dark_as_the_chosen_one(open_page):
    def colours():
        return page.evaluate(
            """() => [...document.querySelectorAll("body, body *")].map(element => {
                const style = getComputedStyle(element);
                return [element.tagName, element.className.baseVal ?? element.className, style.color,
                        style.backgroundColor, style.borderTopColor, style.backgroundImage, style.fill].join(" ");
            })"""
        )

    page = open_page("/dev/components", color_scheme="dark", reduced_motion="reduce")
    by_system = colours()
    page.emulate_media(color_scheme="light")
    page.evaluate("document.documentElement.setAttribute('data-bs-theme', 'dark')")
    page.wait_for_timeout(50)
    assert colours() == by_system


def test_server_learns_the_zone_of_the_browser(open_page):
    page = open_page("/")
    assert "timezone=Asia%2FCalcutta" in page.evaluate("document.cookie")


def test_countdown_runs_and_ends_with_a_way_on(open_page):
    page = open_page("/dev/components")
    page.clock.install()
    page.reload()
    assert page.locator("[data-hold-left]").text_content() == "4:47"
    page.clock.run_for(60_000)
    assert page.locator("[data-hold-left]").text_content() == "3:47"
    page.clock.run_for(230_000)
    assert page.get_by_text("What you wrote is still here.").is_visible()
    assert not page.get_by_role("button", name="Keep it five minutes longer").is_visible()


def test_hours_can_be_added_and_taken_away(open_page):
    page = open_page("/dev/components")
    tuesday = page.get_by_role("region", name="Tuesday")
    tuesday.get_by_role("button", name="Add hours").click()
    assert tuesday.get_by_label("From", exact=True).count() == 1
    tuesday.get_by_role("button", name="Remove").click()
    assert not tuesday.get_by_label("From", exact=True).is_visible()


def test_motion_stops_for_whoever_asks(open_page):
    page = open_page("/dev/components", reduced_motion="reduce")
    assert page.evaluate(
        "getComputedStyle(document.querySelector('.counselor-card')).transitionDuration"
    ) in ("0.001s", "0.001s, 0.001s")
