"""Groups: the first booking begins a session, the next ones join it while there are places, and no one too many."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from sessions_app.models import Occupancy, Session, SessionParticipant, SlotHold
from sessions_app.services.holds import release_hold
from tests.sessions_app.clinic import (
    active_spans,
    ask_hold,
    ask_session,
    ask_to_book_hold,
    coming,
    done,
    open_practice,
    refused,
)
from tests.sessions_app.groups import group_of, lead_group, persons, slot_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def practice(db):
    return lead_group()


@pytest.fixture
def group(practice):
    return group_of(practice)


@pytest.fixture
def people(db):
    return persons(4)


@contextmanager
def all_at_once():
    """What is written in the block stands before the constraints at its end."""
    with transaction.atomic():
        yield
        connection.check_constraints()


@contextmanager
def refuses(constraint):
    with pytest.raises(IntegrityError, match=constraint), all_at_once():
        yield


def test_each_booking_takes_a_place_of_the_same_session(api, api_as, practice, group, people):
    start = coming()
    assert slot_at(api, practice, start, type=group)["places_left"] == 3
    ids = set()
    for left, person in zip((2, 1, 0), people, strict=False):
        booked = done(ask_session(api_as(person), practice, start, type=group), 201)
        assert (booked["kind"], booked["capacity"]) == ("group", 3)
        assert [each["id"] for each in booked["patients"]] == [str(person.pk)]
        ids.add(booked["id"])
        slot = slot_at(api, practice, start, type=group)
        assert (slot["places_left"] if slot else 0) == left
        assert active_spans(person.pk) == [(start, start + timedelta(hours=1))]
    assert len(ids) == 1
    assert len(active_spans(practice.pk)) == 1
    full = refused(ask_session(api_as(people[3]), practice, start, type=group), 409, "SLOT_TAKEN")
    assert full["message"] == "This group is full. Choose another time."
    assert len(full["details"]["alternatives"]) == 3
    assert active_spans(people[3].pk) == []


def test_a_place_is_held_and_booked_like_any_time(api, api_as, practice, group, people, expire):
    start = coming()
    done(ask_session(api_as(people[0]), practice, start, type=group), 201)
    hold = done(ask_hold(api_as(people[1]), practice, start, type=group), 201)
    assert slot_at(api, practice, start, type=group)["places_left"] == 1
    assert slot_at(api_as(people[1]), practice, start, type=group)["places_left"] == 2
    other = done(ask_hold(api_as(people[2]), practice, start, type=group), 201)
    assert slot_at(api, practice, start, type=group) is None
    refused(ask_session(api_as(people[3]), practice, start, type=group), 409, "SLOT_TAKEN")
    booked = done(ask_to_book_hold(api_as(people[1]), hold["id"]), 201)
    again = done(ask_to_book_hold(api_as(people[1]), hold["id"]), 201)
    assert (booked["id"], booked["status"]) == (again["id"], "confirmed")
    assert active_spans(people[1].pk) == [(start, start + timedelta(hours=1))]
    session = Session.objects.get(pk=booked["id"])
    assert set(Occupancy.objects.filter(entry=session.entry, is_active=True).values_list("expires_at")) == {
        (None,)
    }
    expire(other["id"])  # and nobody sweeps
    done(ask_session(api_as(people[3]), practice, start, type=group), 201)
    refused(ask_to_book_hold(api_as(people[2]), other["id"]), 409, "HOLD_EXPIRED")
    assert SessionParticipant.objects.filter(session=session).count() == 3


def test_a_place_that_is_given_back_is_free_again(api, api_as, practice, group, people):
    start = coming()
    done(ask_session(api_as(people[0]), practice, start, type=group), 201)
    hold = done(ask_hold(api_as(people[1]), practice, start, type=group), 201)
    release_hold(hold=SlotHold.objects.get(pk=hold["id"]), actor=people[1])
    assert slot_at(api, practice, start, type=group)["places_left"] == 2
    assert active_spans(people[1].pk) == []
    assert len(active_spans(practice.pk)) == 1


def test_nobody_takes_two_places_or_is_elsewhere_at_that_time(api_as, practice, group, people):
    start = coming()
    elsewhere = open_practice()
    done(ask_session(api_as(people[0]), practice, start, type=group), 201)
    refused(ask_session(api_as(people[0]), practice, start, type=group), 409, "SLOT_TAKEN")
    done(ask_session(api_as(people[1]), elsewhere, start), 201)
    refused(ask_session(api_as(people[1]), practice, start, type=group), 409, "SLOT_TAKEN")
    done(ask_session(api_as(people[2]), practice, start, type=group), 201)
    refused(ask_session(api_as(people[2]), elsewhere, start), 409, "SLOT_TAKEN")


def test_other_sessions_of_the_counselor_do_not_begin_beside_a_group(api, api_as, practice, group, people):
    start = coming()
    done(ask_session(api_as(people[0]), practice, start, type=group), 201)
    assert slot_at(api, practice, start) is None
    refused(ask_session(api_as(people[1]), practice, start), 409, "SLOT_TAKEN")
    assert slot_at(api, practice, start + timedelta(minutes=15), type=group) is None


@pytest.mark.parametrize(
    ("seat", "capacity", "constraint"),
    [
        (1, 3, "seat_once_per_session"),
        (4, 3, "participant_has_a_seat_of_the_session"),
        (None, 3, "participant_has_a_seat_of_the_session"),
        (4, 9, "participant_has_the_capacity_of_the_session"),
        (2, None, "participant_has_a_seat_of_the_session"),
    ],
)
def test_the_database_refuses_one_too_many(api_as, practice, group, people, seat, capacity, constraint):
    booked = done(ask_session(api_as(people[0]), practice, coming(), type=group), 201)
    with refuses(constraint):
        SessionParticipant.objects.create(
            session_id=booked["id"], patient_id=people[1].pk, start=coming(), seat=seat, capacity=capacity
        )


def test_the_capacity_of_a_session_never_falls_below_its_seats(api_as, practice, group, people):
    for person in people[:2]:
        booked = done(ask_session(api_as(person), practice, coming(), type=group), 201)
    with refuses("participant_has_a_seat_of_the_session"):
        Session.objects.filter(pk=booked["id"]).update(capacity=1)
