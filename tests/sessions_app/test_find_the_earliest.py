"""The earliest times over many: as from all calendars read whole, but from few of them and in few rounds."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import DomainError
from sessions_app.services import earliest
from sessions_app.services.booking import book_session
from sessions_app.services.earliest import find_earliest_slots, next_free_times
from sessions_app.services.reservations import Choice
from sessions_app.services.slots import Wish, find_slots
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, open_practice, undone
from tests.sessions_app.figures import show
from tests.sessions_app.test_agree_on_what_is_offered import make, practices

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 12, 6, tzinfo=UTC)


@pytest.fixture
def many_is_three(monkeypatch):
    """Three are so many that they are chosen among, two at a time, over stretches of some hours."""
    monkeypatch.setattr(earliest, "FEW", 2)
    monkeypatch.setattr(earliest, "_STRETCHES", (timedelta(hours=5), timedelta(days=1)))


def day_of(practice):
    return datetime.combine(practice["day"], datetime.min.time(), UTC)


def the_earliest_are_those_of_each(clinic, limit, pick):
    """A clinic of practices around the same day, somewhat booked; returns how many times it has in four days."""
    start = day_of(clinic[0])
    now = start - timedelta(hours=clinic[0]["now_before"])
    counselors = [make(practice | {"day": clinic[0]["day"]}) for practice in clinic]
    window = {
        "start": start,
        "end": start + timedelta(days=4),
        "wish": Wish(mode=clinic[0]["mode"]),
        "now": now,
    }
    patient = PatientFactory()

    def each():
        return {one.pk: find_slots(counselor_id=one.pk, **window) for one in counselors}

    for counselor_id, slots in each().items():
        for slot in pick.sample(slots[:40], min(len(slots[:40]), 3)):
            choice = Choice(counselor_id, slot.start, mode=clinic[0]["mode"])
            try:
                book_session(choice=choice, patient_id=patient.pk, actor=patient.user, now=now)
            except DomainError:
                continue  # they have a session then, or it was taken with the one before
    free = each()
    woven = sorted(
        (slot for slots in free.values() for slot in slots), key=lambda one: (one.start, one.counselor_id)
    )
    ids = [counselor.pk for counselor in counselors]
    assert find_earliest_slots(counselor_ids=ids, limit=limit, **window) == woven[:limit]
    assert next_free_times(counselor_ids=ids, **window) == {
        id_: slots[0] for id_, slots in free.items() if slots
    }
    return len(woven)


clinics = {
    "clinic": st.lists(practices(), min_size=4, max_size=7),
    "limit": st.sampled_from([1, 2, 7, 30, 100_000]),
    "pick": st.randoms(use_true_random=False),
}
quiet = {
    "deadline": None,
    "suppress_health_check": [
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
}


@settings(max_examples=15, **quiet)
@given(**clinics)
def test_the_earliest_are_those_of_each_counselor_woven_together(many_is_three, clinic, limit, pick):
    with undone():
        the_earliest_are_those_of_each(clinic, limit, pick)


@pytest.mark.prove
def test_the_earliest_are_those_of_each_counselor_over_many_clinics(many_is_three):
    found = []

    @settings(max_examples=500, database=None, **quiet)
    @given(**clinics)
    def check(clinic, limit, pick):
        with undone():
            found.append(the_earliest_are_those_of_each(clinic, limit, pick))

    check()
    show(f"{len(found)} clinics of 4 to 7 counselors, {sum(found)} free times in them, woven alike.")


def test_only_the_calendars_that_can_matter_are_read(many_is_three, monkeypatch):
    early = [open_practice(start=NOW.time()) for _ in range(2)]
    late = [open_practice() for _ in range(4)]
    read = []

    def read_taken(hours, **window):
        read.append(set(hours))
        return taken_of(hours, **window)

    taken_of = earliest.read_taken
    monkeypatch.setattr(earliest, "read_taken", read_taken)
    ids = [counselor.pk for counselor in (*late, *early)]
    window = {"start": NOW, "end": NOW + timedelta(days=14), "wish": Wish(), "now": NOW}
    slots = find_earliest_slots(counselor_ids=ids, limit=2, **window)
    assert {slot.counselor_id for slot in slots} == {counselor.pk for counselor in early}
    assert read == [{counselor.pk for counselor in early}]


def test_the_rounds_to_the_database_are_few_whatever_is_booked(many_is_three):
    counselors = [open_practice() for _ in range(12)]
    ids = [counselor.pk for counselor in counselors]
    now = datetime.now(UTC)
    window = {"start": now, "end": now + timedelta(days=14), "wish": Wish(mode="video"), "now": now}
    for counselor in counselors:
        for slot in find_slots(counselor_id=counselor.pk, **(window | {"end": now + timedelta(days=3)}))[::4]:
            book(counselor, PatientFactory().user, slot.start)
    for limit in (1, 20, 100_000):
        with CaptureQueriesContext(connection) as asked:
            find_earliest_slots(counselor_ids=ids, limit=limit, **window)
        assert len(asked) <= 8
    with CaptureQueriesContext(connection) as asked:
        next_free_times(counselor_ids=ids, **window)
    assert len(asked) <= 5


def test_who_opens_later_and_is_free_earlier_comes_first(many_is_three):
    early = [open_practice(start=NOW.time()) for _ in range(2)]
    late = [open_practice() for _ in range(2)]
    for counselor in early:
        for minutes in range(0, 420, 60):
            choice = Choice(counselor.pk, NOW + timedelta(minutes=minutes))
            patient = PatientFactory()
            book_session(
                choice=choice, patient_id=patient.pk, actor=patient.user, now=NOW - timedelta(hours=1)
            )
    ids = [counselor.pk for counselor in (*early, *late)]
    window = {"start": NOW, "end": NOW + timedelta(days=14), "wish": Wish(), "now": NOW}
    slots = find_earliest_slots(counselor_ids=ids, limit=3, **window)
    assert {slot.counselor_id for slot in slots} == {counselor.pk for counselor in late}
    assert [slot.start.hour for slot in slots] == [9, 9, 9]
