"""Wall-clock minutes become instants as the clocks of the world run, above all on the days on which they change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.wall_clock import LocalDay, local_date
from tests.sessions_app import wall_model
from tests.sessions_app.figures import show

DAY_MINUTES = 24 * 60
NEW_YORK, LONDON, KOLKATA = "America/New_York", "Europe/London", "Asia/Kolkata"
LORD_HOWE, APIA, SANTIAGO = "Australia/Lord_Howe", "Pacific/Apia", "America/Santiago"


def utc(year, month, day, hour=0, minute=0):
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


def clock(hour, minute=0):
    return 60 * hour + minute


@st.composite
def local_days(draw):
    """Any zone; half of the days lie at or beside a change of its clocks."""
    zone = draw(st.sampled_from(wall_model.ZONES))
    changes = wall_model.changes_of(zone)
    if changes and draw(st.booleans()):
        return zone, draw(st.sampled_from(changes)) + timedelta(days=draw(st.integers(-1, 1)))
    return zone, draw(st.dates(wall_model.FIRST_DAY, wall_model.LAST_DAY))


def assert_like_the_model(zone, day):
    quick = LocalDay(zone, day)
    expected = wall_model.first_instants(zone, day)
    for minute in range(DAY_MINUTES):
        assert quick.instant(minute) == expected.get(minute), f"{zone} {day} minute {minute}"
    for minute in range(15, DAY_MINUTES + 1, 15):
        over = wall_model.first_instant_at_or_after(zone, day, minute)
        assert quick.end_instant(minute) == over, f"{zone} {day} end {minute}"


@settings(max_examples=40, deadline=None)
@given(local_days())
def test_every_minute_of_a_day_is_where_the_walls_clock_shows_it_first(day):
    assert_like_the_model(*day)


@settings(max_examples=40, deadline=None)
@given(local_days(), st.integers(0, 1439), st.integers(1, 1440))
def test_starts_are_the_minutes_of_the_grid_that_exist_in_ascending_order(day, first, end):
    starts = list(LocalDay(*day).starts(first, end))
    on_the_wall = wall_model.first_instants(*day)
    assert starts == [on_the_wall[minute] for minute in range(first, end, 15) if minute in on_the_wall]
    assert starts == sorted(set(starts))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(wall_model.ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)))
def test_the_local_date_is_the_date_on_the_wall(zone, moment):
    instant = int(moment.replace(tzinfo=UTC).timestamp())
    assert local_date(zone, instant) == datetime.fromtimestamp(instant, ZoneInfo(zone)).date()


@pytest.mark.prove
def test_every_change_of_clocks_of_every_zone_from_2026_to_2028():
    """Zones whose clocks run alike in these years are walked once."""
    seen = {}
    for zone in wall_model.ZONES:
        changes = tuple(wall_model.changes_of(zone))
        if changes:
            tz = ZoneInfo(zone)
            shifts = tuple(
                datetime(day.year, day.month, day.day, 12, tzinfo=tz).utcoffset() for day in changes
            )
            seen.setdefault((changes, shifts), zone)
    days = 0
    for (changes, _), zone in seen.items():
        for change in changes:
            for day in (change - timedelta(days=1), change, change + timedelta(days=1)):
                assert_like_the_model(zone, day)
                days += 1
    show(
        f"Wall clock: {days} local days around the changes of {len(seen)} different clocks, every minute alike."
    )


# --- The days that people know by name ----------------------------------------------------------------------


def test_new_york_jumps_over_the_hour_from_two_to_three_in_march():
    day = LocalDay(NEW_YORK, date(2027, 3, 14))
    assert day.instant(clock(1, 45)) == utc(2027, 3, 14, 6, 45)
    assert [day.instant(clock(2, minute)) for minute in (0, 15, 30, 59)] == [None] * 4
    assert day.instant(clock(3)) == utc(2027, 3, 14, 7)
    assert day.end_instant(clock(2, 30)) == utc(2027, 3, 14, 7)


def test_new_york_has_the_hour_from_one_to_two_twice_in_november_and_the_first_counts():
    day = LocalDay(NEW_YORK, date(2027, 11, 7))
    assert day.instant(clock(1, 30)) == utc(2027, 11, 7, 5, 30)
    assert day.instant(clock(2)) == utc(2027, 11, 7, 7)
    assert list(day.starts(clock(0, 45), clock(2, 15))) == [
        utc(2027, 11, 7, 4, 45),
        *(utc(2027, 11, 7, 5, minute) for minute in (0, 15, 30, 45)),
        utc(2027, 11, 7, 7),
    ]


def test_nine_oclock_in_london_is_nine_on_both_sides_of_a_change():
    before, after = LocalDay(LONDON, date(2027, 3, 27)), LocalDay(LONDON, date(2027, 3, 28))
    assert before.instant(clock(9)) == utc(2027, 3, 27, 9)
    assert after.instant(clock(9)) == utc(2027, 3, 28, 8)
    assert after.instant(clock(1, 15)) is None


def test_kolkata_never_changes_and_lies_half_an_hour_off():
    for day in (date(2026, 1, 1), date(2027, 3, 28), date(2028, 10, 29)):
        assert LocalDay(KOLKATA, day).instant(clock(9)) == utc(day.year, day.month, day.day, 3, 30)


def test_lord_howe_changes_by_half_an_hour():
    spring, autumn = LocalDay(LORD_HOWE, date(2027, 10, 3)), LocalDay(LORD_HOWE, date(2027, 4, 4))
    assert spring.instant(clock(2, 15)) is None
    assert spring.instant(clock(2, 30)) == utc(2027, 10, 2, 15, 30)
    assert list(spring.starts(clock(1, 45), clock(3))) == [
        utc(2027, 10, 2, 15, 15),
        utc(2027, 10, 2, 15, 30),
        utc(2027, 10, 2, 15, 45),
    ]
    assert autumn.instant(clock(1, 45)) == utc(2027, 4, 3, 14, 45)
    assert autumn.instant(clock(2)) == utc(2027, 4, 3, 15, 30)


def test_santiago_has_no_midnight_in_september_and_its_saturday_ends_all_the_same():
    saturday, sunday = LocalDay(SANTIAGO, date(2027, 9, 4)), LocalDay(SANTIAGO, date(2027, 9, 5))
    assert sunday.instant(0) is None
    assert sunday.instant(clock(1)) == utc(2027, 9, 5, 4)
    assert saturday.instant(DAY_MINUTES) is None
    assert saturday.end_instant(DAY_MINUTES) == utc(2027, 9, 5, 4)


def test_santiago_has_the_last_hour_of_a_saturday_in_april_twice():
    saturday = LocalDay(SANTIAGO, date(2027, 4, 3))
    assert saturday.instant(clock(23, 30)) == utc(2027, 4, 4, 2, 30)
    assert saturday.end_instant(DAY_MINUTES) == utc(2027, 4, 4, 4)
    assert local_date(SANTIAGO, utc(2027, 4, 4, 3, 30)) == date(2027, 4, 3)


def test_apia_keeps_one_offset_and_once_left_out_a_whole_day():
    assert LocalDay(APIA, date(2027, 4, 4)).instant(clock(9)) == utc(2027, 4, 3, 20)
    left_out = LocalDay(APIA, date(2011, 12, 30))
    assert list(left_out.starts(0, DAY_MINUTES)) == []
    assert left_out.end_instant(clock(12)) == utc(2011, 12, 30, 10)
