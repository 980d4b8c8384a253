"""Free times from memory are those of this moment, whatever has changed; without any one trigger they are not."""

import threading
from collections import Counter
from datetime import time, timedelta
from random import Random

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Centre, CounselorProfile, User
from sessions_app.models import (
    AvailabilityException,
    AvailabilityRule,
    BookingRules,
    HoursVersion,
    SessionType,
)
from sessions_app.services import earliest
from sessions_app.services.slots import Wish, find_slots
from tests.factories import AvailabilityRuleFactory
from tests.sessions_app.changing_clinic import ChangingClinic, cold, warm
from tests.sessions_app.clinic import coming, open_practice, undone
from tests.sessions_app.figures import show

pytestmark = pytest.mark.django_db


def walk(clinic, steps):
    """Change after change, each followed by questions whose answers must be those of a calendar read anew.

    Returns the number of the first change after which they were not, or None.
    """
    for number in range(steps):
        clinic.change()
        for _ in range(2):
            question = clinic.question()
            if warm(question) != cold(question):
                return number
        if number % 10 == 0 and not clinic.earliest_agree():
            return number
    return None


@pytest.fixture
def chosen_among(monkeypatch):
    """Three counselors are so many that the search over all of them chooses among them."""
    monkeypatch.setattr(earliest, "FEW", 1)


def test_after_each_of_300_changes_memory_says_what_the_database_says(chosen_among):
    clinic = ChangingClinic(Random(1))
    assert walk(clinic, 300) is None
    assert sum(count for name, count in clinic.done.items() if "refused" not in name) > 150


@pytest.mark.prove
def test_after_each_of_10_000_changes_memory_says_what_the_database_says(chosen_among):
    done, seed = Counter(), 0
    while sum(done.values()) < 10_000:
        with undone():
            clinic = ChangingClinic(Random(seed))
            assert walk(clinic, 250) is None, f"seed {seed}"
        done += Counter({name: count for name, count in clinic.done.items() if "refused" not in name})
        seed += 1
    show(
        f"{sum(done.values())} changes, {500 * seed} answers from memory about one counselor, {25 * seed} over all:"
        f" none was old. {dict(done.most_common())}"
    )


def triggers():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger"
            " WHERE tgfoid::regproc::text LIKE 'sessions_app_hours_%' ORDER BY 1"
        )
        return dict(cursor.fetchall())


@pytest.mark.prove
def test_without_any_one_trigger_the_same_walk_finds_old_answers():
    """But for the one that gives a new counselor a version, without which nothing of theirs is kept."""
    found = {}
    for name, table in triggers().items():
        if name != "accounts_counselorprofile_changes_hours_1":
            for seed in range(20):
                with undone():
                    clinic = ChangingClinic(Random(seed))
                    with connection.cursor() as cursor:
                        cursor.execute(f"DROP TRIGGER {name} ON {table}")
                    found[name] = walk(clinic, 300)
                if found[name] is not None:
                    break
    assert None not in found.values(), found
    show(f"Without a trigger, the first old answer came after this many changes: {found}.")


# --- One by one ----------------------------------------------------------------------------------------------

CHANGES = {
    "rule comes": lambda one: AvailabilityRuleFactory(
        counselor=one, weekday=coming().weekday(), start=time(18), end=time(20)
    ),
    "rule changes": lambda one: AvailabilityRule.objects.filter(counselor=one).update(start=time(11)),
    "rule goes": lambda one: AvailabilityRule.objects.filter(counselor=one).delete(),
    "leave comes": lambda one: AvailabilityException.objects.create(
        counselor=one, kind="unavailable", first_day=coming().date(), last_day=coming().date(), timezone="UTC"
    ),
    "extra hours change": lambda one: AvailabilityException.objects.filter(counselor=one).update(
        end=time(22)
    ),
    "extra hours go": lambda one: AvailabilityException.objects.filter(counselor=one).delete(),
    "booking rules come": lambda one: BookingRules.objects.update_or_create(
        counselor=one, defaults={"minimum_notice_minutes": 60 * 24 * 30, "timezone": "UTC"}
    ),
    "booking rules go": lambda one: BookingRules.objects.filter(counselor=one).delete(),
    "type changes": lambda one: SessionType.objects.filter(counselor=one).update(duration_minutes=25),
    "type goes": lambda one: SessionType.objects.filter(counselor=one).delete(),
    "name changes": lambda one: User.objects.filter(pk=one.pk).update(last_name="Another"),
    "account is closed": lambda one: User.objects.filter(pk=one.pk).update(is_active=False),
    "role changes": lambda one: User.objects.filter(pk=one.pk).update(role="front_desk"),
    "approval goes": lambda one: CounselorProfile.objects.filter(pk=one.pk).update(is_approved=False),
    "takes nobody new": lambda one: CounselorProfile.objects.filter(pk=one.pk).update(is_accepting=False),
    "centre closes": lambda one: Centre.objects.filter(pk=one.primary_centre_id).update(is_active=False),
    "centre has another name": lambda one: Centre.objects.filter(pk=one.primary_centre_id).update(
        name="Elsewhere"
    ),
}


@pytest.fixture
def somebody():
    """With all that can go: hours, extra hours until eight, booking rules that leave the first two days out."""
    counselor = open_practice()
    AvailabilityException.objects.create(
        counselor=counselor,
        kind="extra",
        first_day=coming().date(),
        last_day=coming().date(),
        start=time(18),
        end=time(20),
        timezone="UTC",
    )
    BookingRules.objects.create(counselor=counselor, minimum_notice_minutes=60 * 24 * 2, timezone="UTC")
    return counselor


def question_about(counselor):
    now = timezone.now()
    return {
        "counselor_id": counselor.pk,
        "start": now,
        "end": now + timedelta(days=5),
        "wish": Wish(mode="video"),
        "for_patient": None,
        "now": now,
    }


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_seen_at_once_and_would_not_be_without_its_trigger(somebody, change):
    question = question_about(somebody)
    before = warm(question)
    with undone():
        CHANGES[change](somebody)
        assert warm(question) == cold(question) != before
    assert warm(question) == before
    with undone(), connection.cursor() as cursor:
        for name, table in triggers().items():
            cursor.execute(f"DROP TRIGGER {name} ON {table}")
        CHANGES[change](somebody)
        assert warm(question) == before != cold(question)


def test_a_counselor_without_a_version_is_read_anew_each_time(somebody):
    question = question_about(somebody)
    HoursVersion.objects.filter(pk=somebody.pk).delete()
    assert warm(question) == cold(question)
    AvailabilityRule.objects.filter(counselor=somebody).update(start=time(11))
    assert warm(question) == cold(question)


def test_a_counselor_who_goes_leaves_no_version(somebody):
    assert HoursVersion.objects.filter(pk=somebody.pk).exists()
    pk = somebody.pk
    BookingRules.objects.filter(counselor=somebody).delete()
    SessionType.objects.filter(counselor=somebody).delete()
    CounselorProfile.objects.filter(pk=pk).delete()
    assert not HoursVersion.objects.filter(pk=pk).exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_read_while_a_change_waits_for_its_commit_is_not_kept_as_what_follows():
    counselor = open_practice()
    question = question_about(counselor)
    is_changed, may_commit = threading.Event(), threading.Event()

    def change():
        with transaction.atomic():
            AvailabilityRule.objects.filter(counselor=counselor).update(start=time(11))
            is_changed.set()
            assert may_commit.wait(10)
        connection.close()

    changing = threading.Thread(target=change)
    changing.start()
    assert is_changed.wait(10)
    before = warm(question)
    assert {slot.start.hour for slot in before} >= {9, 10}
    may_commit.set()
    changing.join()
    after = warm(question)
    assert after == cold(question)
    assert not {slot.start.hour for slot in after} & {9, 10}


def test_a_day_is_worked_out_once(somebody, monkeypatch):
    """Else all of the above would hold of a memory that keeps nothing."""
    from sessions_app.services import slots

    worked_out = []
    work_out = slots.free_times
    monkeypatch.setattr(
        slots, "free_times", lambda *args, **window: worked_out.append(1) or work_out(*args, **window)
    )
    question = question_about(somebody)
    first = find_slots(**question)
    days = len(worked_out)
    assert days
    assert find_slots(**question) == first
    assert len(worked_out) == days


def test_without_memory_each_question_is_worked_out_anew(somebody, monkeypatch, settings):
    from sessions_app.services import slots

    settings.FREE_TIMES_IN_MEMORY = False
    worked_out = []
    work_out = slots.free_times
    monkeypatch.setattr(
        slots, "free_times", lambda *args, **window: worked_out.append(1) or work_out(*args, **window)
    )
    question = question_about(somebody)
    assert find_slots(**question) == find_slots(**question)
    assert len(worked_out) == 2
