"""Weekly hours minus what is busy: the quick way finds what the slow, plain model finds."""

import heapq
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice, permutations
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.free_time import Blocks, Rule, Shape, free_times, is_free, merge_spans
from sessions_app.services.calendars import Terms, away_spans
from sessions_app.wall_clock import LocalDay
from sessions_app.why_not import Bookable, why_not
from tests.sessions_app import wall_model
from tests.sessions_app.figures import show

NEW_YORK, LONDON, KOLKATA = "America/New_York", "Europe/London", "Asia/Kolkata"
LORD_HOWE, APIA, SANTIAGO = "Australia/Lord_Howe", "Pacific/Apia", "America/Santiago"
HOUR, DAY = 3_600, 86_400
CENTRE, OTHER_CENTRE = UUID(int=1), UUID(int=2)
MONDAY, SATURDAY, SUNDAY = 0, 5, 6
SPAN_MINUTES = st.integers(-120, 4 * 24 * 60)


def utc(year, month, day, hour=0, minute=0):
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


def blocks_of(busy, away=(), full=()):
    return Blocks(merge_spans(busy), merge_spans(away), merge_spans(full))


def starts_of(rules, busy, shape, start, end):
    return [free.start for free in free_times(rules, blocks_of(busy), shape, start=start, end=end)]


def minutes_of_hours():
    """The first minute of a rule and its end: often on quarters, sometimes not; the end may be midnight."""
    quarter = st.integers(0, 95).map(lambda number: 15 * number)
    first = st.one_of(quarter, st.integers(0, 1439))
    length = st.one_of(st.sampled_from([15, 30, 60, 240, 480, 1440]), st.integers(1, 1440))
    return st.tuples(first, length).map(lambda pair: (pair[0], min(pair[0] + pair[1], 1440)))


@st.composite
def weekly_rules(draw, zones, day):
    first, end = draw(minutes_of_hours())
    weeks = draw(st.sampled_from([1, 1, 1, 2, 3]))
    nearby = st.none() | st.integers(-2, 3).map(lambda days: day + timedelta(days=days))
    return Rule(
        weekday=draw(st.integers(-1, 2).map(lambda days: (day + timedelta(days=days)).weekday())),
        first_minute=first,
        end_minute=end,
        zone=draw(st.sampled_from(zones)),
        centre_id=draw(st.sampled_from([None, CENTRE, OTHER_CENTRE])),
        valid_from=draw(
            st.integers(-20, 3).map(lambda days: day + timedelta(days=days)) if weeks > 1 else nearby
        ),
        valid_until=draw(nearby),
        every_weeks=weeks,
    )


@st.composite
def times_away(draw, zones, day):
    """A span on the wall of one of the zones: (zone, first day, its minute, last day, its minute)."""
    first_day = day + timedelta(days=draw(st.integers(-3, 3)))
    last_day = first_day + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 6])))
    first, end = draw(minutes_of_hours())
    return draw(st.sampled_from(zones)), first_day, first, last_day, end


@st.composite
def calendars(draw):
    """Rules in up to three zones, time taken, a wish and a range of a few days, most of them at a change of clocks."""
    zones = draw(st.lists(st.sampled_from(wall_model.ZONES), min_size=1, max_size=3, unique=True))
    changes = wall_model.changes_of(zones[0])
    on_any_day = st.dates(wall_model.FIRST_DAY, wall_model.LAST_DAY)
    day = draw(st.sampled_from(changes) | on_any_day if changes else on_any_day)
    rules = draw(st.lists(weekly_rules(zones, day), min_size=1, max_size=6))
    begin = wall_model.epoch(day) - DAY
    at = SPAN_MINUTES.map(lambda minutes: begin + 60 * minutes)
    busy = draw(
        st.lists(
            st.tuples(at, st.integers(1, 300)).map(lambda span: (span[0], span[0] + 60 * span[1])), max_size=8
        )
    )
    shape = Shape(
        60 * draw(st.sampled_from([10, 30, 50, 80, 480]) | st.integers(1, 600)),
        60 * draw(st.sampled_from([0, 0, 5, 120])),
        60 * draw(st.sampled_from([0, 0, 10, 120])),
    )
    taken = Taken(
        busy,
        draw(st.lists(times_away(zones, day), max_size=3)),
        draw(st.lists(st.integers(-2, 3).map(lambda days: day + timedelta(days=days)), max_size=2)),
        draw(st.sampled_from(zones)),
    )
    start = begin + draw(st.integers(0, 2 * DAY))
    return rules, taken, shape, start, start + draw(st.integers(1, 2 * DAY))


class Taken(NamedTuple):
    """Busy spans, times away on walls, and days that are full on the clock of `zone`."""

    busy: list
    away: list
    full_days: list
    zone: str

    @property
    def of_model(self):
        away = [wall_model.away_span(*wall) for wall in self.away]
        return {
            "busy": self.busy,
            "away": [span for span in away if span],
            "full": [wall_model.day_span(self.zone, day) for day in set(self.full_days)],
        }

    @property
    def blocks(self):
        full = Terms(most_a_day=1, zone=self.zone).full_days(_begun_on(self.zone, self.full_days))
        away = away_spans((day, first, last, end, zone) for zone, day, first, last, end in self.away)
        return Blocks(merge_spans(self.busy), away, full)


def _begun_on(zone, days):
    return [wall_model.day_span(zone, day)[0] for day in days]


def starts_among(rules, taken, shape, start, end):
    return [free.start for free in free_times(rules, taken.blocks, shape, start=start, end=end)]


def assert_like_the_model(calendar):
    rules, taken, shape, start, end = calendar
    found = starts_among(rules, taken, shape, start, end)
    assert found == sorted(set(found)), "ascending, each once"
    assert found == wall_model.free_starts(rules, shape=shape, start=start, end=end, **taken.of_model)


@settings(max_examples=150, deadline=None)
@given(calendars())
def test_free_times_are_those_of_the_plain_model(calendar):
    assert_like_the_model(calendar)


@pytest.mark.prove
@settings(max_examples=6_000, deadline=None)
@given(calendars())
def test_free_times_are_those_of_the_plain_model_many_times_over(calendar):
    assert_like_the_model(calendar)


@settings(max_examples=60, deadline=None)
@given(calendars())
def test_each_time_names_the_centre_of_a_rule_that_has_it(calendar):
    rules, taken, shape, start, end = calendar
    for free in free_times(rules, taken.blocks, shape, start=start, end=end):
        of_that_centre = [rule for rule in rules if rule.centre_id == free.centre_id]
        at_once = {"start": free.start, "end": free.start + 1}
        assert free.start in wall_model.free_starts(of_that_centre, shape=shape, **at_once, **taken.of_model)


def test_of_two_rules_for_one_time_that_with_a_place_counts_whatever_their_order():
    online = Rule(SATURDAY, 540, 720, "UTC", None)
    at_places = [online._replace(centre_id=place, first_minute=600) for place in (OTHER_CENTRE, CENTRE)]
    window = {"start": utc(2026, 11, 21), "end": utc(2026, 11, 22)}
    for rules in permutations([online, *at_places]):
        found = list(free_times(rules, Blocks(), Shape(HOUR), **window))
        places = {free.centre_id for free in found if free.start >= utc(2026, 11, 21, 10)}
        assert places == {CENTRE}
        assert [free.centre_id for free in found if free.start < utc(2026, 11, 21, 10)] == [None] * 4


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(1, 2 * DAY))
def test_two_halves_of_a_range_hold_what_the_whole_holds(calendar, cut):
    rules, taken, shape, start, end = calendar
    middle = min(start + cut, end)
    halves = [(start, middle), (middle, end)]
    assert starts_among(rules, taken, shape, start, end) == [
        found for half in halves for found in starts_among(rules, taken, shape, *half)
    ]


@settings(max_examples=60, deadline=None)
@given(calendars())
def test_what_is_taken_is_free_no_more_and_nothing_else_is_lost(calendar):
    rules, taken, shape, start, end = calendar
    free = starts_among(rules, taken, shape, start, end)
    for one in free[:3]:
        span = (one - shape.buffer_before, one + shape.duration + shape.buffer_after)
        left = starts_among(rules, taken._replace(busy=[*taken.busy, span]), shape, start, end)
        reach = shape.duration + shape.buffer_before + shape.buffer_after
        assert left == [other for other in free if abs(other - one) >= reach]


# --- Why a time is not one ----------------------------------------------------------------------------------


def assert_why_like_the_model(calendar, now, notice, horizon, step):
    """For instants all over the range: the model's rule, and none exactly where the time is free."""
    rules, taken, shape, start, end = calendar
    mine, others = rules[: (len(rules) + 1) // 2], rules[(len(rules) + 1) // 2 :]
    bookable = Bookable(now, now + (notice or 1), now + horizon)
    bounds = {"start": max(start, bookable.earliest), "end": min(end, bookable.latest + 1)}
    offered = {free.start for free in free_times(mine, taken.blocks, shape, **bounds)}
    first = start - start % 60
    for at in {*range(first, end, 60 * step), *offered}:
        finding = why_not(at, mine, others, taken.blocks, shape, bookable)
        assert (finding is None) == (at in offered) or not bounds["start"] <= at < bounds["end"]
        assert (finding and finding.rule.value) == wall_model.why_not(
            at, mine, others, shape, **taken.of_model, **bookable._asdict()
        )
        yield finding.rule.value if finding else "offered"


nows = st.integers(-60, 30).map(lambda hours: hours * HOUR)
notices = st.sampled_from([0, 0, HOUR, DAY])
horizons = st.sampled_from([DAY, 5 * DAY, 365 * DAY])


@settings(max_examples=60, deadline=None)
@given(calendars(), nows, notices, horizons)
def test_why_a_time_is_not_offered_is_what_the_plain_model_says(calendar, from_start, notice, horizon):
    now = calendar[3] + from_start
    for _ in assert_why_like_the_model(calendar, now, notice, horizon, step=13):
        pass


@pytest.mark.prove
def test_why_a_time_is_not_offered_is_what_the_plain_model_says_many_times_over():
    said = Counter()

    @settings(max_examples=1_500, deadline=None, database=None)
    @given(calendars(), nows, notices, horizons)
    def check(calendar, from_start, notice, horizon):
        now = calendar[3] + from_start
        said.update(assert_why_like_the_model(calendar, now, notice, horizon, step=5))

    check()
    # Which rules a random calendar meets is luck; that each is met is for the practices in the database to show.
    assert {"offered", "away", "off_grid", "ends_too_late", "not_this_way"} <= set(said)
    show(f"Why not, over {len(wall_model.ZONES)} zones and ten years: {dict(said.most_common())}")


spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda span: (span[0], span[0] + span[1])),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(spans)
def test_merged_spans_cover_the_same_time_apart_and_in_order(some):
    merged = merge_spans(some)
    assert {second for span in merged for second in range(*span)} == {
        second for span in some for second in range(*span)
    }
    assert all(one_end < start for (_, one_end), (start, _) in zip(merged, merged[1:], strict=False))


@settings(max_examples=300, deadline=None)
@given(spans, st.integers(0, 70), st.integers(1, 12))
def test_a_span_is_free_when_it_shares_no_second_with_what_is_busy(some, start, length):
    taken = {second for span in some for second in range(*span)}
    assert is_free(start, start + length, merge_spans(some)) == taken.isdisjoint(range(start, start + length))


def test_who_wants_the_first_time_of_a_thousand_calendars_computes_little_more_than_that(monkeypatch):
    asked = []
    real = LocalDay.starts
    monkeypatch.setattr(LocalDay, "starts", lambda day, *minutes: asked.append(day) or real(day, *minutes))
    rules = [Rule(weekday, 540, 1020, LONDON, None) for weekday in range(7)]
    begin = utc(2027, 6, 1)
    streams = [
        free_times(rules, Blocks(), Shape(50 * 60), start=begin, end=begin + 60 * DAY) for _ in range(1_000)
    ]
    first = list(islice(heapq.merge(*streams), 3))
    assert [free.start for free in first] == [utc(2027, 6, 1, 8)] * 3
    assert len(asked) <= 2_100


def test_nothing_is_free_in_an_empty_range_or_without_rules():
    begin = utc(2027, 6, 1)
    rules = [Rule(weekday, 0, 1440, "UTC", None) for weekday in range(7)]
    assert starts_of(rules, [], Shape(HOUR), begin, begin) == []
    assert starts_of(rules, [], Shape(HOUR), begin + DAY, begin) == []
    assert starts_of([], [], Shape(HOUR), begin, begin + DAY) == []


def test_rules_whose_grids_cross_over_a_gap_still_come_in_order():
    """02:10 and 02:20 do not exist that night: the first rule then begins at 03:10, the second at 03:05."""
    rules = [
        Rule(SUNDAY, 66, 187, NEW_YORK, None),
        Rule(SUNDAY, 130, 240, NEW_YORK, CENTRE),
        Rule(SUNDAY, 140, 240, NEW_YORK, CENTRE),
    ]
    begin = utc(2027, 3, 14, 5)
    found = starts_of(rules, [], Shape(60), begin, begin + 6 * HOUR)
    assert found == sorted(found)
    assert found == wall_model.free_starts(rules, [], Shape(60), start=begin, end=begin + 6 * HOUR)


# --- The nights that people know by name --------------------------------------------------------------------


def night(zone, weekday, first, end, *, around, minutes=30):
    """The starts, in UTC as HH:MM, of one rule around one instant."""
    rule = Rule(weekday, 60 * first, 60 * end, zone, None)
    found = free_times([rule], Blocks(), Shape(60 * minutes), start=around - 2 * DAY, end=around + 2 * DAY)
    return [f"{datetime.fromtimestamp(free.start, UTC):%H:%M}" for free in found]


def test_new_york_offers_nothing_in_the_hour_that_is_skipped():
    assert night(NEW_YORK, SUNDAY, 1, 4, around=utc(2027, 3, 14, 7)) == (
        ["06:00", "06:15", "06:30", "06:45", "07:00", "07:15", "07:30"]
    )


def test_new_york_offers_the_repeated_hour_once_and_works_through_it():
    # 01:00 to 02:00 comes twice; the shift from 1 to 3 is three hours long, and a long session fits in.
    assert night(NEW_YORK, SUNDAY, 1, 3, around=utc(2027, 11, 7, 7)) == (
        ["05:00", "05:15", "05:30", "05:45", "07:00", "07:15", "07:30"]
    )
    assert night(NEW_YORK, SUNDAY, 1, 3, around=utc(2027, 11, 7, 7), minutes=180) == ["05:00"]


def test_london_keeps_nine_oclock_on_both_sides_of_the_change():
    assert night(LONDON, SATURDAY, 9, 10, around=utc(2027, 3, 28)) == ["09:00", "09:15", "09:30"]
    assert night(LONDON, SUNDAY, 9, 10, around=utc(2027, 3, 28)) == ["08:00", "08:15", "08:30"]


def test_kolkata_offers_quarters_that_are_half_an_hour_off():
    assert night(KOLKATA, MONDAY, 9, 10, around=utc(2027, 3, 29)) == ["03:30", "03:45", "04:00"]


def test_lord_howe_skips_and_repeats_half_an_hour():
    assert night(LORD_HOWE, SUNDAY, 1, 3, around=utc(2027, 10, 2, 16)) == (
        ["14:30", "14:45", "15:00", "15:15", "15:30"]
    )
    # 01:30 to 02:00 comes twice.
    assert night(LORD_HOWE, SUNDAY, 1, 3, around=utc(2027, 4, 3, 16)) == (
        ["14:00", "14:15", "14:30", "14:45", "15:30", "15:45", "16:00"]
    )


def test_santiago_works_until_a_midnight_that_does_not_exist():
    assert night(SANTIAGO, SATURDAY, 23, 24, around=utc(2027, 9, 5, 4)) == ["03:00", "03:15", "03:30"]
    assert night(SANTIAGO, SUNDAY, 0, 2, around=utc(2027, 9, 5, 4)) == ["04:00", "04:15", "04:30"]


def test_apia_lies_a_day_ahead_of_its_neighbours():
    assert night(APIA, MONDAY, 0, 1, around=utc(2027, 4, 4)) == ["11:00", "11:15", "11:30"]
    # Friday, 30 December 2011, was left out.
    friday = Rule(4, 0, 1440, APIA, None)
    assert starts_of([friday], [], Shape(60), utc(2011, 12, 29), utc(2012, 1, 2)) == []


def test_a_rule_applies_from_its_first_day_to_its_last_inclusive():
    rule = Rule(MONDAY, 540, 600, "UTC", None, date(2027, 3, 8), date(2027, 3, 15))
    found = starts_of([rule], [], Shape(HOUR), utc(2027, 2, 1), utc(2027, 5, 1))
    assert found == [utc(2027, 3, 8, 9), utc(2027, 3, 15, 9)]


def test_buffers_may_reach_out_of_the_hours_but_not_into_busy_time():
    rule = Rule(MONDAY, 540, 600, "UTC", None)
    nine = utc(2027, 3, 8, 9)
    shape = Shape(HOUR, 600, 900)
    assert starts_of([rule], [], shape, nine, nine + HOUR) == [nine]
    assert starts_of([rule], [(nine - HOUR, nine - 600)], shape, nine, nine + HOUR) == [nine]
    assert starts_of([rule], [(nine - HOUR, nine - 599)], shape, nine, nine + HOUR) == []
    assert starts_of([rule], [(nine + HOUR + 900, nine + 2 * HOUR)], shape, nine, nine + HOUR) == [nine]
    assert starts_of([rule], [(nine + HOUR + 899, nine + 2 * HOUR)], shape, nine, nine + HOUR) == []


def test_a_session_lies_in_one_rules_hours_even_where_two_meet():
    """Twelve may be where the counselor changes from one centre to another."""
    rules = [Rule(MONDAY, 660, 720, "UTC", CENTRE), Rule(MONDAY, 720, 780, "UTC", OTHER_CENTRE)]
    eleven = utc(2027, 3, 8, 11)
    found = list(free_times(rules, Blocks(), Shape(HOUR), start=eleven, end=eleven + 2 * HOUR))
    assert [(free.start, free.centre_id) for free in found] == [
        (eleven, CENTRE),
        (eleven + HOUR, OTHER_CENTRE),
    ]
