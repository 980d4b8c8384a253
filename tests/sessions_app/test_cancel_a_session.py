"""Cancelling over the API: the time is free at once, once is enough, and only those concerned may."""

import pytest

from accounts.models import AuditEvent
from sessions_app.models import Session
from tests.sessions_app.clinic import (
    active_spans,
    ask_session,
    ask_to_cancel,
    book,
    coming,
    done,
    open_practice,
    refused,
    slots_shown,
)

pytestmark = pytest.mark.django_db


def test_cancelling_frees_the_time_at_once(api_as, practice, patient, rival):
    client, start = api_as(patient), coming()
    session = done(ask_session(client, practice, start), 201)
    assert start not in slots_shown(client, practice, start)
    cancelled = done(ask_to_cancel(client, session["id"], reason="Ill"))
    assert cancelled["status"] == "cancelled"
    assert cancelled["can"] == []
    assert cancelled["cancellation"]["by"] == str(patient.pk)
    assert cancelled["cancellation"]["charge_minor"] == 0
    assert start in slots_shown(client, practice, start)
    assert active_spans(practice.pk) == active_spans(patient.pk) == []
    done(ask_session(api_as(rival), practice, start), 201)


def test_cancelling_twice_is_refused_and_changes_nothing(api_as, practice, patient):
    client = api_as(patient)
    session = done(ask_session(client, practice, coming()), 201)
    done(ask_to_cancel(client, session["id"]))
    before = Session.objects.values().get()
    error = refused(ask_to_cancel(client, session["id"]), 409, "INVALID_STATE")
    assert "cancelled" in error["message"]
    refused(client.delete(f"/api/sessions/{session['id']}"), 409, "INVALID_STATE")
    assert Session.objects.values().get() == before
    assert AuditEvent.objects.filter(action="session.cancelled").count() == 1


def test_deleting_a_session_cancels_it(api_as, practice, patient):
    client = api_as(patient)
    session = done(ask_session(client, practice, coming()), 201)
    assert done(client.delete(f"/api/sessions/{session['id']}"))["status"] == "cancelled"


def test_each_side_may_cancel_and_nobody_else(api_as, cast):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile)
    allowed = [
        *(cast.a.patient, cast.a.counselor, cast.a.front_desk, cast.a.care_coordinator),
        *(cast.a.centre_manager, cast.manager, cast.admin),
    ]
    strangers = [cast.stranger, cast.b.patient, cast.b.counselor, cast.b.front_desk, cast.b.centre_manager]
    for days, actor in enumerate(allowed, start=2):
        session = book(counselor, cast.a.patient, coming(days))
        for stranger in strangers:
            client = api_as(stranger)
            refused(client.get(f"/api/sessions/{session.pk}"), 404, "NOT_FOUND")
            refused(client.get(f"/api/sessions/{session.pk}/calendar.ics"), 404, "NOT_FOUND")
            refused(ask_to_cancel(client, session.pk), 404, "NOT_FOUND")
            refused(client.delete(f"/api/sessions/{session.pk}"), 404, "NOT_FOUND")
        assert done(ask_to_cancel(api_as(actor), session.pk))["cancellation"]["by"] == str(actor.pk)
