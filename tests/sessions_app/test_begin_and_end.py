"""Starting, completing, a no-show, and putting a wrong end right, over the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from sessions_app.models import Session
from tests.sessions_app.clinic import active_spans, ask_to_cancel, book, coming, done, open_practice, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(cast):
    return book(open_practice(counselor=cast.a.counselor.counselor_profile), cast.a.patient, coming())


def begins_in(session, **left):
    start = timezone.now() + timedelta(**left)
    Session.objects.filter(pk=session.pk).update(start=start, end=start + timedelta(minutes=50))


def post(client, session, verb, **body):
    return client.post(f"/api/sessions/{session.pk}/{verb}", body, format="json")


def completed(cast):
    profile = cast.a.counselor.counselor_profile
    profile.refresh_from_db()
    return profile.sessions_completed


# --- Starting ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [{"minutes": 9}, {"minutes": -1}, {"minutes": -49}])
def test_it_is_started_about_its_time_and_then_completed(api_as, cast, session, left):
    begins_in(session, **left)
    client = api_as(cast.a.counselor)
    assert "start" in done(client.get(f"/api/sessions/{session.pk}"))["can"]
    started = done(post(client, session, "start"))
    assert started["status"] == "in_progress"
    assert started["can"] == ["cancel", "complete", "no_show"]
    assert done(api_as(cast.a.patient).get(f"/api/sessions/{session.pk}"))["can"] == []
    assert done(post(client, session, "complete"))["status"] == "completed"
    assert list(
        AuditEvent.objects.filter(object_id=session.pk).order_by("id").values_list("action", flat=True)
    ) == [
        "session.booked",
        "session.started",
        "session.completed",
    ]
    assert completed(cast) == 1


@pytest.mark.parametrize(
    ("left", "word"), [({"minutes": 11}, "too early"), ({"days": 2}, "too early"), ({"minutes": -50}, "over")]
)
def test_not_long_before_and_not_after(api_as, cast, session, left, word):
    begins_in(session, **left)
    client = api_as(cast.a.counselor)
    assert "start" not in done(client.get(f"/api/sessions/{session.pk}"))["can"]
    assert word in refused(post(client, session, "start"), 409, "INVALID_STATE")["message"]


@pytest.mark.parametrize(("verb", "state"), [("no-show", "no_show"), ("complete", "completed")])
def test_what_has_ended_is_not_started_and_what_runs_not_twice(api_as, cast, session, verb, state):
    begins_in(session, minutes=-5)
    client = api_as(cast.a.counselor)
    done(post(client, session, "start"))
    refused(post(client, session, "start"), 409, "INVALID_STATE")
    assert done(post(client, session, verb))["status"] == state
    refused(post(client, session, "start"), 409, "INVALID_STATE")


def test_a_session_that_breaks_off_is_cancelled_by_the_counselor_but_not_by_the_patient(
    api_as, cast, session
):
    begins_in(session, minutes=5)
    done(post(api_as(cast.a.counselor), session, "start"))
    refused(ask_to_cancel(api_as(cast.a.patient), session.pk), 409, "INVALID_STATE")
    assert done(ask_to_cancel(api_as(cast.a.counselor), session.pk))["status"] == "cancelled"
    assert active_spans(cast.a.patient.pk) == []


def test_a_started_session_is_listed_with_those_to_come(cast, session):
    begins_in(session, minutes=-5)
    Session.objects.filter(pk=session.pk).update(status="in_progress")
    assert Session.objects.coming(timezone.now(), viewer=cast.a.patient).get() == session
    assert not Session.objects.over(timezone.now(), viewer=cast.a.patient).exists()


# --- Putting right -------------------------------------------------------------------------------------------


def correct(client, session, status, reason="The desk pressed the wrong button."):
    return post(client, session, "correct", status=status, reason=reason)


@pytest.fixture
def missed(api_as, cast, session):
    begins_in(session, hours=-2)
    done(post(api_as(cast.a.front_desk), session, "no-show"))
    return session


def test_a_wrong_no_show_is_put_right_and_counts(api_as, cast, missed):
    answer = done(correct(api_as(cast.a.centre_manager), missed, "completed"))
    assert answer["status"] == "completed"
    assert completed(cast) == 1
    event = AuditEvent.objects.get(action="session.corrected")
    assert (event.actor_id, event.patient_id, event.why) == (
        *(cast.a.centre_manager.pk, cast.a.patient.pk),
        "The desk pressed the wrong button.",
    )
    assert done(correct(api_as(cast.manager), missed, "no_show"))["status"] == "no_show"
    assert completed(cast) == 0


def test_an_end_that_was_none_is_open_again_and_keeps_its_time(api_as, cast, missed):
    answer = done(correct(api_as(cast.admin), missed, "confirmed"))
    assert answer["can"] == ["cancel", "complete", "no_show"]
    assert len(active_spans(cast.a.patient.pk)) == 1
    done(post(api_as(cast.a.counselor), missed, "complete"))
    assert completed(cast) == 1


@pytest.mark.parametrize("role", ["patient", "counselor", "front_desk", "care_coordinator"])
def test_who_noted_it_does_not_put_it_right(api_as, cast, missed, role):
    refused(correct(api_as(cast.of_role(role)), missed, "completed"), 403, "PERMISSION_DENIED")


def test_another_centre_does_not_find_it(api_as, cast, missed):
    refused(correct(api_as(cast.b.centre_manager), missed, "completed"), 404, "NOT_FOUND")


def test_the_same_state_is_no_correction_and_what_is_open_or_cancelled_has_none(api_as, cast, missed):
    client = api_as(cast.a.centre_manager)
    refused(correct(client, missed, "no_show"), 409, "INVALID_STATE")
    done(correct(client, missed, "confirmed"))
    refused(correct(client, missed, "completed"), 409, "INVALID_STATE")
    done(ask_to_cancel(client, missed.pk))
    refused(correct(client, missed, "confirmed"), 409, "INVALID_STATE")
    assert AuditEvent.objects.filter(action="session.corrected").count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {"status": "completed"},
        {"status": "completed", "reason": " "},
        {"status": "completed", "reason": "x" * 401},
        {"status": "cancelled", "reason": "No."},
        {"reason": "No."},
    ],
)
def test_a_correction_says_what_and_why(api_as, cast, missed, body):
    refused(post(api_as(cast.manager), missed, "correct", **body), 400, "VALIDATION_ERROR")
