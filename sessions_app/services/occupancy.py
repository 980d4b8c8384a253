"""Whose time is taken: taking it, giving it back, and clearing what has expired.

Order, always: lock the resources (counselor and patient, by key), clear what is dead, read, decide, write. They are
separate statements, since a statement sees the state from before its own wait; the exclusion constraint stands
behind all of it, but alone it would deadlock when many want overlapping times at once (docs/performance.md).
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from core.statements import Row, Statement, read, read_in_one_round_trip
from sessions_app.models import CalendarEntry, EntryKind, Occupancy, SlotHold

_LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"
# The entries are locked in one order before anything of them is written: two who clear the same dead hold, one for
# its counselor and one for its patient, then wait for each other in turn.
_FIND_DEAD = """
SELECT DISTINCT entry_id FROM sessions_app_occupancy
 WHERE resource = ANY(%s::uuid[]) AND is_active AND expires_at <= statement_timestamp()
"""
_CLEAR_DEAD = """
WITH dead AS MATERIALIZED (
  SELECT id FROM sessions_app_calendarentry WHERE is_active AND id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE),
occupancies AS (UPDATE sessions_app_occupancy SET is_active = false WHERE entry_id IN (SELECT id FROM dead)),
holds AS (UPDATE sessions_app_slothold SET is_live = false WHERE entry_id IN (SELECT id FROM dead) AND is_live),
entries AS (UPDATE sessions_app_calendarentry SET is_active = false WHERE id IN (SELECT id FROM dead))
SELECT id FROM dead
"""
SWEEP_BATCH = 500


def lock_and_read(resource_ids: Collection[UUID], *reads: Statement) -> list[list[Row]]:
    """Queue up for these calendars until the transaction ends, then free what has expired in them.

    The rows of `reads` come with the same round trip: they must leave out by themselves what has expired.
    """
    keys = sorted({int.from_bytes(resource.bytes[8:], "big", signed=True) for resource in resource_ids})
    _, dead, *rows = read_in_one_round_trip((_LOCK, [keys]), (_FIND_DEAD, [list(resource_ids)]), *reads)
    if dead:
        read(_CLEAR_DEAD, [[entry_id for (entry_id,) in dead]])
    return rows


def lock(*resource_ids: UUID) -> None:
    """`lock_and_read`, when nothing is to be read in the same round trip."""
    lock_and_read(resource_ids)


def new_entry(
    *,
    kind: EntryKind,
    start: datetime,
    end: datetime,
    counselor_id: UUID | None,
    patient_id: UUID,
    buffer_before: timedelta,
    buffer_after: timedelta,
    room_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> tuple[CalendarEntry, list[dict[str, Any]]]:
    """An entry and whose time it takes, the values of Occupancy, to be written with the resources locked:
    IntegrityError when one is busy then.

    Buffers keep the time of the counselor and the room, not the patient's. Without a counselor it takes none of theirs:
    overbooking.
    """
    entry = CalendarEntry(kind=kind, start=start, end=end, expires_at=expires_at, room_id=room_id)
    with_buffers = DateTimeTZRange(start - buffer_before, end + buffer_after)
    spans = {patient_id: DateTimeTZRange(start, end)}
    for resource in (counselor_id, room_id):
        if resource is not None:
            spans[resource] = with_buffers
    return entry, [
        {"entry_id": entry.pk, "resource": resource, "busy": busy, "expires_at": expires_at}
        for resource, busy in spans.items()
    ]


def keep_until(entry_id: UUID, expires_at: datetime | None, *, kind: EntryKind) -> None:
    """Move an active entry's expiry, or make it stay (None). Call it with the resources locked."""
    CalendarEntry.objects.filter(pk=entry_id).update(kind=kind, expires_at=expires_at)
    Occupancy.objects.filter(entry=entry_id).update(expires_at=expires_at)


def give_back(entry_ids: Collection[UUID]) -> None:
    """Free the time of these entries; a hold among them is over. May be called twice, and needs no lock."""
    if not entry_ids:
        return
    locked = CalendarEntry.objects.select_for_update().filter(pk__in=entry_ids).order_by("pk")
    ids = list(locked.values_list("pk", flat=True))
    CalendarEntry.objects.filter(pk__in=ids).update(is_active=False)
    Occupancy.objects.filter(entry__in=ids).update(is_active=False)
    SlotHold.objects.filter(pk__in=ids, is_live=True).update(is_live=False)


def sweep_dead(*, now: datetime) -> int:
    """Free what has expired by `now`, for tidiness: bookings clear what is in their way by themselves."""
    total = 0
    while True:
        with transaction.atomic():
            dead = list(
                CalendarEntry.objects.select_for_update(skip_locked=True)
                .filter(is_active=True, expires_at__lte=now)
                .order_by("pk")
                .values_list("pk", flat=True)[:SWEEP_BATCH]
            )
            if dead:
                give_back(dead)
        total += len(dead)
        if len(dead) < SWEEP_BATCH:
            return total
