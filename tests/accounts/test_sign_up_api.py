"""Signing up over the API: a patient, nothing else, and nobody learns who has an account."""

import pytest

from accounts.models import AuditEvent, CounselorProfile, PatientProfile, User
from core.models import OutboxEntry
from tests.accounts.letters import deliver_letters
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

NEW_PATIENT = {
    "email": "Asha@Example.test",
    "password": "a-quiet-morning-walk",
    "first_name": "Asha",
    "last_name": "Rao",
    "timezone": "Asia/Kolkata",
}


def sign_up(api, **body):
    return api.post("/api/auth/signup", NEW_PATIENT | body, format="json")


def test_signing_up_makes_a_patient_who_is_signed_in(api):
    answer = sign_up(api)

    assert answer.status_code == 201, answer.content
    data = answer.json()["data"]
    assert (data["user"]["role"], data["user"]["timezone"], data["expires_in"]) == (
        "patient",
        "Asia/Kolkata",
        900,
    )
    user = User.objects.get(email="asha@example.test")
    assert PatientProfile.objects.filter(pk=user.pk).exists()
    assert user.emailaddress_set.get().email == user.email
    assert AuditEvent.objects.filter(
        action="account.signed_up", object_id=user.pk, patient_id=user.pk
    ).exists()
    assert OutboxEntry.objects.filter(event="account.signed_up", payload={"user": str(user.pk)}).exists()
    me = api.get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {data['access']}")
    assert me.json()["data"]["display_name"] == "Asha Rao"


@pytest.mark.parametrize(
    "extra",
    [
        {"role": "counselor"},
        {"role": "admin"},
        {"is_staff": True},
        {"is_superuser": True},
        {"is_active": True},
        {"is_approved": True},
        {"security_version": 9},
        {"email_verified": True},
        {"is_email_verified": True},
        {"lead_source": "x"},
        {"username": "root"},
        {"counselor_profile": {"is_approved": True}},
        {"id": "00000000-0000-0000-0000-000000000001"},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_nothing_else_can_be_sent_along(api, extra):
    answer = sign_up(api, **extra)

    assert answer.status_code == 400
    assert set(answer.json()["error"]["details"]) == set(extra)
    assert not User.objects.exists()
    assert not CounselorProfile.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", ""),
        ("password", "short"),
        ("password", "1234567890123"),
        ("password", "asha@example.test"),
        ("first_name", ""),
        ("first_name", "x" * 81),
        ("first_name", "nul\x00l"),
        ("timezone", "Mars/Olympus"),
        ("language", "tlh"),
        ("phone", "98123"),
    ],
)
def test_bad_fields_are_named(api, field, value):
    answer = sign_up(api, **{field: value})

    assert answer.status_code == 400
    assert field in answer.json()["error"]["details"], answer.content
    assert not User.objects.exists()


def test_where_addresses_need_no_confirming_a_taken_one_is_said_so(api):
    UserFactory(email="asha@example.test")

    answer = sign_up(api)

    assert answer.status_code == 400
    assert answer.json()["error"]["details"] == {"email": ["There is an account with this e-mail."]}


class TestWhereAddressesMustBeConfirmed:
    @pytest.fixture(autouse=True)
    def mandatory(self, settings):
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    def test_the_answer_is_the_same_for_a_new_and_a_taken_address(self, api):
        new = sign_up(api)
        taken = sign_up(api)

        assert (new.status_code, new.json()) == (taken.status_code, taken.json())
        assert new.json()["data"] == {"verification_required": True}
        assert User.objects.count() == 1

    def test_the_owner_of_a_new_address_gets_a_link_that_lets_them_in(self, api, client):
        sign_up(api)

        (letter,) = deliver_letters()
        link = next(line for line in letter.body.splitlines() if "/confirm-email/" in line)
        answer = client.post(link.removeprefix("http://localhost:8000"))

        assert answer.status_code == 302
        assert api.post(
            "/api/auth/signin",
            {"email": NEW_PATIENT["email"], "password": NEW_PATIENT["password"]},
            format="json",
        ).json()["success"]

    def test_the_owner_of_a_taken_address_is_told_and_nothing_changes(self, api):
        owner = UserFactory(email="asha@example.test", first_name="Before")
        before = owner.password

        sign_up(api)

        (letter,) = deliver_letters()
        assert letter.to == ["asha@example.test"]
        assert letter.subject == "You have an account already"
        owner.refresh_from_db()
        assert (owner.first_name, owner.password) == ("Before", before)

    def test_a_weak_password_is_refused_alike_for_both(self, api):
        new = sign_up(api, password="password12")
        UserFactory(email="asha@example.test")
        taken = sign_up(api, password="password12")

        assert (new.status_code, new.json()["error"]) == (taken.status_code, taken.json()["error"])
        assert new.status_code == 400

    def test_a_taken_phone_number_is_left_out_and_not_told(self, api):
        UserFactory(phone="+919812345678")

        answer = sign_up(api, phone="+919812345678")

        assert answer.json()["data"] == {"verification_required": True}
        assert User.objects.get(email="asha@example.test").phone is None


def test_two_at_once_with_one_address_leave_one_account(api, monkeypatch):
    """The second one passes the check before the first commits; the constraint decides, in words."""
    from accounts.services.sign_up import sign_up_patient

    monkeypatch.setattr(User, "full_clean", lambda self, **_: None)
    fields = {key: NEW_PATIENT[key] for key in ("email", "password", "first_name", "last_name")}
    sign_up_patient(**fields)

    answer = sign_up(api)

    assert answer.status_code == 400
    assert "email" in answer.json()["error"]["details"]
    assert User.objects.count() == 1


def test_one_address_cannot_sign_up_without_end(api, settings):
    settings.THROTTLES = settings.THROTTLES | {"sign_up": (2, 3600)}

    codes = [sign_up(api, email=f"person{n}@example.test").status_code for n in range(3)]

    assert codes == [201, 201, 429]
