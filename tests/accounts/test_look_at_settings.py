"""Signing up, settings and the console in Chromium."""

from pathlib import Path

import pytest

from accounts.models import User
from tests.factories import PASSWORD, CounselorFactory, PatientFactory, StaffFactory

AXE = (Path(__file__).resolve().parents[1] / "browser/vendor/axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(live_server_processes) -> str:
    (address,) = live_server_processes(1)
    return address


@pytest.fixture
def open_browser(browser):
    """A fresh profile; what its pages complain of is collected in `page.complaints`."""
    contexts = []

    def opened(**options):
        context = browser.new_context(timezone_id="Asia/Kolkata", **options)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda line: page.complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()


def sign_in(page, site, user, target="/dashboard"):
    page.goto(f"{site}/accounts/login/?next={target}")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site}{target}")


def violations(page):
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)["violations"]
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/settings/preferences", "/settings/profile"])
def test_settings_fit_and_have_no_axe_violation(open_browser, site, path, width, scheme):
    for user in (PatientFactory().user, CounselorFactory().user):
        page = open_browser(viewport={"width": width, "height": 800}, color_scheme=scheme)
        sign_in(page, site, user, path)

        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_signing_up_takes_the_zone_of_the_browser(open_browser, site, scripts):
    page = open_browser(java_script_enabled=scripts)
    page.goto(f"{site}/accounts/signup/")
    page.get_by_label("First name").fill("Asha")
    page.get_by_label("Last name").fill("Rao")
    page.get_by_label("Email").fill("asha@example.test")
    page.get_by_label("Password").fill("a-quiet-morning-walk")
    page.get_by_role("button", name="Make my account").click()
    page.wait_for_url(lambda url: "signup" not in url)

    assert User.objects.get(email="asha@example.test").timezone == ("Asia/Kolkata" if scripts else "UTC")


def test_a_changed_preference_is_seen_at_once(open_browser, site):
    user = PatientFactory().user
    page = open_browser()
    sign_in(page, site, user, "/settings/preferences")

    before = page.evaluate("getComputedStyle(document.body).fontSize")
    page.get_by_role("radio", name="Dark").check()
    page.get_by_role("radio", name="Large").check()
    page.get_by_role("main").get_by_role("button", name="Save").click()
    page.get_by_text("Your preferences are saved.").wait_for()

    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    assert float(page.evaluate("getComputedStyle(document.body).fontSize")[:-2]) > float(before[:-2])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_console_works_under_its_policy(open_browser, site, scheme):
    admin = StaffFactory(role="admin")
    PatientFactory()
    page = open_browser(color_scheme=scheme)
    sign_in(page, site, admin, "/admin/")

    for path in (
        "user/", "user/add/", f"user/{admin.pk}/change/", "patientprofile/", "counselorprofile/add/", "centre/add/",
        "auditevent/", "device/", "carerelationship/",
    ):  # fmt: skip
        page.goto(f"{site}/admin/accounts/{path}")
        assert page.get_by_role("heading", level=1).or_(page.locator("#content")).first.is_visible(), path
    assert page.complaints == []
