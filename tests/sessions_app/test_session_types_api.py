"""What a counselor offers, over the API: made, changed, no longer offered; by whom, and by whom not."""

import uuid

import pytest

from accounts.models import AuditEvent
from accounts.roles import Role
from sessions_app.models import SessionType
from sessions_app.services.slots import Wish, find_slots
from tests.factories import SessionTypeFactory
from tests.sessions_app.clinic import book, coming, done, refused

pytestmark = pytest.mark.django_db

OFFER = {"name": "Evening session", "duration_minutes": 50, "modes": ["video", "phone"], "currency": "GBP"}
PLANNERS = ("counselor", "care_coordinator", "centre_manager", "manager", "admin")


def types_url(counselor, type_id=None):
    return f"/api/counselors/{counselor.pk}/session-types" + (f"/{type_id}" if type_id else "")


def offer(client, counselor, **changes):
    return client.post(types_url(counselor), OFFER | changes, format="json")


@pytest.fixture
def offered(cast):
    return SessionTypeFactory(counselor_id=cast.a.counselor.pk)


# --- It works -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", PLANNERS)
def test_those_who_plan_offer_change_and_withdraw(api_as, cast, role):
    client = api_as(cast.of_role(role))

    made = done(offer(client, cast.a.counselor), 201)
    changed = done(
        client.patch(types_url(cast.a.counselor, made["id"]), {"name": "Late session"}, format="json")
    )
    done(client.delete(types_url(cast.a.counselor, made["id"])), 204)

    assert (changed["name"], changed["duration_minutes"], changed["modes"]) == (
        "Late session",
        50,
        ["video", "phone"],
    )
    kept = SessionType.objects.get(pk=made["id"])
    assert (kept.counselor_id, kept.is_active) == (cast.a.counselor.pk, False)
    assert AuditEvent.objects.filter(action="session_type.saved", object_id=kept.pk).count() == 3


def test_what_is_left_out_has_its_usual_value(api_as, cast):
    made = done(offer(api_as(cast.a.counselor), cast.a.counselor), 201)

    assert made.pop("id")
    assert made == {
        "name": "Evening session",
        "kind": "follow_up",
        "duration_minutes": 50,
        "modes": ["video", "phone"],
        "fee_minor": 0,
        "currency": "GBP",
        "payment_policy": "free",
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "capacity": 1,
        "position": 0,
        "is_active": True,
    }


def test_everybody_sees_it_with_the_counselor_until_it_is_withdrawn(api, api_as, cast):
    planner = api_as(cast.a.counselor)
    fee = {"fee_minor": 4500, "payment_policy": "at_centre"}
    made = done(offer(planner, cast.a.counselor, **fee), 201)
    counselor_url = f"/api/counselors/{cast.a.counselor.pk}"

    (shown,) = done(api.get(counselor_url))["session_types"]
    assert (shown["id"], shown["fee_minor"]) == (made["id"], 4500)

    done(planner.delete(types_url(cast.a.counselor, made["id"])), 204)
    assert done(api.get(counselor_url))["session_types"] == []
    done(planner.patch(types_url(cast.a.counselor, made["id"]), {"is_active": True}, format="json"))
    assert len(done(api.get(counselor_url))["session_types"]) == 1


def test_a_new_length_is_what_is_offered_next_and_what_is_booked_stays(api_as, practice, patient):
    offered, start = practice.session_types.get(), coming()
    session = book(practice, patient, start)

    change = {"duration_minutes": 80, "fee_minor": 9000, "payment_policy": "at_centre"}
    done(api_as(practice.user).patch(types_url(practice, offered.pk), change, format="json"))

    session.refresh_from_db()
    assert (session.duration_minutes, session.fee_minor) == (50, 0)
    tomorrow = coming(4)
    times = find_slots(counselor_id=practice.pk, start=tomorrow, end=coming(5), wish=Wish())
    assert times[0].duration_minutes == 80


def test_withdrawing_twice_is_as_good_as_once(api_as, cast, offered):
    client = api_as(cast.a.counselor)
    for _ in range(2):
        done(client.delete(types_url(cast.a.counselor, offered.pk)), 204)
    assert SessionType.objects.filter(pk=offered.pk, is_active=False).exists()


def test_a_repeated_request_makes_one_type(api_as, cast):
    client = api_as(cast.a.counselor)
    for _ in range(2):
        answer = client.post(
            types_url(cast.a.counselor), OFFER, format="json", headers={"Idempotency-Key": "offer-1"}
        )
        done(answer, 201)
    assert SessionType.objects.count() == 1


# --- It is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.PATIENT, Role.FRONT_DESK])
def test_who_does_not_plan_is_refused(api_as, cast, offered, role):
    client = api_as(cast.of_role(role))

    refused(offer(client, cast.a.counselor), 403, "PERMISSION_DENIED")
    url = types_url(cast.a.counselor, offered.pk)
    refused(client.patch(url, {"name": "Mine"}, format="json"), 403, "PERMISSION_DENIED")
    refused(client.delete(url), 403, "PERMISSION_DENIED")


@pytest.mark.parametrize("role", ["counselor", "care_coordinator", "centre_manager"])
def test_another_centres_planners_and_other_counselors_may_not(api_as, cast, offered, role):
    client = api_as(getattr(cast.b, role))

    refused(offer(client, cast.a.counselor), 403, "PERMISSION_DENIED")
    refused(client.delete(types_url(cast.a.counselor, offered.pk)), 403, "PERMISSION_DENIED")
    assert SessionType.objects.get().is_active


def test_a_visitor_is_asked_to_sign_in(api, cast, offered):
    refused(offer(api, cast.a.counselor), 401, "NOT_AUTHENTICATED")
    refused(api.delete(types_url(cast.a.counselor, offered.pk)), 401, "NOT_AUTHENTICATED")


def test_a_type_is_found_with_its_own_counselor_only(api_as, cast, offered):
    client = api_as(cast.admin)

    for counselor, type_id in ((cast.b.counselor, offered.pk), (cast.a.counselor, uuid.uuid4())):
        refused(client.patch(types_url(counselor, type_id), {"name": "X"}, format="json"), 404, "NOT_FOUND")
        refused(client.delete(types_url(counselor, type_id)), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"duration_minutes": 9}, "duration_minutes"),
        ({"duration_minutes": 481}, "duration_minutes"),
        ({"duration_minutes": "long"}, "duration_minutes"),
        ({"modes": []}, "modes"),
        ({"modes": ["letter"]}, "modes.0"),
        ({"currency": "gbp"}, "currency"),
        ({"fee_minor": -1}, "fee_minor"),
        ({"fee_minor": 10**12}, "fee_minor"),
        ({"fee_minor": 4500}, "request"),
        ({"payment_policy": "at_centre"}, "request"),
        ({"payment_policy": "later"}, "payment_policy"),
        ({"buffer_after_minutes": 121}, "buffer_after_minutes"),
        ({"position": 40_000}, "position"),
        ({"counselor_id": "01900000-0000-7000-8000-000000000000"}, "counselor_id"),
        ({"id": "01900000-0000-7000-8000-000000000000"}, "id"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_kept(api_as, cast, offered, change, field):
    client, before = api_as(cast.a.counselor), SessionType.objects.values().get()

    made = refused(offer(client, cast.a.counselor, **change), 400, "VALIDATION_ERROR")
    changed = refused(
        client.patch(types_url(cast.a.counselor, offered.pk), change, format="json"), 400, "VALIDATION_ERROR"
    )

    assert list(made["details"]) == list(changed["details"]) == [field]
    assert SessionType.objects.values().get() == before


def test_what_must_be_said_is_asked_for(api_as, cast):
    answer = api_as(cast.a.counselor).post(types_url(cast.a.counselor), {}, format="json")

    assert set(refused(answer, 400, "VALIDATION_ERROR")["details"]) == {
        "name",
        "duration_minutes",
        "modes",
        "currency",
    }
