"""Data keys: one a person, kept wrapped in the table `DataKey`.

Unwrapped keys stay in this process for CACHE_SECONDS, so that a request and the ones after it read the row once.
A key destroyed by another process therefore opens text here for that long.
"""

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection, transaction

from core.crypto.environment import EnvironmentKey, live_keys
from core.crypto.errors import DataKeyMissingError, EnvironmentKeyMissingError
from core.crypto.sealing import bound_to, new_key, open_sealed, seal
from core.models import DataKey

CACHE_SECONDS = 60.0
CACHE_SIZE = 1024
REWRAP_BATCH = 500


def key_of(owner_id: uuid.UUID) -> bytes:
    """The owner's data key, for opening. Raises DataKeyMissingError, EnvironmentKeyMissingError or SealError."""
    return _cache.get(owner_id) or _load(owner_id)


def key_for_sealing(owner_id: uuid.UUID) -> bytes:
    """The owner's data key, made now if there is none yet. Two who make it at once end up with one."""
    try:
        return key_of(owner_id)
    except DataKeyMissingError:
        return _create(owner_id)


def warm(owner_ids: Iterable[uuid.UUID]) -> None:
    """Fetch many owners' keys in one query, before a list of their text is opened. Missing ones are left missing."""
    unknown = [owner_id for owner_id in set(owner_ids) if _cache.get(owner_id) is None]
    for row in DataKey.objects.filter(pk__in=unknown):
        _remember(row.pk, _unwrap(row))


def destroy(owner_id: uuid.UUID) -> bool:
    """Erase: what the owner's key sealed never opens again, here at once, elsewhere within CACHE_SECONDS.

    Part of the caller's transaction. Returns whether there was a key.
    """
    deleted, _ = DataKey.objects.filter(pk=owner_id).delete()
    _cache.forget(owner_id)
    transaction.on_commit(lambda: _cache.forget(owner_id))
    return bool(deleted)


def rewrap_all() -> int:
    """Wrap every data key that another environment key wrapped with the first one; returns how many.

    Sealed text is not touched. May run beside everything else and be cut off: it goes on where it was.
    Raises EnvironmentKeyMissingError at a key that no live key opens.
    """
    total = 0
    while count := _rewrap_some(live_keys()[0]):
        total += count
    return total


@transaction.atomic
def _rewrap_some(wrapping: EnvironmentKey) -> int:
    rows = list(DataKey.objects.select_for_update().exclude(wrapping_key_id=wrapping.id)[:REWRAP_BATCH])
    for row in rows:
        row.wrapped_key = _wrap(wrapping, row.pk, _unwrap(row))
        row.wrapping_key_id = wrapping.id
    DataKey.objects.bulk_update(rows, ["wrapped_key", "wrapping_key_id"])
    return len(rows)


def _create(owner_id: uuid.UUID) -> bytes:
    wrapping = live_keys()[0]
    row = DataKey(
        owner_id=owner_id, wrapped_key=_wrap(wrapping, owner_id, new_key()), wrapping_key_id=wrapping.id
    )
    _uncommitted().add(owner_id)
    DataKey.objects.bulk_create([row], ignore_conflicts=True)
    return _load(owner_id)


def _load(owner_id: uuid.UUID) -> bytes:
    row = DataKey.objects.filter(pk=owner_id).first()
    if row is None:
        raise DataKeyMissingError(f"There is no data key of {owner_id}.")
    key = _unwrap(row)
    _remember(owner_id, key)
    return key


def _wrap(wrapping: EnvironmentKey, owner_id: uuid.UUID, key: bytes) -> bytes:
    return seal(wrapping.secret, key, bound_to("data key", str(owner_id), wrapping.id))


def _unwrap(row: DataKey) -> bytes:
    for candidate in live_keys():
        if candidate.id == row.wrapping_key_id:
            context = bound_to("data key", str(row.pk), candidate.id)
            return open_sealed(candidate.secret, bytes(row.wrapped_key), context)
    raise EnvironmentKeyMissingError(f"DATA_KEYS has no key “{row.wrapping_key_id}”, which wraps {row.pk}'s.")


def _remember(owner_id: uuid.UUID, key: bytes) -> None:
    """Unless this very transaction made the key: rolled back, it must not go on sealing what nobody could open."""
    if owner_id not in _uncommitted():
        _cache.put(owner_id, key)


def _uncommitted() -> set[uuid.UUID]:
    """Owners whose key the current transaction of this connection may have made. Empty outside of one."""
    made: set[uuid.UUID] = connection.__dict__.setdefault("data_keys_made_in_transaction", set())
    if not connection.in_atomic_block:
        made.clear()
    return made


@dataclass
class _Cache:
    """Least recently used, shared by the threads of a process."""

    _entries: OrderedDict[uuid.UUID, tuple[float, bytes]] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def get(self, owner_id: uuid.UUID) -> bytes | None:
        with self._lock:
            expires, key = self._entries.get(owner_id, (0.0, b""))
            if expires < time.monotonic():
                self._entries.pop(owner_id, None)
                return None
            self._entries.move_to_end(owner_id)
            return key

    def put(self, owner_id: uuid.UUID, key: bytes) -> None:
        with self._lock:
            self._entries[owner_id] = (time.monotonic() + CACHE_SECONDS, key)
            self._entries.move_to_end(owner_id)
            while len(self._entries) > CACHE_SIZE:
                self._entries.popitem(last=False)

    def forget(self, owner_id: uuid.UUID) -> None:
        with self._lock:
            self._entries.pop(owner_id, None)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


_cache = _Cache()
forget_all = _cache.clear
"""Drop every unwrapped key that this process holds."""
