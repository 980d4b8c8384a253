"""Every page there is, walked: closed to visitors unless it is listed here, and to forms of other sites always."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

pytestmark = pytest.mark.django_db

SOME_ID = "0192f0c4-0000-7000-8000-000000000000"
EXAMPLES = {
    r"<uuid:\w+>": SOME_ID,
    r"<int:\w+>": "1",
    r"<str:\w+>": "something",
    r"\(\?P<uidb36>.*?\)": "1",
    r"\(\?P<key>.*?\)": "some-key",
    r"\^|\$|/\?": "",
}
OPEN_TO_VISITORS = {
    *("home", "privacy", "terms", "display_settings", "help_now", "api_schema", "api_docs"),
    *("counselor_directory", "counselor_profile", "hold_slot"),
    *("account_login", "account_logout", "account_signup", "account_inactive", "account_confirm_email"),
    *("account_email_verification_sent", "account_reset_password", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done"),
    *("account_confirm_login_code",),
    # Only with DEBUG is there anything (tests/notifications/test_show_dev_mail.py).
    *("dev_mail", "dev_mail_message", "dev_mail_html", "dev_mail_attachment"),
}


def pages(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(name, address) of every page: all that is neither an endpoint of the API nor the console's."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from pages(pattern, route)
        elif pattern.name and not hasattr(pattern.callback, "cls") and not route.startswith("admin/"):
            yield pattern.name, "/" + _example(route)


def _example(route: str) -> str:
    for written, value in EXAMPLES.items():
        route = re.sub(written, value, route)
    return route


PAGES = dict(pages())


def test_the_list_names_pages_that_are_there():
    assert set(PAGES) >= OPEN_TO_VISITORS
    assert len(PAGES) > 35


@pytest.mark.parametrize("name", sorted(set(PAGES) - OPEN_TO_VISITORS))
def test_what_is_not_listed_leads_a_visitor_to_sign_in(client, name):
    answer = client.get(PAGES[name])

    assert answer.status_code == 302, answer.content[:300]
    assert answer.url.startswith("/accounts/login/?next=")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_takes_a_form_of_another_site(cast, name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.a.counselor)

    assert client.post(PAGES[name], headers={"Origin": "https://evil.test"}).status_code == 403


@pytest.mark.parametrize("name", sorted(set(PAGES) - {"help_now", "api_schema"}))
def test_no_page_is_kept_by_anybody(client, cast, name):
    client.force_login(cast.a.counselor)

    assert "no-store" in client.get(PAGES[name]).headers["Cache-Control"]
