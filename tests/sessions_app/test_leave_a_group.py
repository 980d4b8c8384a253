"""Leaving a group: each for themselves, with their own charge, their time and their place free again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.models import CalendarEntry, CancellationCharge, Session, SessionParticipant
from sessions_app.services.cancellation import cancel_session
from tests.sessions_app.clinic import (
    active_spans,
    ask_hold,
    ask_session,
    ask_to_book_hold,
    ask_to_cancel,
    coming,
    done,
    keep_policy,
    open_practice,
    refused,
)
from tests.sessions_app.groups import group_of, lead_group, meet, persons, slot_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db):
    return persons(3)


@pytest.fixture
def practice(db):
    return lead_group(fee_minor=4000, payment_policy="at_centre")


@pytest.fixture
def session(practice, people):
    return meet(practice, people)


def test_one_leaves_and_the_others_stay(api, api_as, practice, session, people):
    first, second, third = people
    left = done(ask_to_cancel(api_as(second), session.pk, reason="A cold."))
    assert (left["status"], left["cancellation"]["by"], left["can"]) == ("cancelled", str(second.pk), [])
    assert active_spans(second.pk) == []
    for person in (first, third):
        stays = done(api_as(person).get(f"/api/sessions/{session.pk}"))
        assert (stays["status"], stays["cancellation"]) == ("confirmed", None)
        assert len(active_spans(person.pk)) == 1
    assert len(active_spans(practice.pk)) == 1
    assert slot_at(api, practice, session.start, type=group_of(practice))["places_left"] == 1
    taken = SessionParticipant.objects.get(session=session, patient=second.pk)
    assert taken.cancellation_reason == "A cold."


def test_who_has_left_has_nothing_more_to_change(api_as, session, people):
    client = api_as(people[0])
    done(ask_to_cancel(client, session.pk))
    refused(ask_to_cancel(client, session.pk), 409, "INVALID_STATE")
    refused(client.get(f"/api/sessions/{session.pk}/cancellation"), 409, "INVALID_STATE")
    refused(
        client.post(
            f"/api/sessions/{session.pk}/reschedule", {"start": coming(4).isoformat()}, format="json"
        ),
        409,
        "INVALID_STATE",
    )
    assert Session.objects.get(pk=session.pk).status == "confirmed"


def test_the_last_who_leaves_cancels_it(api, api_as, practice, session, people):
    for person in people:
        assert done(ask_to_cancel(api_as(person), session.pk))["status"] == "cancelled"
    session.refresh_from_db()
    assert (session.status, session.cancelled_by) == ("cancelled", people[-1])
    assert active_spans(practice.pk) == []
    assert slot_at(api, practice, session.start, type=group_of(practice))["places_left"] == 3
    assert slot_at(api, practice, session.start) is not None
    # Nobody reads who was the last.
    for person in people:
        shown = done(api_as(person).get(f"/api/sessions/{session.pk}"))
        assert shown["cancellation"]["by"] == str(person.pk)


def test_who_left_may_come_again(api_as, practice, session, people):
    client = api_as(people[1])
    done(ask_to_cancel(client, session.pk, reason="Perhaps not."))
    again = done(
        ask_session(client, practice, session.start, type=group_of(practice), note="I can come."), 201
    )
    assert (again["id"], again["status"], again["cancellation"]) == (str(session.pk), "confirmed", None)
    taken = SessionParticipant.objects.get(session=session, patient=people[1].pk)
    assert (taken.note, taken.cancellation_reason, taken.seat) == ("I can come.", None, 2)
    assert len(active_spans(people[1].pk)) == 1


def test_each_pays_for_themselves_under_the_terms_they_agreed_to(api_as, practice):
    keep_policy(practice, free_until_hours=24, late_percent=50)
    early, late, stays = persons(3)
    session = meet(practice, [early, late, stays])
    assert done(ask_to_cancel(api_as(early), session.pk))["cancellation"]["charge_minor"] == 0
    soon = session.start - timedelta(hours=2)
    cancel_session(session=session, actor=late, now=soon)
    owed = done(api_as(late).get(f"/api/sessions/{session.pk}"))["cancellation"]
    assert (owed["charge_minor"], owed["policy_version"]) == (2000, 1)
    assert CancellationCharge.objects.get().participant.patient_id == late.pk
    # Who is back owes nothing for having gone.
    done(ask_session(api_as(late), practice, session.start, type=group_of(practice)), 201)
    assert not CancellationCharge.objects.exists()


def test_a_policy_binds_who_comes_after_it(practice):
    first, second = persons(2)
    session = meet(practice, [first])
    keep_policy(practice, free_until_hours=24, late_percent=50)
    CalendarEntry.objects.update(created_at=timezone.now() - timedelta(days=60))
    meet(practice, [second])
    soon = session.start - timedelta(hours=2)
    cancel_session(session=session, actor=second, now=soon)
    assert CancellationCharge.objects.get().participant.patient_id == second.pk
    cancel_session(session=session, actor=first, now=soon)
    assert CancellationCharge.objects.count() == 1


@pytest.mark.parametrize("role", ["counselor", "front_desk"])
def test_the_counselor_and_staff_cancel_for_all(api_as, cast, role, people):
    practice = lead_group(counselor=open_practice(counselor=cast.a.counselor.counselor_profile))
    session = meet(practice, people[:2])
    hold = done(ask_hold(api_as(people[2]), practice, session.start, type=group_of(practice)), 201)
    cancelled = done(ask_to_cancel(api_as(cast.of_role(role)), session.pk))
    assert (cancelled["status"], len(cancelled["patients"])) == ("cancelled", 2)
    for person in people:
        assert active_spans(person.pk) == []
    for person in people[:2]:
        assert done(api_as(person).get(f"/api/sessions/{session.pk}"))["status"] == "cancelled"
        refused(ask_to_cancel(api_as(person), session.pk), 409, "INVALID_STATE")
    refused(ask_to_book_hold(api_as(people[2]), hold["id"]), 409, "HOLD_EXPIRED")


def test_lists_show_a_patient_their_own_state(api_as, session, people):
    left, stays = people[:2]
    done(ask_to_cancel(api_as(left), session.pk))
    for person, status, other in ((left, "cancelled", "confirmed"), (stays, "confirmed", "cancelled")):
        client = api_as(person)
        assert [each["status"] for each in done(client.get("/api/sessions"))] == [status]
        assert [each["status"] for each in done(client.get("/api/sessions", {"status": status}))] == [status]
        assert done(client.get("/api/sessions", {"status": other})) == []


def test_it_is_found_with_the_past_on_the_page_of_who_left(client, session, people):
    cancel_session(session=session, actor=people[0])
    client.force_login(people[0])
    link = f'href="/sessions/{session.pk}"'
    assert link not in client.get("/sessions").content.decode()
    assert link in client.get("/sessions?view=past").content.decode()
