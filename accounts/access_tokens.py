"""Access tokens: short-lived, signed, and read on every request.

A token names the account, the device that it was given to and the account's security_version at that time. It proves
only that we made it: whether account and device still stand is asked of the database each time
(accounts/authentication.py), so that signing out and deactivation are felt at once.
"""

import hashlib
import time
import uuid
from dataclasses import dataclass

import jwt
from django.conf import settings

from core.errors import NotAuthenticated, TokenExpired

ALGORITHM = "HS256"
TOKEN_TYPE = "access"  # noqa: S105 - the name of a kind of token
ISSUER = AUDIENCE = "mentalspace"
REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
MAX_LENGTH = 1024
MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class AccessClaims:
    user_id: uuid.UUID
    device_id: uuid.UUID
    security_version: int
    expires_at: int
    role: str = ""
    """Of the account at that security_version, which a new role raises; none in what older releases gave out."""


def make_access_token(*, user_id: uuid.UUID, device_id: uuid.UUID, security_version: int, role: str) -> str:
    """Only services/tokens.py calls this: one mint for every way in."""
    now = int(time.time())
    claims = {
        "token_type": TOKEN_TYPE,
        "sub": str(user_id),
        "device": str(device_id),
        "security_version": security_version,
        "role": role,
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + settings.ACCESS_TOKEN_SECONDS,
    }
    return jwt.encode(claims, _keys()[0], algorithm=ALGORITHM)


def read_access_token(token: str) -> AccessClaims:
    """What a token that we signed says. Raises TokenExpired, or NotAuthenticated for anything else that is wrong.

    A signature is worked out once: what was found good is remembered by the token's hash until it expires.
    """
    if len(token) > MAX_LENGTH:
        raise NotAuthenticated(_NOT_OURS)
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
    claims = _remembered.get(digest)
    if claims is None:
        claims = _verify(token)
        _remember(digest, claims)
    elif claims.expires_at <= time.time():
        _remembered.pop(digest, None)
        raise TokenExpired()
    return claims


_NOT_OURS = "This access token is not valid. Sign in again."
_remembered: dict[bytes, AccessClaims] = {}


def _remember(digest: bytes, claims: AccessClaims) -> None:
    if len(_remembered) >= MAX_REMEMBERED:
        _remembered.clear()
    _remembered[digest] = claims


def _verify(token: str) -> AccessClaims:
    error: Exception | None = None
    for key in _keys():
        try:
            payload = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": REQUIRED},
            )
            return _claims_of(payload)
        except jwt.ExpiredSignatureError:
            raise TokenExpired() from None
        except (jwt.InvalidTokenError, ValueError, TypeError, KeyError) as failure:
            error = failure
    raise NotAuthenticated(_NOT_OURS) from error


def _claims_of(payload: dict[str, object]) -> AccessClaims:
    if payload.get("token_type") != TOKEN_TYPE:
        raise ValueError("another kind of token")
    return AccessClaims(
        user_id=uuid.UUID(str(payload["sub"])),
        device_id=uuid.UUID(str(payload["device"])),
        security_version=int(str(payload["security_version"])),
        expires_at=int(str(payload["exp"])),
        role=str(payload.get("role", "")),
    )


def _keys() -> list[bytes]:
    """The signing key first, then those of the secrets that are being retired."""
    return [
        hashlib.sha256(b"accounts.access_tokens:" + secret.encode()).digest()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
