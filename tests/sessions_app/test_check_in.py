"""The desk notes that a patient is there; the counselor sees it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from sessions_app.models import Session, SessionParticipant
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.check_in import check_in
from sessions_app.services.rescheduling import reschedule_session
from tests.cast import signed_in_client
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, coming, done, instant, open_practice, refused
from tests.sessions_app.groups import lead_group, meet
from tests.sessions_app.pages import browser_of, words

pytestmark = pytest.mark.django_db
THERE = {"mode": "in_person"}


@pytest.fixture
def practice(cast):
    return open_practice(counselor=cast.a.counselor.counselor_profile)


@pytest.fixture
def session(cast, practice):
    """In person, in two hours."""
    return today(book(practice, cast.a.patient, coming(), **THERE))


@pytest.fixture
def desk(cast):
    return signed_in_client(cast.a.front_desk)


def today(session, minutes=120):
    start = timezone.now() + timedelta(minutes=minutes)
    Session.objects.filter(pk=session.pk).update(start=start, end=start + timedelta(minutes=50))
    session.refresh_from_db()
    return session


def address(session):
    return f"/api/sessions/{session.pk}/check-in"


def arrived(session):
    return SessionParticipant.objects.get(session=session).arrived_at


def test_the_desk_notes_it_and_the_counselor_sees_it(cast, desk, session):
    (noted,) = done(desk.post(address(session), {}, format="json"))
    assert noted["patient"] == {"id": str(cast.a.patient.pk), "display_name": cast.a.patient.full_name}
    assert abs(instant(noted["arrived_at"]) - timezone.now()) < timedelta(minutes=1)

    assert done(signed_in_client(cast.a.counselor).get(address(session))) == [noted]
    event = AuditEvent.objects.get(object_id=session.pk, action="session.checked_in")
    assert (event.actor_id, event.patient_id, event.centre_id) == (
        cast.a.front_desk.pk,
        cast.a.patient.pk,
        cast.a.centre.pk,
    )


def test_twice_is_as_good_as_once_and_it_can_be_undone(desk, session):
    (first,) = done(desk.post(address(session), {}, format="json"))
    (second,) = done(desk.post(address(session), {}, format="json"))
    assert first == second
    for _ in range(2):
        (undone,) = done(desk.delete(address(session)))
        assert undone["arrived_at"] is None
    codes = AuditEvent.objects.filter(object_id=session.pk, action__contains="check").values_list("action")
    assert sorted(codes) == [("session.check_in_undone",), ("session.checked_in",)]


def test_a_person_is_named_and_must_take_part(cast, desk, session):
    done(desk.post(address(session), {"patient": str(cast.a.patient.pk)}, format="json"))
    error = refused(
        desk.post(address(session), {"patient": str(cast.stranger.pk)}, format="json"),
        400,
        "VALIDATION_ERROR",
    )
    assert "patient" in error["details"]
    refused(desk.delete(f"{address(session)}?patient={cast.stranger.pk}"), 400, "VALIDATION_ERROR")
    assert arrived(session)


def test_of_a_group_each_is_checked_in_alone(cast, desk, practice):
    people = [cast.a.patient, PatientFactory().user]
    group = today(meet(lead_group(counselor=practice, modes=["in_person"]), people, coming(4)))
    done(desk.post(address(group), {"patient": str(people[1].pk)}, format="json"))
    arrived_by_person = {row["patient"]["id"]: row["arrived_at"] for row in done(desk.get(address(group)))}
    assert arrived_by_person[str(people[0].pk)] is None
    assert arrived_by_person[str(people[1].pk)]
    assert "1 of 2 here" in words(browser_of(cast.a.counselor).get(f"/sessions/{group.pk}"))
    theirs = signed_in_client(people[1])
    assert [row["patient"]["id"] for row in done(theirs.get(address(group)))] == [str(people[1].pk)]


def test_only_on_its_day_only_in_person_and_only_while_it_is_on(cast, desk, practice):
    session = book(practice, cast.a.patient, coming(), **THERE)
    error = refused(desk.post(address(session), {}, format="json"), 409, "INVALID_STATE")
    assert "early" in error["message"]
    by_video = today(book(practice, cast.a.patient, coming(4), mode="video"))
    error = refused(desk.post(address(by_video), {}, format="json"), 409, "INVALID_STATE")
    assert "not at the centre" in error["message"]
    cancel_session(session=today(session), actor=cast.a.front_desk)
    error = refused(desk.post(address(session), {}, format="json"), 409, "INVALID_STATE")
    assert "cancelled" in error["message"]
    refused(desk.delete(address(session)), 409, "INVALID_STATE")


def test_who_was_checked_in_has_not_failed_to_come(cast, desk, session):
    today(session, minutes=-5)
    check_in(session=session, actor=cast.a.front_desk)
    error = refused(desk.post(f"/api/sessions/{session.pk}/no-show"), 409, "INVALID_STATE")
    assert "check-in" in error["message"]
    done(desk.delete(address(session)))
    assert done(desk.post(f"/api/sessions/{session.pk}/no-show"))["status"] == "no_show"


def test_a_session_that_moves_starts_with_nobody_there(cast, session):
    check_in(session=session, actor=cast.a.front_desk)
    reschedule_session(session=session, start=coming(5), actor=cast.a.front_desk)
    assert arrived(session) is None
