"""The console in Chromium: it works under its policy, fits a narrow screen, and has no violation of WCAG A and AA.

Unfold's frame has no main landmark, which is a best practice only; the pages for everybody are held to those too.
"""

from pathlib import Path

import pytest

from tests.cast import Cast
from tests.factories import PASSWORD, PatientFactory
from tests.sessions_app.clinic import book, coming, open_practice

AXE = (Path(__file__).resolve().parents[1] / "browser/vendor/axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGES = [
    "/admin/",
    "/admin/sessions_app/session/",
    "/admin/sessions_app/sessiontype/add/",
    "/admin/sessions_app/availabilityrule/",
]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def session(cast: Cast):
    return book(open_practice(), PatientFactory().user, coming())


@pytest.fixture
def open_console(browser, live_server_processes, session):
    """Signs an admin in through the site's own page; axe is the one script that the policy makes way for."""
    (address,) = live_server_processes(1)
    contexts = []

    def opened(**options):
        context = browser.new_context(
            base_url=address, bypass_csp=options.pop("bypass_csp", False), **options
        )
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda line: page.complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto("/admin/")
        page.fill("[name=login]", "admin@example.test")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/admin/")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "light"), (1280, "dark")])
def test_the_console_fits_and_is_accessible(open_console, session, width, scheme):
    page = open_console(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    for path in [*PAGES, f"/admin/sessions_app/session/{session.pk}/change/"]:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.evaluate(AXE)
        found = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)["violations"]
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == [], path


def test_a_session_is_cancelled_with_the_policy_in_force(open_console, session):
    page = open_console(viewport={"width": 1280, "height": 800})
    page.goto("/admin/sessions_app/session/")
    page.click("#result_list tbody th a")
    page.click("text=Cancel this session")
    page.click("text=Yes, cancel")
    page.wait_for_url("**/change/")

    session.refresh_from_db()
    assert session.status == "cancelled"
    assert page.complaints == []
