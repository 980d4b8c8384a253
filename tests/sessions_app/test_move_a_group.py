"""Another time for a group: a patient goes to another of its sessions, the counselor moves it with everybody in it."""

from datetime import timedelta

import pytest

from sessions_app.models import Occupancy, Session, SessionParticipant, SessionStatus
from tests.sessions_app.clinic import (
    active_spans,
    ask_hold,
    ask_session,
    ask_to_book_hold,
    book,
    coming,
    done,
    keep_policy,
    open_practice,
    refused,
)
from tests.sessions_app.groups import group_of, lead_group, meet, persons, slot_at

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def practice(db):
    return lead_group()


def ask_to_move(client, session, start):
    return client.post(f"/api/sessions/{session.pk}/reschedule", {"start": start.isoformat()}, format="json")


def test_a_patient_goes_to_another_session_of_the_group(api, api_as, practice):
    moving, stays, there = persons(3)
    session, other = meet(practice, [moving, stays]), meet(practice, [there], coming(4))
    moved = done(ask_to_move(api_as(moving), session, coming(4)))
    assert (moved["id"], moved["status"]) == (str(other.pk), "confirmed")
    assert active_spans(moving.pk) == [(coming(4), coming(4) + HOUR)]
    assert done(api_as(moving).get(f"/api/sessions/{session.pk}"))["status"] == "cancelled"
    assert done(api_as(stays).get(f"/api/sessions/{session.pk}"))["status"] == "confirmed"
    assert slot_at(api, practice, coming(), type=group_of(practice))["places_left"] == 2
    assert slot_at(api, practice, coming(4), type=group_of(practice))["places_left"] == 1


def test_who_goes_alone_may_take_a_time_that_overlaps(api_as, practice):
    (alone,) = persons(1)
    session = meet(practice, [alone])
    later = coming() + timedelta(minutes=30)
    moved = done(ask_to_move(api_as(alone), session, later))
    assert moved["id"] != str(session.pk)
    assert active_spans(alone.pk) == active_spans(practice.pk) == [(later, later + HOUR)]
    session.refresh_from_db()
    assert session.status == SessionStatus.CANCELLED


def test_where_no_place_is_left_everything_stays(api_as, practice):
    moving, *others = persons(4)
    session = meet(practice, [moving, others[0]])
    meet(practice, others, coming(4))
    full = refused(ask_to_move(api_as(moving), session, coming(4)), 409, "SLOT_TAKEN")
    assert full["message"] == "This group is full. Choose another time."
    assert active_spans(moving.pk) == [(coming(), coming() + HOUR)]
    assert done(api_as(moving).get(f"/api/sessions/{session.pk}"))["status"] == "confirmed"


def test_a_patient_goes_while_cancelling_is_free(api_as, practice):
    practice.session_types.filter(kind="group").update(fee_minor=4000, payment_policy="at_centre")
    keep_policy(practice, free_until_hours=336, late_percent=50)
    moving, stays = persons(2)
    session = meet(practice, [moving, stays])
    refused(ask_to_move(api_as(moving), session, coming(4)), 409, "INVALID_STATE")
    assert len(active_spans(moving.pk)) == 1


@pytest.mark.parametrize("role", ["counselor", "front_desk"])
def test_the_counselor_and_staff_move_it_with_everybody(api_as, cast, role):
    practice = lead_group(counselor=open_practice(counselor=cast.a.counselor.counselor_profile))
    people = persons(3)
    session = meet(practice, people)
    moved = done(ask_to_move(api_as(cast.of_role(role)), session, coming(5)))
    assert (moved["id"], len(moved["patients"])) == (str(session.pk), 3)
    for person in people:
        assert active_spans(person.pk) == [(coming(5), coming(5) + HOUR)]
        assert done(api_as(person).get(f"/api/sessions/{session.pk}"))["start"] == coming(5).isoformat()
    entry = Session.objects.get(pk=session.pk).entry
    assert Occupancy.objects.filter(entry=entry, is_active=True).count() == 4  # and the counselor


def test_it_does_not_move_to_where_one_of_them_is_busy_and_nobody_says_who(api_as, practice):
    people = persons(3)
    session = meet(practice, people)
    book(open_practice(), people[2], coming(5))
    error = refused(ask_to_move(api_as(practice.user), session, coming(5)), 409, "SLOT_TAKEN")
    assert error["message"] == "Somebody who takes part is not free at this time. Choose another time."
    offered = [each["start"] for each in error["details"]["alternatives"]]
    assert len(offered) == 3
    assert all(people[2].first_name not in str(part) for part in error.values())
    for person in people:
        assert (coming(), coming() + HOUR) in active_spans(person.pk)
    done(ask_to_move(api_as(practice.user), session, coming(5) + timedelta(minutes=60)))


def test_it_does_not_move_onto_another_session_of_the_group(api_as, practice):
    first, second = persons(2)
    session = meet(practice, [first])
    meet(practice, [second], coming(4))
    refused(ask_to_move(api_as(practice.user), session, coming(4)), 409, "SLOT_TAKEN")


def test_a_place_that_was_held_does_not_follow(api_as, practice):
    first, second = persons(2)
    session = meet(practice, [first])
    hold = done(ask_hold(api_as(second), practice, coming(), type=group_of(practice)), 201)
    done(ask_to_move(api_as(practice.user), session, coming(5)))
    refused(ask_to_book_hold(api_as(second), hold["id"]), 409, "HOLD_EXPIRED")
    assert active_spans(second.pk) == []


def test_who_left_is_not_moved_along(api_as, practice):
    left, stays = persons(2)
    session = meet(practice, [left, stays])
    done(api_as(left).post(f"/api/sessions/{session.pk}/cancel"))
    done(ask_to_move(api_as(practice.user), session, coming(5)))
    assert active_spans(left.pk) == []
    assert SessionParticipant.objects.get(session=session, patient=left.pk).status == "cancelled"


def test_groups_are_not_booked_as_a_series(api_as, practice):
    (person,) = persons(1)
    body = {
        "counselor": str(practice.pk),
        "start": coming().isoformat(),
        "type": group_of(practice),
        "rhythm": "weekly",
        "count": 3,
    }
    error = refused(api_as(person).post("/api/sessions/series", body, format="json"), 400, "VALIDATION_ERROR")
    assert list(error["details"]) == ["type"]
    done(ask_session(api_as(person), practice, coming(), type=group_of(practice)), 201)
