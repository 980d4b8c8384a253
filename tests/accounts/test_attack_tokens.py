"""Access tokens that nobody gave out, or that were taken back: none gets in."""

import base64
import json
import time
import uuid
from datetime import timedelta

import jwt
import pytest
from django.utils import timezone

from accounts import access_tokens
from accounts.access_tokens import make_access_token
from accounts.models import Device, User
from accounts.roles import Role
from accounts.services.security import (
    activate_user,
    change_password,
    deactivate_user,
    set_role,
    sign_out_everywhere,
)
from accounts.services.tokens import Client, open_device
from tests.factories import DeviceFactory, PatientFactory, UserFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:The HMAC key is"),
]


@pytest.fixture
def user():
    return PatientFactory().user


@pytest.fixture
def pair(user):
    return open_device(user=user, client=Client(user_agent="tests", ip=None))


def me(api, token: str):
    return api.get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {token}")


def claims_of(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def signed(
    claims: dict, *, key: bytes | str | None = None, algorithm: str = "HS256", headers: dict | None = None
) -> str:
    return jwt.encode(
        claims, access_tokens._keys()[0] if key is None else key, algorithm=algorithm, headers=headers
    )


def raw(header: dict, payload: dict, signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_the_right_token_gets_in(api, pair, user):
    assert me(api, pair.access).json()["data"]["id"] == str(user.pk)


FORGERIES = {
    "alg none": lambda claims, user: raw({"alg": "none", "typ": "JWT"}, claims),
    "alg None": lambda claims, user: raw({"alg": "None", "typ": "JWT"}, claims),
    "alg missing": lambda claims, user: raw({"typ": "JWT"}, claims),
    "alg list": lambda claims, user: raw({"alg": ["HS256"]}, claims),
    "empty signature": lambda claims, user: raw({"alg": "HS256", "typ": "JWT"}, claims),
    "garbage signature": lambda claims, user: raw({"alg": "HS256"}, claims, b"x" * 32),
    "HS512": lambda claims, user: signed(claims, algorithm="HS512"),
    "HS384": lambda claims, user: signed(claims, algorithm="HS384"),
    "other key": lambda claims, user: signed(claims, key=b"k" * 32),
    "the secret itself as key": lambda claims, user: signed(claims, key="for-tests-only-" + "x" * 40),
    "kid path": lambda claims, user: signed(claims, key=b"\0" * 32, headers={"kid": "../../../../dev/null"}),
    "kid sql": lambda claims, user: signed(claims, key=b"x" * 32, headers={"kid": "' UNION SELECT 'x"}),
    "jwk header": lambda claims, user: signed(
        claims, key=b"k" * 32, headers={"jwk": {"kty": "oct", "k": "a2s"}}
    ),
    "jku header": lambda claims, user: signed(
        claims, key=b"k" * 32, headers={"jku": "https://evil.test/keys"}
    ),
    "type refresh": lambda claims, user: signed(claims | {"token_type": "refresh"}),
    "type missing": lambda claims, user: signed({k: v for k, v in claims.items() if k != "token_type"}),
    "type list": lambda claims, user: signed(claims | {"token_type": ["access"]}),
    "issuer other": lambda claims, user: signed(claims | {"iss": "elsewhere"}),
    "issuer missing": lambda claims, user: signed({k: v for k, v in claims.items() if k != "iss"}),
    "audience other": lambda claims, user: signed(claims | {"aud": "elsewhere"}),
    "audience missing": lambda claims, user: signed({k: v for k, v in claims.items() if k != "aud"}),
    "no expiry": lambda claims, user: signed({k: v for k, v in claims.items() if k != "exp"}),
    "expiry as text": lambda claims, user: signed(claims | {"exp": "never"}),
    "not yet": lambda claims, user: signed(claims | {"nbf": int(time.time()) + 600}),
    "made tomorrow": lambda claims, user: signed(claims | {"iat": int(time.time()) + 86400}),
    "no subject": lambda claims, user: signed({k: v for k, v in claims.items() if k != "sub"}),
    "subject number": lambda claims, user: signed(claims | {"sub": 1}),
    "subject no uuid": lambda claims, user: signed(claims | {"sub": "admin"}),
    "unknown subject": lambda claims, user: signed(claims | {"sub": str(uuid.uuid4())}),
    "somebody else's device": lambda claims, user: signed(claims | {"device": str(DeviceFactory().pk)}),
    "somebody else's account": lambda claims, user: signed(claims | {"sub": str(UserFactory().pk)}),
    "device missing": lambda claims, user: signed({k: v for k, v in claims.items() if k != "device"}),
    "device no uuid": lambda claims, user: signed(claims | {"device": "*"}),
    "device unknown": lambda claims, user: signed(claims | {"device": str(uuid.uuid4())}),
    "version missing": lambda claims, user: signed(
        {k: v for k, v in claims.items() if k != "security_version"}
    ),
    "version as text": lambda claims, user: signed(claims | {"security_version": "one"}),
    "version ahead": lambda claims, user: signed(claims | {"security_version": 2}),
    "payload changed": lambda claims, user: _with_payload(
        signed(claims), claims | {"sub": str(UserFactory().pk)}
    ),
    "payload no object": lambda claims, user: raw({"alg": "HS256"}, ["a", "list"]),
    "four parts": lambda claims, user: signed(claims) + ".x",
    "two parts": lambda claims, user: signed(claims).rpartition(".")[0],
    "header of a later part": lambda claims, user: "." + signed(claims),
    "empty": lambda claims, user: "..",
    "rubbish": lambda claims, user: "rubbish",
    "far too long": lambda claims, user: signed(claims | {"x": "x" * 5000}),
    "not ascii": lambda claims, user: "ünïcödé.ünïcödé.ünïcödé",
    "encrypted header": lambda claims, user: raw({"alg": "dir", "enc": "A256GCM"}, claims, b"x" * 16),
    "unencoded payload": lambda claims, user: signed(claims, headers={"b64": False, "crit": ["b64"]}),
}


def _with_payload(token: str, claims: dict) -> str:
    header, _, signature = token.split(".")
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{header}.{payload}.{signature}"


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_is_refused(api, pair, user, name):
    forged = FORGERIES[name](claims_of(pair.access), user)

    answer = me(api, forged)

    assert answer.status_code == 401, name
    assert answer.json()["error"]["code"] in ("NOT_AUTHENTICATED", "TOKEN_EXPIRED")
    assert str(user.pk) not in answer.content.decode()
    assert me(api, pair.access).status_code == 200, "the right one is still good"


def test_a_refresh_token_is_no_access_token(api, pair):
    assert me(api, pair.refresh).json()["error"]["code"] == "NOT_AUTHENTICATED"


def test_an_access_token_is_no_refresh_token(api, pair):
    answer = api.post("/api/auth/refresh", {"refresh": pair.access[:100]}, format="json")

    assert answer.json()["error"]["code"] == "NOT_AUTHENTICATED"


def test_an_expired_token_says_that_a_refresh_will_help(api, pair, time_machine):
    assert me(api, pair.access).status_code == 200  # so that it is remembered

    time_machine.move_to(timezone.now() + timedelta(minutes=15, seconds=1), tick=True)

    answer = me(api, pair.access)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "TOKEN_EXPIRED")
    fresh = signed(claims_of(pair.access) | {"exp": int(time.time()) - 1})
    assert me(api, fresh).json()["error"]["code"] == "TOKEN_EXPIRED"


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer", "Bearer ", "Token abc", "Bearer a b", "bearer\tx"]
)
def test_another_kind_of_authorization_is_refused(api, header):
    assert api.get("/api/auth/me", HTTP_AUTHORIZATION=header).status_code == 401


def test_a_token_in_the_address_or_the_body_is_no_token(api, pair):
    assert api.get(f"/api/auth/me?access={pair.access}").status_code in (400, 401)
    assert api.get("/api/auth/me", HTTP_X_ACCESS_TOKEN=pair.access).status_code == 401


ENDINGS = {
    "account closed": lambda user: deactivate_user(user=user, actor=None),
    "password changed": lambda user: change_password(user=user, password="another-long-secret", actor=user),
    "role changed": lambda user: set_role(user=user, role=Role.FRONT_DESK, actor=None),
    "signed out everywhere": lambda user: sign_out_everywhere(user=user, actor=user),
    "device revoked": lambda user: Device.objects.filter(user=user).update(
        revoked_at=timezone.now(), revoked_because="signed_out"
    ),
    "device over": lambda user: Device.objects.filter(user=user).update(
        expires_at=timezone.now() - timedelta(hours=1)
    ),
    "account gone": lambda user: User.objects.filter(pk=user.pk).delete(),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_ends_a_sign_in_is_felt_on_the_next_request(api, pair, user, name):
    assert me(api, pair.access).status_code == 200

    ENDINGS[name](user)

    assert me(api, pair.access).json()["error"]["code"] == "NOT_AUTHENTICATED"
    assert api.post("/api/auth/refresh", {"refresh": pair.refresh}, format="json").status_code == 401


def test_opening_an_account_again_does_not_open_its_old_tokens(api, pair, user):
    deactivate_user(user=user, actor=None)
    activate_user(user=user, actor=None)

    assert me(api, pair.access).status_code == 401
    assert api.post("/api/auth/refresh", {"refresh": pair.refresh}, format="json").status_code == 401


def test_a_secret_that_is_being_retired_still_reads_but_does_not_write(api, pair, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]

    assert me(api, pair.access).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    access_tokens._remembered.clear()
    assert me(api, pair.access).status_code == 401


def test_signing_a_request_in_costs_one_query(api, pair, django_assert_num_queries):
    with django_assert_num_queries(2) as queries:  # the check, and the centres that /auth/me shows
        me(api, pair.access)

    assert "accounts_device" in queries.captured_queries[0]["sql"]


def test_the_memory_of_checked_tokens_is_bounded(monkeypatch, user):
    monkeypatch.setattr(access_tokens, "MAX_REMEMBERED", 3)

    for _ in range(10):
        access_tokens.read_access_token(
            make_access_token(user_id=user.pk, device_id=uuid.uuid4(), security_version=1, role=user.role)
        )

    assert len(access_tokens._remembered) <= 3
