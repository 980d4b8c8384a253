"""Browsers of several people at one real server."""

import pytest
from django.conf import settings
from django.test import Client

from tests.browser.watch import Watch

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 320, "height": 640}


@pytest.fixture
def address(live_server_processes):
    """Where the site is."""
    return live_server_processes(1)[0]


@pytest.fixture
def watch():
    """Sees every page of the test; whatever one complained of fails it."""
    seen = Watch()
    yield seen
    assert seen.complaints == []


@pytest.fixture
def browser_of(browser, address, watch):
    """`browser_of(user, viewport=PHONE)` is a page of a fresh profile, signed in; of a visitor without `user`."""
    contexts = []

    def opened(user=None, **options):
        options = {
            "viewport": DESKTOP,
            "color_scheme": "light",
            "timezone_id": "UTC",
            "locale": "en-GB",
        } | options
        context = browser.new_context(base_url=address, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        if user is not None:
            sign_in(context, user, address)
        page = context.new_page()
        watch.over(page, address)
        return page

    yield opened
    for context in contexts:
        context.close()


def sign_in(context, user, address):
    """As if the user had signed in before: with the cookie that signing in leaves."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": address}])
