"""Who is asking the API: the access token in the Authorization header. One query a request.

The token says who; the database says, in one indexed read of account and device, whether both still stand. The answer
is the request's user, so nothing more is read for it. (The page's cookie: core.api.authentication.)
"""

from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.base import ModelState
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.access_tokens import AccessClaims, read_access_token
from accounts.models import User
from core.errors import DomainError, NotAuthenticated, TokenExpired
from core.statements import read

SCHEME = "Bearer"
_ENDED = "This sign-in has ended. Sign in again."


class BearerAuthentication(BaseAuthentication):
    """`request.user` is the account, `request.auth` the token's AccessClaims.

    Raises TokenExpired when a refresh will help, NotAuthenticated when only signing in will.
    """

    def authenticate(self, request: Request) -> tuple[User, AccessClaims] | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != SCHEME.lower() or not token:
            raise NotAuthenticated("Send the access token as “Authorization: Bearer …”.")
        claims = read_access_token(token.strip())
        return standing_user(claims), claims

    def expected_user_id(self, request: Request) -> UUID | None:
        claims = claims_of(request)
        return claims.user_id if claims is not None else None

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="api"'


def claims_of(request: Request) -> AccessClaims | None:
    """What the request's access token says, if it has one of ours: not whether its account still stands."""
    scheme, _, token = request._request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != SCHEME.lower() or not token:
        return None
    try:
        return read_access_token(token.strip())
    except DomainError:
        return None


def standing_user(claims: AccessClaims) -> User:
    """The account of a token, when account and device still stand. One query."""
    rows = read(_sql(), [claims.device_id, claims.user_id])
    if not rows:
        raise NotAuthenticated(_ENDED)
    *values, is_revoked, device_version = rows[0]
    user = _user(values)
    if is_revoked or not user.is_active or device_version != user.security_version:
        raise NotAuthenticated(_ENDED)
    if claims.security_version != user.security_version:
        raise TokenExpired()
    return user


def _user(values: list[Any]) -> User:
    """What `User.from_db` makes of a row, without its search for what was not loaded."""
    user = User.__new__(User)
    user._state = ModelState()
    user._state.adding, user._state.db = False, DEFAULT_DB_ALIAS
    user.__dict__.update(zip(_loaded_names(), values, strict=True))
    return user


@cache
def _loaded_fields() -> list[models.Field]:
    """Everything of the account but the hash of its password."""
    return [field for field in User._meta.concrete_fields if field.attname != "password"]


@cache
def _loaded_names() -> list[str]:
    return [field.attname for field in _loaded_fields()]


@cache
def _sql() -> str:
    columns = ", ".join(f'u."{field.column}"' for field in _loaded_fields())
    return (
        f"SELECT {columns}, d.revoked_at IS NOT NULL OR d.expires_at <= now(), d.security_version "  # noqa: S608
        "FROM accounts_device d JOIN accounts_user u ON u.id = d.user_id WHERE d.id = %s AND d.user_id = %s"
    )
