"""Counselors and staff add people to couples and groups, take them out, and say who did not come."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.models import CancellationCharge, Session, SessionKind, SessionParticipant
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.states import complete_session
from tests.factories import CareRelationshipFactory, PatientFactory, SessionTypeFactory
from tests.sessions_app.clinic import (
    active_spans,
    ask_hold,
    ask_to_cancel,
    book,
    coming,
    done,
    keep_policy,
    open_practice,
    refused,
)
from tests.sessions_app.groups import group_of, lead_group, meet, persons, slot_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def practice(cast):
    """Centre A's counselor, who leads a group of three and sees couples."""
    counselor = lead_group(counselor=open_practice(counselor=cast.a.counselor.counselor_profile))
    SessionTypeFactory(
        counselor=counselor, kind=SessionKind.COUPLE, duration_minutes=80, position=2, capacity=2
    )
    return counselor


@pytest.fixture
def newcomer(cast, practice):
    """Registered at centre A, and in the counselor's care."""
    profile = PatientFactory(centre=cast.a.centre)
    CareRelationshipFactory(patient=profile, counselor=practice)
    return profile.user


def people_of(client, session):
    return done(client.get(f"/api/sessions/{session.pk}/participants"))


def ask_to_add(client, session, person):
    return client.post(f"/api/sessions/{session.pk}/participants", {"patient": str(person.pk)}, format="json")


def ask_to_remove(client, session, person):
    return client.delete(f"/api/sessions/{session.pk}/participants/{person.pk}")


@pytest.mark.parametrize("role", ["counselor", "front_desk"])
def test_the_partner_of_a_couple_is_added(api, api_as, cast, practice, newcomer, role):
    couple = book(practice, cast.a.patient, coming(), type_id=practice.session_types.get(kind="couple").pk)
    # Nobody else can book the second place.
    assert slot_at(api, practice, coming(), type=couple.session_type_id) is None
    client = api_as(cast.of_role(role))
    added = done(ask_to_add(client, couple, newcomer), 201)
    assert {one["patient"]["id"] for one in added} == {str(cast.a.patient.pk), str(newcomer.pk)}
    assert active_spans(newcomer.pk) == [(couple.start, couple.end)]
    assert done(api_as(newcomer).get(f"/api/sessions/{couple.pk}"))["status"] == "confirmed"
    refused(ask_to_add(client, couple, newcomer), 409, "INVALID_STATE")
    third = PatientFactory(centre=cast.a.centre)
    CareRelationshipFactory(patient=third, counselor=practice)
    refused(ask_to_add(client, couple, third.user), 409, "SLOT_TAKEN")
    # One of two does not move what both have.
    body = {"start": coming(5).isoformat()}
    refused(
        api_as(newcomer).post(f"/api/sessions/{couple.pk}/reschedule", body, format="json"),
        409,
        "INVALID_STATE",
    )


def test_nobody_is_added_who_is_busy_or_to_a_session_of_one(api_as, cast, practice, newcomer):
    session = meet(practice, persons(1))
    alone = book(practice, cast.a.patient, coming(4))
    client = api_as(cast.a.front_desk)
    refused(ask_to_add(client, alone, newcomer), 409, "INVALID_STATE")
    book(open_practice(), newcomer, coming())
    refused(ask_to_add(client, session, newcomer), 409, "SLOT_TAKEN")
    refused(ask_to_add(client, session, cast.b.patient), 404, "NOT_FOUND")
    assert len(people_of(client, session)) == 1


def test_who_holds_that_time_elsewhere_is_added_and_the_hold_given_back(api_as, cast, practice, newcomer):
    session = meet(practice, persons(1))
    elsewhere = open_practice()
    done(ask_hold(api_as(newcomer), elsewhere, coming()), 201)
    done(ask_to_add(api_as(cast.a.front_desk), session, newcomer), 201)
    assert active_spans(newcomer.pk) == [(session.start, session.end)]
    assert active_spans(elsewhere.pk) == []


def test_one_is_taken_out_at_no_charge(api, api_as, cast, practice):
    practice.session_types.filter(kind="group").update(fee_minor=4000, payment_policy="at_centre")
    keep_policy(practice, free_until_hours=336, late_percent=50)
    first, second = persons(2)
    session = meet(practice, [first, second])
    client = api_as(cast.a.front_desk)
    left = done(ask_to_remove(client, session, first))
    assert [(one["status"], one["charge_minor"]) for one in left] == [("cancelled", 0), ("confirmed", 0)]
    assert active_spans(first.pk) == []
    assert done(api_as(first).get(f"/api/sessions/{session.pk}"))["status"] == "cancelled"
    refused(ask_to_remove(client, session, first), 404, "NOT_FOUND")
    refused(ask_to_remove(client, session, second), 409, "INVALID_STATE")
    assert slot_at(api, practice, coming(), type=group_of(practice))["places_left"] == 2


def test_who_did_not_come_missed_it_and_the_others_did_not(api_as, cast, practice):
    came, missed = persons(2)
    session = over(meet(practice, [came, missed]))
    client = api_as(cast.a.counselor)
    path = f"/api/sessions/{session.pk}/participants/{missed.pk}/no-show"
    noted = done(client.post(path))
    assert {one["patient"]["id"]: one["status"] for one in noted} == {
        str(came.pk): "confirmed",
        str(missed.pk): "no_show",
    }
    complete_session(session=session, actor=cast.a.counselor)
    for person, status in ((came, "completed"), (missed, "no_show")):
        assert done(api_as(person).get(f"/api/sessions/{session.pk}"))["status"] == status
    rating = {"rating": 5}
    refused(
        api_as(missed).put(f"/api/sessions/{session.pk}/rate", rating, format="json"),
        403,
        "PERMISSION_DENIED",
    )
    done(api_as(came).put(f"/api/sessions/{session.pk}/rate", rating, format="json"))
    refused(client.post(f"/api/sessions/{session.pk}/participants/{came.pk}/no-show"), 409, "INVALID_STATE")
    done(client.delete(path))
    assert done(api_as(missed).get(f"/api/sessions/{session.pk}"))["status"] == "completed"


def test_nobody_has_missed_what_has_not_begun(api_as, cast, practice):
    (person,) = persons(1)
    session = meet(practice, [person])
    path = f"/api/sessions/{session.pk}/participants/{person.pk}/no-show"
    refused(api_as(cast.a.counselor).post(path), 409, "INVALID_STATE")


def test_each_ones_charge_is_waived_by_itself(api_as, cast, practice):
    practice.session_types.filter(kind="group").update(fee_minor=4000, payment_policy="at_centre")
    keep_policy(practice, free_until_hours=336, late_percent=50)
    first, second, stays = persons(3)
    session = meet(practice, [first, second, stays])
    for person in (first, second):
        assert done(ask_to_cancel(api_as(person), session.pk))["cancellation"]["charge_minor"] == 2000
    client = api_as(cast.a.front_desk)
    path = f"/api/sessions/{session.pk}/cancellation/waive"
    assert "waive" in done(client.get(f"/api/sessions/{session.pk}"))["can"]
    error = refused(client.post(path, {"reason": "kind"}, format="json"), 400, "VALIDATION_ERROR")
    assert list(error["details"]) == ["patient"]
    done(client.post(path, {"reason": "kind", "patient": str(second.pk)}, format="json"))
    owed = {one["patient"]["id"]: one["charge_minor"] for one in people_of(client, session)}
    assert owed == {str(first.pk): 2000, str(second.pk): 0, str(stays.pk): 0}
    assert CancellationCharge.objects.get(waived_at=None).participant.patient_id == first.pk
    done(client.post(path, {"reason": "kind"}, format="json"))
    assert "waive" not in done(client.get(f"/api/sessions/{session.pk}"))["can"]
    refused(client.post(path, {"reason": "kind"}, format="json"), 409, "INVALID_STATE")


# --- The pages -----------------------------------------------------------------------------------------------


def test_the_counselor_sees_who_takes_part_and_what_each_wrote(client, practice):
    hidden = PatientFactory(anonymous=True, alias="Quiet Heron").user
    named = PatientFactory(user__first_name="Ottoline", user__last_name="Marsh").user
    session = meet(practice, [hidden, named])
    taken = SessionParticipant.objects.get(session=session, patient=named.pk)
    taken.note = "I would rather sit near the door."
    taken.save()
    client.force_login(practice.user)
    today = client.get(f"/today?day={session.start:%Y-%m-%d}").content.decode()
    assert "Quiet Heron, Ottoline Marsh" in today
    assert "2 of 3 places booked" in today
    page = client.get(f"/sessions/{session.pk}").content.decode()
    assert "I would rather sit near the door." in page
    assert hidden.last_name not in page
    cancel_session(session=session, actor=named)
    page = client.get(f"/sessions/{session.pk}").content.decode()
    assert "1 of 3 places are booked" in page


def test_the_desk_adds_and_takes_out_on_the_page(client, cast, practice, newcomer):
    first, second = persons(2)
    session = meet(practice, [first, second])
    client.force_login(cast.a.front_desk)
    page = f"/sessions/{session.pk}"
    found = client.get(page, {"q": newcomer.last_name}).content.decode()
    assert newcomer.full_name in found
    client.post(f"{page}/people/add", {"patient": newcomer.pk})
    assert newcomer.full_name in client.get(page).content.decode()
    client.post(f"{page}/people/remove", {"patient": first.pk})
    assert active_spans(first.pk) == []
    over(session)
    client.post(f"{page}/people/missing", {"patient": second.pk})
    assert "Did not come</span>" in client.get(page).content.decode()
    client.post(f"{page}/people/missing", {"patient": second.pk, "undo": "1"})
    assert "Did not come</span>" not in client.get(page).content.decode()
    assert client.post(f"{page}/people/add", {"patient": "?"}, follow=True).status_code == 200


def test_the_counselor_sets_the_places_on_the_types_page(client, practice):
    group = practice.session_types.get(kind="group")
    client.force_login(practice.user)
    page = f"/availability/types/{group.pk}"
    assert 'name="capacity" value="3"' in client.get(page).content.decode()
    typed = {
        "name": "Group",
        "kind": "group",
        "duration_minutes": 60,
        "modes": ["video"],
        "payment_policy": "free",
        "currency": "EUR",
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "is_active": "on",
    }
    for more, capacity in (({"capacity": 12}, 12), ({}, 8), ({"kind": "couple"}, 2), ({"kind": "intake"}, 1)):
        assert client.post(page, typed | more).status_code == 302
        group.refresh_from_db()
        assert group.capacity == capacity
    assert client.post(page, typed | {"capacity": 99}).status_code == 422


def over(session):
    """It was yesterday."""
    start = timezone.now() - timedelta(days=1)
    Session.objects.filter(pk=session.pk).update(start=start, end=start + timedelta(hours=1))
    session.refresh_from_db()
    return session
