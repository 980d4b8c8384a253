"""What a request will read goes with the question who is asking: in one round trip, and only to who may."""

import pytest
from rest_framework.test import APIClient

from accounts.access_tokens import make_access_token, read_access_token
from accounts.roles import Role
from accounts.services.security import deactivate_user
from accounts.services.tokens import Client, open_device
from sessions_app.services.holds import place_hold
from sessions_app.services.reservations import Choice
from tests.sessions_app.clinic import book, coming, instant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session(practice, patient):
    return book(practice, patient, coming(4))


@pytest.fixture
def token(patient):
    return open_device(user=patient, client=Client(user_agent="test", ip=None)).access


def asking(token):
    return APIClient(headers={"Authorization": f"Bearer {token}"})


def ids_of(answer):
    return [row["id"] for row in answer.json()["data"]]


def test_who_asks_and_what_they_read_is_one_round_trip(token, session, round_trips):
    asking(token).get("/api/sessions")
    round_trips.clear()
    assert ids_of(asking(token).get("/api/sessions")) == [str(session.pk)]
    assert round_trips == [2]


def test_who_may_not_gets_nothing_of_it_and_nor_does_the_next(token, patient, rival, session, round_trips):
    deactivate_user(user=patient, actor=None)
    round_trips.clear()
    answer = asking(token).get("/api/sessions")
    assert answer.status_code == 401
    assert str(session.pk) not in answer.content.decode()
    assert round_trips == [2]
    theirs = open_device(user=rival, client=Client(user_agent="test", ip=None)).access
    assert ids_of(asking(theirs).get("/api/sessions")) == []


def test_a_role_that_the_token_claims_and_the_account_has_not_changes_nothing(
    token, practice, patient, rival, session
):
    book(practice, rival, coming(5))
    claims = read_access_token(token)
    claiming = make_access_token(
        user_id=patient.pk,
        device_id=claims.device_id,
        security_version=claims.security_version,
        role=Role.ADMIN,
    )
    assert ids_of(asking(claiming).get("/api/sessions")) == [str(session.pk)]


def test_a_query_that_is_wrong_is_told_after_who_is_asking(token, patient):
    assert asking(token).get("/api/sessions", {"page": "x"}).status_code == 400
    deactivate_user(user=patient, actor=None)
    assert asking(token).get("/api/sessions", {"page": "x"}).status_code == 401


def starts_of(answer):
    return [instant(row["start"]) for row in answer.json()["data"]]


def test_who_asks_and_the_times_they_ask_for_are_one_round_trip(token, practice, round_trips):
    path, day = f"/api/counselors/{practice.pk}/slots", coming().date()
    asking(token).get(path, {"from": day, "to": day, "mode": "video"})
    round_trips.clear()
    assert coming() in starts_of(asking(token).get(path, {"from": day, "to": day, "mode": "video"}))
    assert round_trips == [2]
    asking(token).get(path, {"from": day, "to": day})
    assert round_trips == [2, 3]  # with the rooms
    APIClient().get(path, {"from": day, "to": day, "mode": "video"})
    assert round_trips == [2, 3, 1]


def test_times_are_read_ahead_for_who_the_token_says_and_shown_to_who_it_is(
    token, practice, patient, rival, round_trips
):
    place_hold(choice=Choice(practice.pk, coming()), patient_id=patient.pk, actor=patient)
    path, day = f"/api/counselors/{practice.pk}/slots", {"from": coming().date(), "to": coming().date()}
    theirs = open_device(user=rival, client=Client(user_agent="test", ip=None)).access
    for _ in range(2):
        assert coming() in starts_of(asking(token).get(path, day))
        assert coming() not in starts_of(asking(theirs).get(path, day))
        assert coming() not in starts_of(APIClient().get(path, day))
    claims = read_access_token(token)
    claiming = make_access_token(
        user_id=patient.pk,
        device_id=claims.device_id,
        security_version=claims.security_version,
        role=Role.ADMIN,
    )
    assert coming() in starts_of(asking(claiming).get(path, day))
