"""The frame around every page, and the pages of no app, through the browser's door."""

import re

import pytest

from mentalspace.display import COOKIE_NAME

pytestmark = pytest.mark.django_db

PUBLIC = ["/", "/privacy", "/terms", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_open_for_a_visitor_with_help_one_step_away(client, path):
    answer = client.get(path)
    page = answer.content.decode()

    assert answer.status_code == 200
    assert page.index('href="/help-now"') < page.index("<main")
    assert page.index('class="skip-link" href="#content"') < page.index("<header")
    assert re.search(r"<title>[^<]+ · MentalSpace</title>", page)
    assert page.count("<h1") == 1


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_answer_a_visitor_with_the_fewest_queries(client, path, django_assert_max_num_queries):
    client.get(path)
    with django_assert_max_num_queries(0):
        client.get(path)


@pytest.mark.parametrize(
    ("role", "first_page"),
    [
        ("patient", "my_sessions"),
        ("counselor", "counselor_today"),
        ("front_desk", "front_desk_day"),
        ("care_coordinator", "front_desk_day"),
        ("centre_manager", "front_desk_day"),
        ("manager", "admin:index"),
        ("admin", "admin:index"),
    ],
)
def test_each_role_starts_at_its_own_page(cast, role, first_page):
    from mentalspace.views import first_page_of

    assert first_page_of(cast.of_role(role)) == first_page


def test_dashboard_leads_visitors_to_sign_in(client):
    assert client.get("/dashboard").url == "/accounts/login/?next=/dashboard"


@pytest.mark.parametrize("role", ["patient", "counselor", "front_desk", "admin"])
def test_the_menu_is_the_readers_own_and_lets_them_out(client, cast, role):
    user = cast.of_role(role)
    client.force_login(user)
    page = client.get("/privacy").content.decode()

    assert user.full_name in page
    assert 'action="/accounts/logout/"' in page
    assert ('href="/admin/"' in page) == (role == "admin")


@pytest.mark.parametrize("path", ["/", "/privacy", "/terms"])
def test_pages_that_only_show_take_no_post(client, path):
    assert client.post(path).status_code == 405


def test_visitor_chooses_colours_and_text_size_without_script(client):
    answer = client.post("/display", {"theme": "dark", "next": "/terms"})
    assert (answer.status_code, answer.url) == (302, "/terms")
    client.post("/display", {"font_size": "large", "next": "/terms"})

    page = client.get("/terms").content.decode()
    assert 'data-bs-theme="dark" data-font-size="large"' in page
    assert re.search(r'value="dark"[^>]*aria-pressed="true"', page)


def test_choice_of_somebody_signed_in_stays_on_the_account(client, cast):
    client.force_login(cast.stranger)
    client.post("/display", {"theme": "dark"})

    cast.stranger.refresh_from_db()
    assert cast.stranger.theme == "dark"


@pytest.mark.parametrize("value", ["dark.huge", "<b>.large", "....", "x" * 5000, "dark"])
def test_a_spoilt_cookie_falls_back_to_the_defaults(client, value):
    client.cookies[COOKIE_NAME] = value
    page = client.get("/").content.decode()

    assert re.search(r'data-bs-theme="(system|dark)" data-font-size="(medium|large)"', page)


@pytest.mark.parametrize(
    "address",
    [
        *("https://evil.test/", "//evil.test", "/\\evil.test", "//", "javascript:alert(1)"),
        *("", "home", "no-such-page", "../admin/"),
    ],
)
def test_display_controls_send_nobody_elsewhere(client, address):
    assert client.post("/display", {"theme": "dark", "next": address}).url == "/"


def test_display_controls_are_closed_to_other_sites(client):
    from django.test import Client

    assert Client(enforce_csrf_checks=True).post("/display", {"theme": "dark"}).status_code == 403


@pytest.mark.parametrize("path", [*PUBLIC, "/nowhere"])
def test_policy_allows_only_our_own_scripts_and_styles(client, path):
    policy = client.get(path).headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'self'(?: 'nonce-[^']+')?(;|$)", policy)
