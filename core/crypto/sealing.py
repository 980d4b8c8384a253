"""Sealing bytes with AES-256-GCM. Pure functions, and the only place that knows the form of what is sealed.

    1 byte   version (1)
    12 bytes nonce, random
    …        ciphertext, then the tag of 16 bytes

The nonce is random: a key may seal 2**32 things before a repetition becomes worth a thought (NIST SP 800-38D), far
beyond what one person's record holds.
"""

import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.crypto.errors import SealError

KEY_BYTES = 32
VERSION = b"\x01"
NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD_BYTES = len(VERSION) + NONCE_BYTES + TAG_BYTES


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def bound_to(*parts: str) -> bytes:
    """Associated data that says what is sealed: each part with its length, so that no two lists look alike."""
    encoded = [part.encode() for part in parts]
    return b"".join(struct.pack(">I", len(part)) + part for part in encoded)


def seal(key: bytes, plain: bytes, context: bytes) -> bytes:
    """`plain` encrypted, to be opened with the same key in the same context only."""
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plain, VERSION + context)


def open_sealed(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """What was sealed. Raises SealError for a wrong key or context, and for anything that was altered."""
    if len(sealed) < OVERHEAD_BYTES or sealed[:1] != VERSION:
        raise SealError("These bytes are not something sealed here.")
    nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, VERSION + context)
    except InvalidTag:
        raise SealError("Sealed bytes do not open: another key, another place, or altered.") from None
