"""Preferences and profiles over the API."""

import uuid

import pytest

from accounts.models import AuditEvent, User
from accounts.roles import Role
from tests.factories import CareRelationshipFactory, PatientFactory

pytestmark = pytest.mark.django_db

FULL_PATIENT = {
    "first_name": "Meera",
    "last_name": "Iyer",
    "phone": None,
    "date_of_birth": "1990-05-01",
    "gender": "woman",
    "blood_group": "AB-",
    "emergency_contact_name": "Ravi",
    "emergency_contact_phone": "+919812345679",
    "is_anonymous": True,
    "alias": "Quiet Heron",
}


@pytest.mark.parametrize("role", Role.values)
def test_everybody_has_preferences(cast, api_as, role):
    user = cast.of_role(role)
    api = api_as(user)

    assert api.get("/api/users/preferences").json()["data"] == {
        "language": "en", "timezone": "UTC", "theme": "system", "font_size": "medium",
    }  # fmt: skip
    changed = api.patch("/api/users/preferences", {"theme": "dark"}, format="json")
    assert changed.json()["data"]["theme"] == "dark"
    whole = {"language": "en", "timezone": "Asia/Kolkata", "theme": "light", "font_size": "large"}
    assert api.put("/api/users/preferences", whole, format="json").json()["data"] == whole
    user.refresh_from_db()
    assert (user.timezone, user.theme, user.font_size) == ("Asia/Kolkata", "light", "large")


def test_put_wants_all_preferences(cast, api_as):
    answer = api_as(cast.stranger).put("/api/users/preferences", {"theme": "dark"}, format="json")

    assert answer.status_code == 400
    assert set(answer.json()["error"]["details"]) == {"language", "timezone", "font_size"}


@pytest.mark.parametrize(
    "body",
    [
        {"theme": "neon"},
        {"timezone": "Mars"},
        {"language": "tlh"},
        {"font_size": 12},
        {"role": "admin"},
        {"is_active": True},
    ],
)
def test_other_preferences_are_refused(cast, api_as, body):
    assert api_as(cast.stranger).patch("/api/users/preferences", body, format="json").status_code == 400


def test_a_patient_reads_and_writes_their_profile(cast, api_as):
    api = api_as(cast.stranger)

    answer = api.put("/api/users/profile", FULL_PATIENT, format="json")

    assert answer.status_code == 200, answer.content
    data = api.get("/api/users/profile").json()["data"]
    assert {name: data[name] for name in FULL_PATIENT} == FULL_PATIENT
    assert data["display_name"] == "Meera Iyer"
    assert AuditEvent.objects.filter(
        action="account.profile_changed", actor_id=cast.stranger.pk, patient_id=cast.stranger.pk
    ).exists()


def test_patch_leaves_the_rest(cast, api_as):
    api = api_as(cast.stranger)
    api.put("/api/users/profile", FULL_PATIENT, format="json")

    assert (
        api.patch("/api/users/profile", {"gender": ""}, format="json").json()["data"]["alias"]
        == "Quiet Heron"
    )


@pytest.mark.parametrize(
    "body",
    [
        {"email": "x@example.test"}, {"role": "admin"}, {"is_premium": True}, {"is_approved": True}, {"bio": "x"},
        {"security_version": 1}, {"username": "root"}, {"is_active": False}, {"user": {"role": "admin"}},
        {"date_of_birth": "1800-01-01"}, {"phone": "12"}, {"first_name": ""}, {"is_anonymous": True},
        {"alias": "x" * 61},
    ],
    ids=str,
)  # fmt: skip
def test_a_patient_cannot_write_what_is_not_theirs(cast, api_as, body):
    before = User.objects.filter(pk=cast.stranger.pk).values().get()

    answer = api_as(cast.stranger).patch("/api/users/profile", body, format="json")

    assert answer.status_code == 400, answer.content
    assert (
        User.objects.filter(pk=cast.stranger.pk).values().get() | {"last_login": before["last_login"]}
        == before
    )


def test_a_counselor_writes_what_the_directory_shows_but_no_approval(cast, api_as):
    api = api_as(cast.a.counselor)

    answer = api.patch(
        "/api/users/profile",
        {"bio": "I listen.", "specializations": ["grief", " grief", "sleep"], "is_accepting": False},
        format="json",
    )

    assert answer.json()["data"]["specializations"] == ["grief", "sleep"]
    for field in ("is_approved", "rating_average", "license_number", "primary_centre", "date_of_birth"):
        assert api.patch("/api/users/profile", {field: True}, format="json").status_code == 400, field


def test_staff_have_names_and_a_phone_only(cast, api_as):
    api = api_as(cast.a.front_desk)

    assert set(api.get("/api/users/profile").json()["data"]) == {
        "id", "role", "display_name", "first_name", "last_name", "email", "phone",
    }  # fmt: skip
    assert api.patch("/api/users/profile", {"alias": "x"}, format="json").status_code == 400


def test_a_new_phone_number_ends_the_other_sign_ins_and_this_one_goes_on(cast, api_as, api):
    from accounts.services.tokens import Client, open_device

    mine = open_device(user=cast.stranger, client=Client(user_agent="tests", ip=None))
    other = open_device(user=cast.stranger, client=Client(user_agent="tests", ip=None))
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {mine.access}"}

    answer = api.patch("/api/users/profile", {"phone": "+919812345678"}, format="json", **bearer)

    assert answer.status_code == 200
    assert api.get("/api/auth/me", **bearer).json()["error"]["code"] == "TOKEN_EXPIRED"
    fresh = api.post("/api/auth/refresh", {"refresh": mine.refresh}, format="json").json()["data"]["access"]
    assert api.get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {fresh}").status_code == 200
    assert api.get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {other.access}").json()["error"]["code"] == (
        "NOT_AUTHENTICATED"
    )
    assert api.post("/api/auth/refresh", {"refresh": other.refresh}, format="json").status_code == 401


def test_a_taken_phone_number_is_refused_by_field(cast, api_as):
    User.objects.filter(pk=cast.a.patient.pk).update(phone="+919812345678")

    answer = api_as(cast.stranger).patch("/api/users/profile", {"phone": "+919812345678"}, format="json")

    assert answer.json()["error"]["details"] == {"phone": ["There is an account with this phone number."]}


@pytest.mark.parametrize("role", ["patient", "counselor", "front_desk", "care_coordinator", "centre_manager"])
def test_a_profile_that_is_not_yours_to_see_does_not_exist(cast, api_as, role):
    api = api_as(cast.of_role(role))

    assert api.get(f"/api/users/{cast.a.patient.pk}/profile").status_code == 200
    missing = api.get(f"/api/users/{uuid.uuid4()}/profile").json()["error"]
    for hidden in (cast.b.patient, cast.stranger, cast.admin, cast.b.front_desk):
        answer = api.get(f"/api/users/{hidden.pk}/profile")
        assert (answer.status_code, answer.json()["error"]) == (404, missing)


def test_a_counselor_learns_an_alias_and_nothing_else(cast, api_as):
    patient = PatientFactory(
        anonymous=True, user__phone="+919812345678", emergency_contact_name="Ravi Secret"
    )
    CareRelationshipFactory(patient=patient, counselor=cast.a.counselor.counselor_profile)

    answer = api_as(cast.a.counselor).get(f"/api/users/{patient.pk}/profile")

    assert answer.json()["data"] == {"id": str(patient.pk), "role": "patient", "display_name": patient.alias}
    for secret in (
        patient.user.first_name,
        patient.user.last_name,
        patient.user.email,
        patient.user.phone,
        "Ravi",
    ):
        assert secret not in answer.content.decode()
    desk = api_as(cast.manager).get(f"/api/users/{patient.pk}/profile").json()["data"]
    assert desk["display_name"] == patient.user.full_name
