"""The environment's keys, which wrap the data keys. Read from settings.DATA_KEYS, no models needed.

DATA_KEYS is a list of `id:key`, the key 32 bytes in URL-safe base64. The first wraps what is new; the others only
open what they wrapped before, until `keys.rewrap_all` has moved it to the first.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from core.crypto.sealing import KEY_BYTES

DEVELOPMENT_KEY_ID = "development"
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class EnvironmentKey:
    id: str
    secret: bytes = field(repr=False)


def live_keys() -> tuple[EnvironmentKey, ...]:
    """All live keys, the wrapping one first. Raises ImproperlyConfigured when there is none or one is malformed."""
    return parse(tuple(settings.DATA_KEYS))


@lru_cache(maxsize=8)
def parse(entries: tuple[str, ...]) -> tuple[EnvironmentKey, ...]:
    """Never says the key itself in an error: it would end up in a log."""
    if not entries:
        raise ImproperlyConfigured("DATA_KEYS is empty: nothing can be encrypted. See .env.example.")
    keys = tuple(_parse_one(number, entry) for number, entry in enumerate(entries, start=1))
    if len({key.id for key in keys}) != len(keys):
        raise ImproperlyConfigured("Two keys of DATA_KEYS have the same id.")
    return keys


def _parse_one(number: int, entry: str) -> EnvironmentKey:
    key_id, _, encoded = entry.strip().partition(":")
    if not _KEY_ID.fullmatch(key_id):
        raise ImproperlyConfigured(
            f"Key {number} of DATA_KEYS must look like id:key, the id letters and digits."
        )
    try:
        secret = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise ImproperlyConfigured(
            f"Key “{key_id}” of DATA_KEYS must be {KEY_BYTES} bytes in URL-safe base64."
        )
    return EnvironmentKey(key_id, secret)


def development_keys(secret: str) -> Sequence[str]:
    """DATA_KEYS for a checkout in which nobody set any, derived from its SECRET_KEY. Never for production."""
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"mentalspace data keys")
    encoded = base64.urlsafe_b64encode(derived.derive(secret.encode()))
    return [f"{DEVELOPMENT_KEY_ID}:{encoded.decode()}"]
