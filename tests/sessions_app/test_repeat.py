"""When something that repeats takes place, by the clock on the wall."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.occurrences import occurrences

LONDON, NEW_YORK = "Europe/London", "America/New_York"


def at(zone, *when):
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_nine_stays_nine_over_both_changes_of_clocks():
    first = at(LONDON, 2026, 3, 16, 9)
    found = occurrences(first, zone=LONDON, rhythm="fortnightly", count=26)
    walls = [each.start.astimezone(ZoneInfo(LONDON)) for each in found]
    assert {(wall.hour, wall.minute, wall.weekday()) for wall in walls} == {(9, 0, 0)}
    assert len({wall.utcoffset() for wall in walls}) == 2
    assert [(later.date() - earlier.date()).days for earlier, later in pairwise(walls)] == [14] * 25


def test_a_time_that_the_clocks_jump_over_does_not_exist():
    first = at(NEW_YORK, 2026, 3, 1, 2, 30)
    found = occurrences(first, zone=NEW_YORK, rhythm="weekly", count=3)
    assert [each.exists for each in found] == [True, False, True]
    assert found[1].start.astimezone(ZoneInfo(NEW_YORK)).date() == date(2026, 3, 8)


def test_a_time_that_comes_twice_is_taken_the_first_time():
    first = at(NEW_YORK, 2026, 10, 25, 1, 30)
    found = occurrences(first, zone=NEW_YORK, rhythm="weekly", count=2)
    assert found[1].start == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "days"),
    [
        # The second Tuesday.
        (date(2026, 1, 13), [date(2026, 2, 10), date(2026, 3, 10), date(2026, 4, 14)]),
        # The fifth Thursday, or the last where there is no fifth.
        (date(2026, 1, 29), [date(2026, 2, 26), date(2026, 3, 26), date(2026, 4, 30)]),
        (date(2026, 11, 2), [date(2026, 12, 7), date(2027, 1, 4), date(2027, 2, 1)]),
    ],
)
def test_monthly_is_the_same_weekday_of_the_month(first, days):
    start = datetime(first.year, first.month, first.day, 9, tzinfo=UTC)
    found = occurrences(start, zone="UTC", rhythm="monthly", count=4)
    assert [each.start.date() for each in found] == [first, *days]


def test_until_includes_its_day():
    start = datetime(2026, 1, 5, 9, tzinfo=UTC)
    found = occurrences(start, zone="UTC", rhythm="weekly", until=date(2026, 1, 26), count=60)
    assert [each.number for each in found] == [1, 2, 3, 4]


@given(
    day=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    hour=st.integers(0, 23),
    quarter=st.sampled_from([0, 15, 30, 45]),
    rhythm=st.sampled_from(["weekly", "fortnightly", "monthly"]),
    zone=st.sampled_from(
        [LONDON, NEW_YORK, "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza"]
    ),
)
def test_every_one_is_at_the_same_time_on_the_wall(day, hour, quarter, rhythm, zone):
    first = at(zone, day.year, day.month, day.day, hour, quarter)
    local = first.astimezone(ZoneInfo(zone))
    found = occurrences(first, zone=zone, rhythm=rhythm, count=20)
    starts = [each.start for each in found]
    assert starts == sorted(starts)
    for each in found:
        wall = each.start.astimezone(ZoneInfo(zone))
        if each.exists:
            assert (wall.time(), wall.weekday()) == (local.time(), local.weekday())
        else:
            assert wall.time() != local.time()
    gaps = {later - earlier for earlier, later in pairwise(starts)}
    assert timedelta(days=6) < min(gaps)
    assert max(gaps) < timedelta(days=36)
