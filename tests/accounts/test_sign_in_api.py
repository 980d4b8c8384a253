"""Signing in and out over the API."""

import time

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from accounts.models import AuditEvent, Device, User
from accounts.services.security import deactivate_user
from tests.accounts.letters import deliver_letters
from tests.factories import PASSWORD, PatientFactory, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db

REFUSAL = "The name or the password is not right. Check both, or set a new password."


class SlowHasher(PBKDF2PasswordHasher):
    """Slow enough to be seen beside the rest of a request."""

    iterations = 200_000


def sign_in(api, **body):
    return api.post("/api/auth/signin", {"password": PASSWORD} | body, format="json")


@pytest.mark.parametrize("name", ["email", "phone", "username"])
def test_each_kind_of_name_signs_in(api, name):
    user = StaffFactory(email="desk@example.test", phone="+919812345678", username="desk.one")

    answer = sign_in(api, **{name: getattr(user, name)})

    assert answer.status_code == 200, answer.content
    data = answer.json()["data"]
    assert set(data) == {"access", "refresh", "expires_in", "user"}
    assert data["user"]["id"] == str(user.pk)
    me = api.get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {data['access']}")
    assert me.json()["data"]["role"] == "front_desk"
    device = Device.objects.get(user=user)
    assert device.ip == "127.0.0.1"
    assert AuditEvent.objects.filter(
        action="device.signed_in", actor_id=user.pk, object_id=device.pk
    ).exists()


def test_addresses_are_compared_without_their_capitals(api):
    UserFactory(email="asha@example.test")

    assert sign_in(api, email=" Asha@Example.TEST ").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "a@example.test", "phone": "+919812345678"},
        {"email": "a@example.test", "role": "admin"},
        {"email": ["a@example.test"]},
        {"email": "a@example.test", "password": None},
        {"email": "a@example.test", "password": "x" * 1001},
        {"email": "a\x00@example.test"},
    ],
)
def test_a_wrong_body_is_told_what_is_wrong(api, body):
    answer = sign_in(api, **body)

    assert answer.status_code == 400
    assert answer.json()["error"]["details"]


@pytest.mark.parametrize("who", ["unknown", "wrong password", "closed account", "account without a password"])
def test_every_refusal_is_the_same(api, who):
    user = UserFactory(email="asha@example.test")
    if who == "closed account":
        deactivate_user(user=user, actor=None)
    if who == "account without a password":
        user.set_unusable_password()
        user.save()

    answer = sign_in(
        api,
        email="nobody@example.test" if who == "unknown" else "asha@example.test",
        password="another-long-secret" if who == "wrong password" else PASSWORD,
    )

    assert answer.status_code == 401
    assert answer.json()["error"] == {"code": "NOT_AUTHENTICATED", "message": REFUSAL}
    assert not Device.objects.exists()


def test_unknown_and_known_names_take_the_same_time(settings, api):
    settings.PASSWORD_HASHERS = ["tests.accounts.test_sign_in_api.SlowHasher"]
    settings.THROTTLES = dict.fromkeys(settings.THROTTLES, (10_000, 900))
    UserFactory(email="known@example.test")
    closed = UserFactory(email="closed@example.test")
    deactivate_user(user=closed, actor=None)

    def seconds(email: str) -> float:
        begun = time.thread_time()  # not the clock: others use this machine too
        assert sign_in(api, email=email, password="not-the-password").status_code == 401
        return time.thread_time() - begun

    names = ("known@example.test", "unknown@example.test", "closed@example.test")
    rounds = [[seconds(name) for name in names] for _ in range(7)]
    least = [min(times) for times in zip(*rounds, strict=True)]  # what others on the machine add is not ours

    assert max(least) < 1.5 * min(least), dict(zip(names, least, strict=True))


def test_the_sixth_guess_in_a_quarter_of_an_hour_is_refused(api):
    user = UserFactory(email="asha@example.test")

    codes = [sign_in(api, email=user.email, password="wrong-but-long").status_code for _ in range(5)]
    last = sign_in(api, email="ASHA@example.test")

    assert codes == [401] * 5
    assert last.status_code == 429
    assert int(last["Retry-After"]) > 0
    assert sign_in(api, email=UserFactory().email).status_code == 200, "somebody else is not locked out"


@pytest.mark.parametrize("name", ["email", "phone"])
def test_an_unconfirmed_address_is_a_stage_before_the_tokens(settings, api, name):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    user = PatientFactory(
        user__email="asha@example.test", user__phone="+919812345678", user__email_address=False
    ).user

    answer = sign_in(api, **{name: getattr(user, name)})

    assert answer.status_code == 403
    assert answer.json()["error"]["details"] == {"verification_required": True}
    assert not Device.objects.exists()
    (letter,) = deliver_letters()
    assert letter.to == [user.email]
    assert "/accounts/confirm-email/" in letter.body


def test_the_stage_tells_nothing_to_whoever_does_not_know_the_password(settings, api):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    UserFactory(email="asha@example.test", email_address=False)

    assert sign_in(api, email="asha@example.test", password="wrong-but-long").status_code == 401


def test_signing_out_ends_access_and_refresh_at_once(api):
    user = UserFactory()
    pair = sign_in(api, email=user.email).json()["data"]
    other = sign_in(api, email=user.email).json()["data"]
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {pair['access']}"}

    assert api.post("/api/auth/signout", **bearer).status_code == 204

    assert api.get("/api/auth/me", **bearer).json()["error"]["code"] == "NOT_AUTHENTICATED"
    assert api.post("/api/auth/refresh", {"refresh": pair["refresh"]}, format="json").status_code == 401
    assert api.get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {other['access']}").status_code == 200
    assert Device.objects.get(revoked_because="signed_out").revoked_at


def test_a_visitor_has_nothing_to_sign_out_of(api):
    assert api.post("/api/auth/signout").status_code == 401
    assert api.get("/api/auth/me").status_code == 401


def test_the_page_cookie_signs_in_to_the_api_with_csrf_only(client, cast):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.stranger)

    assert strict.get("/api/auth/me").json()["data"]["id"] == str(cast.stranger.pk)
    refused = strict.patch("/api/users/preferences", {"theme": "dark"}, content_type="application/json")
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["error"]["message"]
    assert User.objects.get(pk=cast.stranger.pk).theme == "system"


def test_signing_out_with_the_page_cookie_ends_the_page_session(client, cast):
    client.force_login(cast.stranger)

    assert client.post("/api/auth/signout", content_type="application/json").status_code == 204

    assert client.get("/api/auth/me").status_code == 401
