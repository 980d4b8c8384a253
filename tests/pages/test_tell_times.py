"""Times and money in words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from mentalspace.templatetags.people import initials, portrait
from mentalspace.templatetags.times import money, when, zone, zone_name

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_new_york():
    with time_machine.travel(NOW, tick=False), timezone.override(ZoneInfo("America/New_York")):
        yield


def plain(markup):
    import re

    return re.sub(r"<[^>]+>", "", markup).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (NOW, "Today, 20 November, 10:00 am New York time"),
        (NOW + timedelta(days=1, hours=2, minutes=5), "Tomorrow, 21 November, 12:05 pm New York time"),
        (NOW - timedelta(hours=12), "Yesterday, 19 November, 10:00 pm New York time"),
        (NOW + timedelta(days=4), "Tuesday 24 November, 10:00 am New York time"),
        (datetime(2027, 1, 4, 5, 30, tzinfo=UTC), "Monday 4 January 2027, 12:30 am New York time"),
    ],
)
def test_instants_are_told_in_the_readers_zone_with_its_name(instant, words):
    assert plain(when(instant)) == words


def test_machines_read_the_exact_instant():
    assert 'datetime="2026-11-20T15:00:00+00:00"' in when(NOW)


def test_spans_name_both_ends():
    assert plain(when(NOW, until=NOW + timedelta(minutes=50), style="time")) == "10:00 am–10:50 am"


def test_the_other_partys_clock_stands_beside_when_it_differs():
    assert plain(when(NOW, other="Asia/Kolkata")).endswith("(8:30 pm Kolkata time)")
    assert plain(when(NOW, other="Pacific/Apia")).endswith("(Sat 21 Nov, 4:00 am Apia time)")
    assert "(" not in plain(when(NOW, other="America/Toronto"))


def test_the_same_wall_clock_on_both_sides_of_the_change_of_clocks():
    before = datetime(2026, 10, 31, 13, 0, tzinfo=UTC)
    after = datetime(2026, 11, 2, 14, 0, tzinfo=UTC)
    assert plain(when(before, style="time")) == plain(when(after, style="time")) == "9:00 am"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("America/New_York", "New York time"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time"),
        ("Asia/Calcutta", "Kolkata time"),
        ("Asia/Saigon", "Ho Chi Minh City time"),
        ("Etc/GMT+5", "GMT+5"),
        ("UTC", "UTC"),
        (None, "New York time"),
    ],
)
def test_zones_have_names_that_people_use(key, name):
    assert zone_name(key) == name
    assert zone(key or "") == name


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (150_000, "INR", "₹1,500"),
        (4_050, "USD", "$40.50"),
        (1_200, "JPY", "¥1,200"),
        (12_345, "KWD", "KWD 12.345"),
        (900, "CHF", "CHF 9"),
        (0, "INR", "Free"),
        (None, "INR", "Free"),
    ],
)
def test_money_is_written_as_people_write_it(amount, currency, words):
    assert money(amount, currency) == words


@pytest.mark.parametrize(
    ("name", "letters"), [("Asha Devi Mehta", "AM"), ("River", "R"), ("", ""), ("étienne o", "ÉO")]
)
def test_initials_are_the_first_and_the_last(name, letters):
    assert initials(name) == letters


def test_a_portrait_is_the_same_every_time_and_escapes_its_letters():
    assert portrait("River Song") == portrait("River Song")
    assert "&lt;" in portrait("<b")
