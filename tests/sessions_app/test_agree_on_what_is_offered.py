"""One counselor's slots, the slots over many, “why not”, booking and the slow, plain model: they say the same.

Practices are made up at random in the database: any IANA zone, ten years, rules of every kind, leave, extra hours,
buffers, lengths, notice, horizon, most a day, sessions that are booked already. The model is worked out from what was
made up, not from what the code under test has read.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import DomainError, SlotTaken, ValidationFailed
from sessions_app.free_time import Rule, Shape
from sessions_app.models import AvailabilityException, BookingRules, ExceptionKind
from sessions_app.services.booking import book_session
from sessions_app.services.earliest import find_earliest_slots, next_free_times
from sessions_app.services.reasons import TAKEN_BY_OTHERS, find_reason
from sessions_app.services.reservations import Choice
from sessions_app.services.slots import Wish, find_slots
from sessions_app.why_not import WhyNot
from tests.factories import AvailabilityRuleFactory, CounselorFactory, PatientFactory, SessionTypeFactory
from tests.sessions_app import wall_model
from tests.sessions_app.clinic import open_practice, undone
from tests.sessions_app.figures import show

pytestmark = pytest.mark.django_db
HOUR, DAY = 3_600, 86_400
QUARTERS = st.integers(0, 95).map(lambda number: 15 * number)


@st.composite
def hours(draw):
    """(first minute, end minute) of a day, long ones often."""
    first = draw(st.sampled_from([0, 480, 540]) | QUARTERS)
    return first, min(1440, first + draw(st.sampled_from([60, 240, 480, 1440]) | st.integers(1, 900)))


@st.composite
def practices(draw):
    """A practice as plain data, around a day on which the clocks of its zone change, or any of ten years."""
    zone = draw(st.sampled_from(wall_model.ZONES))
    changes = wall_model.changes_of(zone)
    any_day = st.dates(wall_model.FIRST_DAY, wall_model.LAST_DAY)
    day = draw(st.sampled_from(changes) | any_day if changes else any_day)
    near = st.integers(-2, 3).map(lambda days: day + timedelta(days=days))
    rules = []
    for _ in range(draw(st.integers(1, 5))):
        weeks = draw(st.sampled_from([1, 1, 1, 2, 3]))
        rules.append(
            Rule(
                draw(near).weekday(),
                *draw(hours()),
                draw(st.sampled_from([zone, zone, zone, draw(st.sampled_from(wall_model.ZONES))])),
                draw(st.booleans()) or None,
                day - timedelta(days=draw(st.integers(0, 30))) if weeks > 1 else None,
                draw(st.none() | near),
                weeks,
            )
        )
    return {
        "zone": zone,
        "day": day,
        "rules": rules,
        "extra": draw(st.lists(st.tuples(near, hours(), st.booleans()), max_size=2)),
        "away": draw(
            st.lists(st.tuples(near, st.sampled_from([0, 0, 1, 5]), hours() | st.just((0, 1440))), max_size=2)
        ),
        "shape": Shape(
            60 * draw(st.sampled_from([10, 30, 50, 80, 240])),
            60 * draw(st.sampled_from([0, 0, 5, 30])),
            60 * draw(st.sampled_from([0, 0, 10, 60])),
        ),
        "mode": draw(st.sampled_from([None, "in_person", "video"])),
        "notice": 60 * draw(st.sampled_from([0, 0, 90, 1440])),
        "horizon": draw(st.sampled_from([None, 2, 30])),
        "most": draw(st.sampled_from([None, None, 1, 2])),
        "now_before": draw(st.integers(0, 60)) * HOUR,
        "booked": draw(st.integers(0, 3)),
        "pick": draw(st.randoms(use_true_random=False)),
    }


def clock_time(minute):
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def make(practice):
    """The practice in the database; the counselor."""
    counselor = CounselorFactory(primary_centre__timezone=practice["zone"])
    shape = practice["shape"]
    SessionTypeFactory(
        counselor=counselor,
        duration_minutes=shape.duration // 60,
        buffer_before_minutes=shape.buffer_before // 60,
        buffer_after_minutes=shape.buffer_after // 60,
    )
    for rule in map(_valid, practice["rules"]):
        AvailabilityRuleFactory(
            counselor=counselor,
            weekday=rule.weekday,
            start=clock_time(rule.first_minute),
            end=clock_time(rule.end_minute),
            timezone=rule.zone,
            centre=counselor.primary_centre if rule.centre_id else None,
            valid_from=rule.valid_from,
            valid_until=max(rule.valid_until, rule.valid_from)
            if rule.valid_until and rule.valid_from
            else rule.valid_until,
            every_weeks=rule.every_weeks,
        )
    for day, (first, end), is_at_centre in practice["extra"]:
        AvailabilityException.objects.create(
            counselor=counselor,
            kind=ExceptionKind.EXTRA,
            first_day=day,
            last_day=day,
            start=clock_time(first),
            end=clock_time(end),
            timezone=practice["zone"],
            centre=counselor.primary_centre if is_at_centre else None,
        )
    for day, more_days, (first, end) in practice["away"]:
        AvailabilityException.objects.create(
            counselor=counselor,
            kind=ExceptionKind.UNAVAILABLE,
            first_day=day,
            last_day=day + timedelta(days=more_days),
            start=clock_time(first),
            end=clock_time(end),
            timezone=practice["zone"],
        )
    BookingRules.objects.create(
        counselor=counselor,
        minimum_notice_minutes=practice["notice"] // 60,
        horizon_days=practice["horizon"],
        most_sessions_a_day=practice["most"],
        timezone=practice["zone"],
    )
    return counselor


class Model:
    """The practice as the plain model sees it, with the sessions that were booked in it."""

    def __init__(self, practice, now):
        self.practice, self.zone, self.shape = practice, practice["zone"], practice["shape"]
        self.now, self.begun = now, []
        rules = [_valid(rule) for rule in practice["rules"]]
        rules += [
            Rule(day.weekday(), first, end, self.zone, at_centre or None, day, day)
            for day, (first, end), at_centre in practice["extra"]
        ]
        self.all_rules = rules
        self.rules = [rule for rule in rules if rule.centre_id or practice["mode"] != "in_person"]
        away = [
            wall_model.away_span(self.zone, day, first, day + timedelta(days=more), end)
            for day, more, (first, end) in practice["away"]
        ]
        self.away = [span for span in away if span]

    def why_not(self, at):
        shape, days = self.shape, Counter(self.date_of(start) for start in self.begun)
        most = self.practice["most"]
        horizon = min(self.practice["horizon"] or 365, 365)
        return wall_model.why_not(
            at,
            self.rules,
            self.all_rules,
            shape,
            busy=[
                (start - shape.buffer_before, start + shape.duration + shape.buffer_after)
                for start in self.begun
            ],
            away=self.away,
            full=[
                wall_model.day_span(self.zone, day) for day, count in days.items() if most and count >= most
            ],
            now=self.now,
            earliest=self.now + self.practice["notice"],
            latest=self.now + horizon * DAY,
        )

    def date_of(self, instant):
        return datetime.fromtimestamp(instant, wall_model.ZoneInfo(self.zone)).date()


def _valid(rule):
    is_upside_down = rule.valid_until and rule.valid_from and rule.valid_until < rule.valid_from
    return rule._replace(valid_until=rule.valid_from) if is_upside_down else rule


def utc(second):
    return datetime.fromtimestamp(second, UTC)


def all_agree(practice, others, patient, *, step, most_tries):
    """Everything that may be asked about two days of this practice; yields what was found of each instant asked."""
    begin = wall_model.epoch(practice["day"]) - 12 * HOUR
    start, end = utc(begin), utc(begin + 2 * DAY)
    model = Model(practice, begin - practice["now_before"])
    now, wish = utc(model.now), Wish(mode=practice["mode"])
    counselor = make(practice)
    window = {"start": start, "end": end, "wish": wish, "now": now}

    def book(at):
        choice = Choice(counselor.pk, utc(at), mode=practice["mode"])
        return book_session(choice=choice, patient_id=PatientFactory().pk, actor=patient, now=now)

    for _ in range(practice["booked"]):
        free = find_slots(counselor_id=counselor.pk, **window)
        if free:
            at = int(practice["pick"].choice(free).start.timestamp())
            book(at)
            model.begun.append(at)

    offered = [int(slot.start.timestamp()) for slot in find_slots(counselor_id=counselor.pk, **window)]
    over_many = find_earliest_slots(counselor_ids=[counselor.pk, *others], limit=100_000, **window)
    assert [int(one.start.timestamp()) for one in over_many if one.counselor_id == counselor.pk] == offered
    first = next_free_times(counselor_ids=[counselor.pk, *others], **window).get(counselor.pk)
    assert (first and int(first.start.timestamp())) == (offered[0] if offered else None)

    asked = sorted({*range(begin, begin + 2 * DAY, 60 * step), *offered})
    tries = set(practice["pick"].sample(asked, min(most_tries, len(asked))))
    tries |= set(practice["pick"].sample(offered, min(most_tries, len(offered))))
    for at in asked:
        expected = model.why_not(at)
        assert (expected is None) == (at in offered), (utc(at), expected)
        if at in tries:
            finding, _ = find_reason(counselor_id=counselor.pk, start=utc(at), wish=wish, now=now)
            assert (finding and finding.rule.value) == expected, utc(at)
            assert_booking_agrees(book, at, expected)
            yield expected or "offered", True
        else:
            yield expected or "offered", False


def assert_booking_agrees(book, at, expected):
    if expected is None:
        with undone():
            assert int(book(at).start.timestamp()) == at
        return
    refusal = SlotTaken if expected in TAKEN_BY_OTHERS else ValidationFailed
    with pytest.raises(DomainError) as caught, undone():
        book(at)
    assert isinstance(caught.value, refusal), (utc(at), expected, caught.value)


@pytest.fixture
def others(db):
    """Three more counselors, so that “over many” is over many."""
    return [open_practice(zone=zone).pk for zone in ("Asia/Kolkata", "Europe/London", "America/New_York")]


quiet = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@settings(max_examples=40, **quiet)
@given(practice=practices())
def test_slots_of_one_over_many_why_not_booking_and_the_model_agree(practice, others):
    with undone():
        patient = PatientFactory().user
        for _ in all_agree(practice, others, patient, step=35, most_tries=4):
            pass


@pytest.mark.prove
def test_they_agree_over_all_zones_and_ten_years(others):
    found, tried, zones = Counter(), Counter(), set()

    @settings(max_examples=1_500, database=None, **quiet)
    @given(practice=practices())
    def check(practice):
        zones.add(practice["zone"])
        with undone():
            patient = PatientFactory().user
            for rule, was_tried in all_agree(practice, others, patient, step=11, most_tries=8):
                found[rule] += 1
                tried[rule] += was_tried

    check()
    rules = {rule.value for rule in WhyNot} - {"not_listed", "no_such_session", "rooms_taken", "blocked"}
    assert rules <= set(found), "every rule was met"
    show(
        f"{len(zones)} zones, ten years. Instants asked of slots and model: {sum(found.values())},"
        f" {dict(found.most_common())}. Of them tried to book, and asked why not: {sum(tried.values())},"
        f" {dict(tried.most_common())}. Disagreements: 0."
    )
