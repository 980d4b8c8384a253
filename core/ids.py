"""Identifiers. Every primary key is a UUIDv7 made here, so it is known before the insert and sorts by time."""

import uuid

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> uuid.UUID:
    """A new time-ordered identifier (RFC 9562, version 7). PostgreSQL 15 has no such function, so Python makes it."""
    return _uuid7()
