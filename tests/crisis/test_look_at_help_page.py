"""The help page in Chromium, served without PostgreSQL and Redis: narrow and wide, light and dark, no JavaScript."""

import pytest

from tests.browser.watch import overflow, violations

pytestmark = pytest.mark.browser


@pytest.fixture
def open_page(browser, lonely_server):
    contexts = []

    def opened(query: str, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{lonely_server}/help-now?{query}")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("country", ["PT", "EE", "ZZ"])
def test_fits_reads_well_and_has_no_axe_violation(open_page, width, scheme, country):
    page = open_page(f"country={country}", viewport={"width": width, "height": 700}, color_scheme=scheme)
    assert overflow(page) <= 0
    assert violations(page) == []


def test_emergency_number_is_the_biggest_thing_and_seen_without_scrolling(open_page):
    page = open_page("country=JP", viewport={"width": 320, "height": 640})
    number = page.get_by_role("link", name="Call 119")
    assert number.bounding_box()["y"] + number.bounding_box()["height"] <= 640
    sizes = page.evaluate(
        "[...document.querySelectorAll('body *')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('.call-emergency strong')).fontSize)"
    ) == max(sizes)


def test_every_target_can_be_hit_by_a_shaking_thumb(open_page):
    page = open_page("country=US", viewport={"width": 320, "height": 640})
    heights = page.eval_on_selector_all(
        "a.call, .countries a", "links => links.map(link => link.offsetHeight)"
    )
    assert min(heights) >= 40


def test_country_can_be_changed_without_javascript(open_page):
    page = open_page("country=FR", java_script_enabled=False)
    page.get_by_role("link", name="Are you somewhere else?").click()
    page.get_by_role("link", name="Canada", exact=True).click()
    assert page.get_by_role("link", name="Call 911").is_visible()


def test_prints_the_numbers_and_not_the_list_of_countries(open_page):
    page = open_page("country=GB")
    page.emulate_media(media="print")
    assert page.get_by_text("116 123").is_visible()
    assert not page.get_by_role("link", name="Canada", exact=True).is_visible()
