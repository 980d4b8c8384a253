"""Groups: the first booking begins a session, the next ones join it while there are places, and no one too many."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from sessions_app.models import Occupancy, Session, SessionParticipant, SlotHold, WaitlistOffer
from sessions_app.services.holds import release_hold
from sessions_app.services.seats import Place
from tests.accounts.letters import deliver_letters
from tests.sessions_app.clinic import (
    active_spans,
    ask_hold,
    ask_session,
    ask_to_book_hold,
    ask_to_cancel,
    coming,
    done,
    open_practice,
    refused,
)
from tests.sessions_app.groups import group_of, lead_group, persons, slot_at
from tests.sessions_app.waiting import wait

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


def test_the_last_word_is_the_databases_and_is_said_kindly(api_as, practice, group, people, monkeypatch):
    """Two who were both told the same seat: what the lock makes impossible."""
    done(ask_session(api_as(people[0]), practice, coming(), type=group), 201)

    def seat_that_is_taken(session_id, patient_id):
        session = Session.objects.select_related("entry").get(pk=session_id)
        return Place(session, 1, None)

    monkeypatch.setattr("sessions_app.services.reservations.claim_place", seat_that_is_taken)
    error = refused(ask_session(api_as(people[1]), practice, coming(), type=group), 409, "SLOT_TAKEN")
    assert len(error["details"]["alternatives"]) == 3


# --- What is told about it ------------------------------------------------------------------------------------


def why_not(client, practice, group, start):
    query = {"start": start.isoformat(), "type": group}
    return done(client.get(f"/api/counselors/{practice.pk}/slots/why-not", query))


def test_why_not_says_that_the_group_is_full(api, api_as, practice, group, people):
    start = coming()
    for person in people[:2]:
        done(ask_session(api_as(person), practice, start, type=group), 201)
    assert why_not(api, practice, group, start)["is_offered"]
    done(ask_session(api_as(people[2]), practice, start, type=group), 201)
    told = why_not(api, practice, group, start)
    assert (told["is_offered"], told["rule"]) == (False, "group_full")
    assert told["message"] == "This group is full. Choose another time."
    full = why_not(api_as(practice.user), practice, group, start)
    assert "all its places are booked or held" in full["message"]
    # A quarter later nothing begins: the counselor is with the group.
    assert why_not(api, practice, group, start + timedelta(minutes=15))["rule"] == "taken"


def test_where_the_counselor_has_no_hours_any_more_nobody_joins(api, api_as, practice, group, people):
    start = coming()
    done(ask_session(api_as(people[0]), practice, start, type=group), 201)
    practice.availability_rules.all().delete()
    assert slot_at(api, practice, start, type=group) is None
    refused(ask_session(api_as(people[1]), practice, start, type=group), 400, "VALIDATION_ERROR")
    assert why_not(api, practice, group, start)["rule"] == "not_there"


def test_a_freed_place_is_offered_to_who_waits(api_as, practice, group, people):
    start = coming()
    for person in people[:3]:
        booked = done(ask_session(api_as(person), practice, start, type=group), 201)
    waiting = wait(people[3], practice, session_type_id=group)
    done(ask_to_cancel(api_as(people[1]), booked["id"]))
    deliver_letters()
    offer = WaitlistOffer.objects.get(waitlist_entry=waiting)
    assert offer.hold.joins_id == Session.objects.get().pk
    refused(ask_session(api_as(people[1]), practice, start, type=group), 409, "SLOT_TAKEN")
    taken = done(ask_to_book_hold(api_as(people[3]), offer.pk), 201)
    assert taken["id"] == booked["id"]
    waiting.refresh_from_db()
    assert waiting.status == "booked"


# --- The type ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "capacity"),
    [
        ({"kind": "group"}, 8),
        ({"kind": "group", "capacity": 12}, 12),
        ({"kind": "couple"}, 2),
        ({"kind": "intake"}, 1),
    ],
)
def test_a_type_says_how_many_take_part(api_as, practice, body, capacity):
    client = api_as(practice.user)
    path = f"/api/counselors/{practice.pk}/session-types"
    new = {"name": "Evening", "duration_minutes": 90, "modes": ["video"], "currency": "EUR"}
    made = done(client.post(path, new | body, format="json"), 201)
    assert made["capacity"] == capacity
    changed = done(client.patch(f"{path}/{made['id']}", {"kind": "group", "capacity": 20}, format="json"))
    assert changed["capacity"] == 20
    assert done(client.patch(f"{path}/{made['id']}", {"kind": "follow_up"}, format="json"))["capacity"] == 1


@pytest.mark.parametrize(
    "body", [{"capacity": 2}, {"kind": "couple", "capacity": 3}, {"kind": "group", "capacity": 51}]
)
def test_a_capacity_that_does_not_fit_is_refused(api_as, practice, body):
    new = {"name": "Evening", "duration_minutes": 90, "modes": ["video"], "currency": "EUR"}
    path = f"/api/counselors/{practice.pk}/session-types"
    refused(api_as(practice.user).post(path, new | body, format="json"), 400, "VALIDATION_ERROR")


def test_the_picker_and_the_page_after_booking_tell_of_the_places(client, api_as, practice, group, people):
    done(ask_session(api_as(people[0]), practice, coming(), type=group), 201)
    client.force_login(people[1])
    page = client.get(f"/counselors/{practice.pk}?type={group}&from={coming():%Y-%m-%d}").content.decode()
    assert "2 of 3 places left" in page
    assert "3 places</span>" in page
    booked = done(ask_session(api_as(people[1]), practice, coming(), type=group), 201)
    after = client.get(f"/sessions/{booked['id']}/booked").content.decode()
    assert "for up to 3 people" in after
    assert "who else takes part" in after


def test_a_full_list_of_groups_costs_no_more_queries(api_as, practice, group, people):
    client = api_as(practice.user)

    def count(path):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            done(client.get(path))
        return len(captured)

    done(ask_session(api_as(people[0]), practice, coming(), type=group), 201)
    slots = f"/api/counselors/{practice.pk}/slots?type={group}"
    count(slots)  # the hours are kept in memory from here on
    few = count("/api/sessions"), count(slots)
    for day in (3, 4, 5):
        for person in people[1:3]:
            done(ask_session(api_as(person), practice, coming(day), type=group), 201)
    assert (count("/api/sessions"), count(slots)) == few
    assert few[0] == 3  # who asks, the page with its count, and who takes part
