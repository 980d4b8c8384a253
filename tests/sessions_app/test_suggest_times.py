"""Sessions that cannot be kept: moved by one press, or new times are suggested and the patient chooses."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import AuditEvent
from sessions_app.models import AvailabilityException, Session, SuggestedTime
from tests.factories import PatientFactory
from tests.notifications.post import work_off
from tests.sessions_app.clinic import book, coming, done, instant, keep_policy, open_practice, refused
from tests.sessions_app.pages import browser_of, led_to, source, words

pytestmark = pytest.mark.django_db
HOURS = "/availability"


@pytest.fixture
def practice(cast):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile, paid=True)
    keep_policy(counselor, free_until_hours=200, late_percent=50)
    return counselor


@pytest.fixture
def session(practice, cast):
    """On a day on which the counselor then takes leave."""
    booked = book(practice, cast.a.patient, coming())
    day = booked.start.date()
    AvailabilityException.objects.create(
        counselor=practice, kind="unavailable", first_day=day, last_day=day,
        start="00:00", end="00:00", timezone="UTC",
    )  # fmt: skip
    return booked


def suggest(client, session, *starts):
    body = {"starts": [start.isoformat() for start in starts]}
    return client.post(f"/api/sessions/{session.pk}/suggested-times", body, format="json")


def test_from_the_list_of_those_outside_it_is_moved_by_one_press(cast, session):
    browser = browser_of(cast.a.counselor)
    page = source(browser.get(HOURS))
    first = coming(4).isoformat()
    assert f'action="{reverse("session_reschedule", args=[session.pk])}"' in page
    assert "Move to" in page
    answer = browser.post(
        reverse("session_reschedule", args=[session.pk]), {"start": first, "back": f"{HOURS}#outside"}
    )
    assert led_to(answer) == f"{HOURS}#outside"
    assert Session.objects.get().start == coming(4)
    away = browser.post(
        reverse("session_reschedule", args=[session.pk]),
        {"start": coming(5).isoformat(), "back": "//evil.test/x"},
    )
    assert led_to(away) == f"/sessions/{session.pk}"


def test_offered_times_reach_the_patient_who_takes_one_whatever_the_notice(cast, session):
    work_off()
    mail.outbox.clear()
    browser = browser_of(cast.a.counselor)
    starts = [coming(4).isoformat(), coming(4, 11).isoformat()]
    answer = browser.post(
        reverse("session_suggest", args=[session.pk]), {"start": starts, "back": f"{HOURS}#outside"}
    )
    assert led_to(answer) == f"{HOURS}#outside"
    assert "not answered yet" in words(browser.get(HOURS))
    assert AuditEvent.objects.get(action="session.times_suggested").patient_id == cast.a.patient.pk
    assert Session.objects.get().start == session.start
    work_off()
    (letter,) = mail.outbox
    assert letter.to == [cast.a.patient.email]
    assert letter.subject.startswith("Please choose a new time instead of")
    assert letter.body.count(f"/sessions/{session.pk}/suggested?start=") == 2

    patient = browser_of(cast.a.patient)
    assert "New times are suggested" in words(patient.get(f"/sessions/{session.pk}"))
    page = reverse("session_suggested", args=[session.pk])
    assert "Suggested instead" in words(patient.get(page))
    # Any other time is too late for them.
    other = patient.post(page, {"start": coming(5).isoformat()})
    assert "too late" in words(other, 409)
    assert led_to(patient.post(page, {"start": starts[1]})) == f"/sessions/{session.pk}"
    assert Session.objects.get().start == coming(4, 11)
    # It has moved: nothing that was suggested stands any more.
    assert led_to(patient.get(page)) == f"/sessions/{session.pk}"
    assert "too late" in words(patient.post(page, {"start": starts[0]}), 409)


def test_what_is_gone_is_not_shown_and_new_suggestions_replace_old_ones(api_as, cast, session, practice):
    client, patient = api_as(cast.a.front_desk), api_as(cast.a.patient)
    done(suggest(client, session, coming(4), coming(5)), 201)
    book(practice, PatientFactory().user, coming(4))
    shown = done(patient.get(f"/api/sessions/{session.pk}/suggested-times"))
    assert [instant(each["start"]) for each in shown] == [coming(5)]
    error = refused(suggest(client, session, coming(4)), 400, "VALIDATION_ERROR")
    assert "starts" in error["details"]
    refused(suggest(client, session, coming(-1)), 400, "VALIDATION_ERROR")
    done(suggest(client, session, coming(6)), 201)
    assert [each.start for each in SuggestedTime.objects.all()] == [coming(6)]
    refused(suggest(patient, session, coming(6)), 403, "PERMISSION_DENIED")
    Session.objects.update(status="completed")
    refused(suggest(client, session, coming(6)), 409, "INVALID_STATE")
    assert done(patient.get(f"/api/sessions/{session.pk}/suggested-times")) == []


def test_a_mail_that_leaves_late_names_no_time_that_is_gone(api_as, cast, session, practice):
    done(suggest(api_as(cast.a.counselor), session, coming(4)), 201)
    book(practice, PatientFactory().user, coming(4) + timedelta(minutes=30))
    work_off()
    assert not [letter for letter in mail.outbox if "choose a new time" in letter.subject]
