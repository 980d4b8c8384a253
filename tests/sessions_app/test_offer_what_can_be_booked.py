"""A slot is a promise: each that is offered can be booked, also while the clocks change, and nothing else can."""

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import DomainError, SlotTaken, ValidationFailed
from sessions_app.free_time import Shape
from sessions_app.services.booking import book_session
from sessions_app.services.calendars import read_calendars
from sessions_app.services.earliest import find_earliest_slots, next_free_times
from sessions_app.services.reservations import Choice
from sessions_app.services.slots import Wish, find_slots
from tests.factories import PatientFactory, SessionTypeFactory
from tests.sessions_app import wall_model
from tests.sessions_app.clinic import MIDNIGHT, open_practice, undone
from tests.sessions_app.figures import show

pytestmark = pytest.mark.django_db

ZONES = [
    "America/New_York",
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Santiago",
]
NO_CHANGES = [datetime(year, 4, 4, 11, tzinfo=UTC) for year in (2026, 2027, 2028)]
QUARTER = timedelta(minutes=15)


def moments_of(zone):
    """The instants around which the clocks of the zone change; some plain ones where they never do."""
    changes = [wall_model.instant_of_change(zone, day) for day in wall_model.changes_of(zone)[:6]]
    return [datetime.fromtimestamp(instant, UTC) for instant in changes] or NO_CHANGES


def practice_around_the_clock(zone):
    """Hours from midnight to midnight, 50 minutes with buffers, and long sessions of 80."""
    counselor = open_practice(
        zone=zone, start=MIDNIGHT, end=MIDNIGHT, buffer_before_minutes=5, buffer_after_minutes=10
    )
    SessionTypeFactory(counselor=counselor, duration_minutes=80, position=1)
    return counselor


def promise_is_kept(counselor, patient, moment, *, reach, step):
    """Around `moment`, with one session there already: what is offered can be booked, and only that. Returns counts."""
    now = moment - timedelta(days=2)
    start, end = moment - reach, moment + reach
    window = {"counselor_id": counselor.pk, "start": start, "end": end, "wish": Wish(), "now": now}
    taken = [slot.start for slot in find_slots(**window) if slot.end <= moment][-1]
    book_session(choice=Choice(counselor.pk, taken), patient_id=PatientFactory().pk, actor=patient, now=now)
    offered = [slot.start for slot in find_slots(**window)]
    calendar = read_calendars([counselor.pk], start=start, end=end)[counselor.pk]
    shape = Shape(50 * 60, 5 * 60, 10 * 60)
    bounds = {"start": int(start.timestamp()), "end": int(end.timestamp())}
    at_any_time = wall_model.free_starts(calendar.rules, [], shape, **bounds)
    assert [slot.timestamp() for slot in offered] == wall_model.free_starts(
        calendar.rules, calendar.blocks.busy, shape, **bounds
    )
    for slot in offered:
        assert refusal(counselor, patient, slot, now) is None, f"offered and refused: {slot}"
    others = [start + number * step for number in range(2 * reach // step)]
    refused = [moment for moment in others if moment not in set(offered)]
    for other in refused:
        expected = SlotTaken if other.timestamp() in at_any_time else ValidationFailed
        assert isinstance(refusal(counselor, patient, other, now), expected), f"not offered: {other}"
    return len(offered), len(refused)


def refusal(counselor, patient, start, now):
    """What booking this time answers, undone afterwards: None when it could be had."""
    try:
        with undone():
            session = book_session(
                choice=Choice(counselor.pk, start), patient_id=patient.pk, actor=patient, now=now
            )
            assert (session.start, session.duration_minutes) == (start, 50)
    except DomainError as error:
        return error
    return None


@pytest.mark.parametrize("zone", ZONES)
def test_every_slot_offered_around_a_change_of_clocks_can_be_booked(zone):
    patient = PatientFactory().user
    for moment in moments_of(zone):
        with undone():
            offered, refused = promise_is_kept(
                practice_around_the_clock(zone),
                patient,
                moment,
                reach=timedelta(hours=3),
                step=timedelta(minutes=43),
            )
        assert offered >= 8
        assert refused >= 4


@pytest.mark.prove
@pytest.mark.parametrize("zone", ZONES)
def test_every_slot_of_three_days_around_each_change_of_clocks_can_be_booked(zone):
    patient = PatientFactory().user
    offered = refused = 0
    for moment in moments_of(zone):
        with undone():
            counts = promise_is_kept(
                practice_around_the_clock(zone),
                patient,
                moment,
                reach=timedelta(hours=36),
                step=timedelta(minutes=7),
            )
        offered, refused = offered + counts[0], refused + counts[1]
    show(f"{zone}: {offered} slots offered and booked, {refused} other times refused with the right reason.")


@pytest.mark.parametrize("zone", ZONES)
def test_one_counselors_slots_the_earliest_over_all_and_the_next_free_time_agree(zone):
    counselor = practice_around_the_clock(zone)
    moment = moments_of(zone)[-1]
    start, end, now = moment - timedelta(hours=8), moment + timedelta(days=2), moment - timedelta(days=1)
    for wish in (Wish(), Wish(duration_minutes=80), Wish(mode="in_person")):
        window = {"start": start, "end": end, "wish": wish, "now": now}
        slots = find_slots(counselor_id=counselor.pk, **window)
        assert slots
        assert find_earliest_slots(counselor_ids=[counselor.pk], limit=10_000, **window) == slots
        assert find_earliest_slots(counselor_ids=[counselor.pk], limit=7, **window) == slots[:7]
        assert next_free_times(counselor_ids=[counselor.pk], **window) == {counselor.pk: slots[0]}


def test_the_earliest_over_many_are_those_of_each_woven_together():
    counselors = [open_practice(zone=zone) for zone in ZONES]
    now = datetime(2027, 3, 12, tzinfo=UTC)
    window = {"start": now, "end": now + timedelta(days=4), "wish": Wish(), "now": now}
    each = [slot for counselor in counselors for slot in find_slots(counselor_id=counselor.pk, **window)]
    woven = sorted(each, key=lambda slot: (slot.start, slot.counselor_id))
    ids = [counselor.pk for counselor in counselors]
    assert find_earliest_slots(counselor_ids=ids, limit=10_000, **window) == woven
    assert find_earliest_slots(counselor_ids=ids, limit=50, **window) == woven[:50]


def test_a_time_that_begins_this_very_second_is_neither_offered_nor_booked():
    counselor, patient = open_practice(), PatientFactory().user
    now = datetime(2027, 3, 15, 9, tzinfo=UTC)
    slots = find_slots(
        counselor_id=counselor.pk, start=now, end=now + timedelta(hours=1), wish=Wish(), now=now
    )
    assert [slot.start for slot in slots] == [now + number * QUARTER for number in (1, 2, 3)]
    assert isinstance(refusal(counselor, patient, now, now), ValidationFailed)


def test_the_last_time_of_the_horizon_is_offered_and_booked_and_the_one_after_is_neither(settings):
    counselor, patient = open_practice(), PatientFactory().user
    settings.BOOKING_HORIZON_DAYS = 30
    now = datetime(2027, 3, 15, 9, 30, tzinfo=UTC)
    last = now + timedelta(days=30)
    slots = find_slots(
        counselor_id=counselor.pk, start=now, end=now + timedelta(days=60), wish=Wish(), now=now
    )
    assert slots[-1].start == last
    assert refusal(counselor, patient, last, now) is None
    assert isinstance(refusal(counselor, patient, last + QUARTER, now), ValidationFailed)


def test_hours_in_two_zones_that_overlap_are_offered_once():
    counselor = open_practice(zone="Europe/London", start=MIDNIGHT, end=MIDNIGHT)
    open_practice(
        zone="Australia/Lord_Howe", start=MIDNIGHT, end=MIDNIGHT, online=True, counselor=counselor, position=1
    )
    now = datetime(2027, 4, 2, tzinfo=UTC)
    slots = find_slots(
        counselor_id=counselor.pk, start=now, end=now + timedelta(days=3), wish=Wish(), now=now
    )
    starts = [slot.start for slot in slots]
    assert starts == sorted(set(starts))
    assert len(starts) > 3 * 90
