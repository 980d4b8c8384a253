"""The database itself refuses a double booking, whoever writes; and the checker that the races rely on can see one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from core.errors import SlotTaken
from core.ids import uuid7
from sessions_app.models import CalendarEntry, EntryKind, Occupancy, Session
from sessions_app.services import occupancy, reservations
from sessions_app.services.booking import book_session
from sessions_app.services.reservations import Choice, reserving
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, coming, open_practice
from tests.sessions_app.overlaps import double_bookings

CONSTRAINT = "nobody_is_busy_twice_at_once"
HOUR = timedelta(hours=1)


def occupy(resource, start, end, **fields):
    entry = CalendarEntry.objects.create(kind=EntryKind.SESSION, start=start, end=end)
    return Occupancy.objects.create(
        entry=entry, resource=resource, busy=DateTimeTZRange(start, end), **fields
    )


@pytest.mark.django_db
def test_an_overlap_behind_the_services_back_is_refused(practice, patient):
    session = book(practice, patient, coming())
    for resource in (practice.pk, patient.pk):
        for start, end in (
            (session.start, session.end),
            (session.start - HOUR, session.start + timedelta(microseconds=1)),
            (session.end - timedelta(seconds=1), session.end + HOUR),
            (session.start - HOUR, session.end + HOUR),
        ):
            with pytest.raises(IntegrityError, match=CONSTRAINT), transaction.atomic():
                occupy(resource, start, end)
    occupy(practice.pk, session.end, session.end + HOUR)
    occupy(practice.pk, session.start - HOUR, session.start)
    assert double_bookings() == []


@pytest.mark.django_db
def test_an_update_and_raw_sql_are_refused_like_an_insert(practice, patient):
    one, other = book(practice, patient, coming()), book(practice, patient, coming(4))
    with pytest.raises(IntegrityError, match=CONSTRAINT), transaction.atomic():
        Occupancy.objects.filter(entry=other.entry_id).update(busy=DateTimeTZRange(one.start, one.end))
    with pytest.raises(IntegrityError, match=CONSTRAINT), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sessions_app_occupancy (id, entry_id, resource, busy, is_active)"
            " SELECT %s, entry_id, resource, busy, true FROM sessions_app_occupancy WHERE resource = %s LIMIT 1",
            [uuid7(), practice.pk],
        )
    Occupancy.objects.filter(entry=other.entry_id).update(is_active=False)
    Occupancy.objects.filter(entry=other.entry_id).update(busy=DateTimeTZRange(one.start, one.end))
    with pytest.raises(IntegrityError, match=CONSTRAINT), transaction.atomic():
        Occupancy.objects.filter(entry=other.entry_id).update(is_active=True)


@pytest.mark.django_db
def test_should_the_constraint_speak_the_answer_is_that_of_anybody_who_came_second(
    practice, patient, monkeypatch
):
    start = coming()
    book(practice, PatientFactory().user, start)
    monkeypatch.setattr(reservations, "merge_spans", lambda spans: [])
    monkeypatch.setattr("sessions_app.services.calendars.merge_spans", lambda spans: [])
    with pytest.raises(SlotTaken):
        book_session(choice=Choice(practice.pk, start), patient_id=patient.pk, actor=patient)
    assert Session.objects.count() == 1


def taken_twice(counselor, start, patients):
    """Two connections that lock nothing: both find the time free, then both take it. How each of them fared."""
    both_have_read = Barrier(2)

    def take(patient):
        try:
            choice = Choice(counselor.pk, start)
            with reserving(choice, patient_id=patient.pk, actor=patient, now=coming(0, 0)) as (
                current,
                reservation,
            ):
                both_have_read.wait(20)
                entry = reservation.take(current, kind=EntryKind.SESSION)
                current.audit("session.booked", entry)
        except SlotTaken:
            return "refused"
        finally:
            connection.close()
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(take, patients))


@pytest.fixture
def without_locks(monkeypatch):
    monkeypatch.setattr(occupancy, "_LOCK", "SELECT %s::bigint[]")


@pytest.mark.django_db(transaction=True)
def test_without_locks_the_constraint_alone_lets_one_through(without_locks):
    counselor, patients = open_practice(), [PatientFactory().user for _ in range(2)]
    assert taken_twice(counselor, coming(), patients) == ["refused", "taken"]
    assert double_bookings() == []


@pytest.mark.django_db(transaction=True)
def test_without_locks_and_without_the_constraint_both_get_the_time_and_the_checker_is_red(without_locks):
    counselor, patients = open_practice(), [PatientFactory().user for _ in range(2)]
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE sessions_app_occupancy DROP CONSTRAINT {CONSTRAINT}")
    assert taken_twice(counselor, coming(), patients) == ["taken", "taken"]
    ((resource, *_),) = double_bookings()
    assert resource == counselor.pk


@pytest.mark.django_db
def test_the_checker_sees_a_session_whose_time_nobody_keeps(practice, patient):
    session = book(practice, patient, coming())
    assert double_bookings() == []
    Occupancy.objects.filter(entry=session.entry_id, resource=practice.pk).update(is_active=False)
    assert double_bookings() == [(session.pk,)]
