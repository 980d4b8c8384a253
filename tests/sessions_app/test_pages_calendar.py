"""The page on which one makes, changes and ends one's calendar address."""

import re

import pytest
from django.urls import reverse

from sessions_app.models import CalendarFeed
from tests.factories import PatientFactory
from tests.sessions_app.pages import browser_of, led_to, source, words

PAGE = "/settings/calendar"


@pytest.fixture
def reader(db):
    return PatientFactory().user


def address_on(answer):
    return re.search(r'id="feed-address"[^>]* value="([^"]+)"', source(answer)).group(1)


def test_address_is_made_shown_once_and_works(reader, client):
    browser = browser_of(reader)
    assert "Make my address" in words(browser.get(PAGE))
    made = browser.post(reverse("feed_make"))
    address = address_on(made)
    assert "webcal://" in source(made)
    path = "/" + address.partition("://")[2].partition("/")[2]
    assert client.get(path).status_code == 200
    assert address not in source(browser.get(PAGE))
    assert "no-store" in made["Cache-Control"]


def test_titles_are_chosen_when_making_and_changed_later(reader):
    browser = browser_of(reader)
    browser.post(reverse("feed_make"), {"shows_names": "on"})
    assert CalendarFeed.objects.get().shows_names
    assert led_to(browser.post(reverse("feed_titles"), {})) == PAGE
    assert not CalendarFeed.objects.get().shows_names


def test_a_new_address_ends_the_old_one_and_ending_ends_it(reader, client):
    browser = browser_of(reader)
    paths = []
    for _ in range(2):
        address = address_on(browser.post(reverse("feed_make")))
        paths.append("/" + address.partition("://")[2].partition("/")[2])
    assert [client.get(path).status_code for path in paths] == [404, 200]
    assert led_to(browser.post(reverse("feed_end"))) == PAGE
    assert client.get(paths[1]).status_code == 404
    assert "Make my address" in words(browser.get(PAGE))


def test_opening_an_address_that_is_posted_to_leads_to_the_page(reader):
    assert led_to(browser_of(reader).get(reverse("feed_make"))) == PAGE
    assert not CalendarFeed.objects.exists()


def test_it_is_found_from_the_menu_by_those_who_have_sessions_of_their_own(cast):
    for role in ("patient", "counselor"):
        assert PAGE in source(browser_of(cast.of_role(role)).get(reverse("preferences")))
    desk = browser_of(cast.a.front_desk)
    assert PAGE not in source(desk.get(reverse("preferences")))
    assert desk.get(PAGE).status_code == 403
    assert desk.post(reverse("feed_make")).status_code == 403
