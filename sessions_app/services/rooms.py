"""Rooms: kept by those who run the centre, and taken by sessions in person."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Centre, User
from core.errors import SlotTaken
from core.facts import fact
from core.statements import Row, Statement
from sessions_app.free_time import merge_spans
from sessions_app.models import Mode, Room
from sessions_app.room_times import RoomTimes, free_room
from sessions_app.services.busy import BUSY, window
from sessions_app.services.occupancy import lock_and_read
from sessions_app.wall_clock import Span

ALL_ROOMS_TAKEN = (
    "All rooms of the centre are taken at this time. Choose another time, or another way to meet."
)

_ROOMS = f"""
SELECT room.centre_id, room.id, room.name, taken.lowers, taken.uppers
  FROM sessions_app_room room
 CROSS JOIN LATERAL (
       SELECT array_agg(lower) AS lowers, array_agg(upper) AS uppers
         FROM ({BUSY.format(resource="room.id")}) AS spans) taken
 WHERE room.is_active AND room.centre_id {{which}}
 ORDER BY room.centre_id, room.name, room.id
"""  # noqa: S608 - both parts are ours
_WHERE_THEY_WORK = """IN (
       SELECT centre_id FROM sessions_app_availabilityrule WHERE counselor_id = ANY(%s::uuid[])
        UNION ALL
       SELECT centre_id FROM sessions_app_availabilityexception
        WHERE counselor_id = ANY(%s::uuid[]) AND kind = 'extra')"""
_ROOMS_OF_COUNSELORS = _ROOMS.format(which=_WHERE_THEY_WORK)
_ROOMS_OF_CENTRE = _ROOMS.format(which="= %s")

Rooms = Mapping[UUID, list[RoomTimes]]
"""By centre, its active rooms in the order of their names. A centre without any is not there."""


def rooms_statement(
    counselor_ids: Collection[UUID], start: datetime, end: datetime, for_patient: UUID | None
) -> Statement:
    """The rooms of all centres at which these counselors have hours, each read once; `rooms_from` takes its rows."""
    ids = list(counselor_ids)
    return _ROOMS_OF_COUNSELORS, [*window(start, end), for_patient, ids, ids]


def centre_rooms_statement(
    centre_id: UUID, start: datetime, end: datetime, for_patient: UUID | None
) -> Statement:
    """The same of one centre, whoever works there."""
    return _ROOMS_OF_CENTRE, [*window(start, end), for_patient, centre_id]


def rooms_from(rows: Collection[Row]) -> dict[UUID, list[RoomTimes]]:
    rooms: dict[UUID, list[RoomTimes]] = {}
    for centre_id, room_id, name, lowers, uppers in rows:
        busy = merge_spans(zip(lowers, uppers, strict=True)) if lowers else []
        rooms.setdefault(centre_id, []).append(RoomTimes(room_id, name, busy))
    return rooms


def locked_rooms(rooms: Rooms, read_again: Statement) -> Rooms:
    """The rooms as they are when nobody else takes one any more: locked, cleared, and read by `rooms_statement`.

    Call it with the people's calendars locked. The rooms of all of the counselor's centres are locked, sorted, always
    after the people: whoever takes several times in one transaction then waits for nobody who waits for them.
    """
    every_room = [room.id for of_centre in rooms.values() for room in of_centre]
    if not every_room:
        return rooms
    (rows,) = lock_and_read(every_room, read_again)
    return rooms_from(rows)


def claim_room(
    rooms: Rooms, centre_id: UUID, mode: str, needed: Span, *, read_again: Statement
) -> RoomTimes | None:
    """The room for a session in person, locked: the first by name that is free for `needed`, buffers included.

    Own holds of the patient do not keep a room: give those back that are in the way. None for other ways to meet and
    for a centre without rooms; raises SlotTaken when all are taken.
    """
    if mode != Mode.IN_PERSON or centre_id not in rooms:
        return None
    room = free_room(locked_rooms(rooms, read_again).get(centre_id, ()), *needed)
    if room is None:
        raise SlotTaken(ALL_ROOMS_TAKEN)
    return room


def add_room(*, centre: Centre, name: str, actor: User) -> Room:
    """From now on the centre's sessions in person need a room. Raises Django's ValidationError, by field."""
    room = Room(centre=centre, name=name.strip())
    room.full_clean()
    with fact(actor=actor) as current:
        room.save(force_insert=True)
        current.audit("room.added", room, centre_id=centre.pk)
    return room


def change_room(*, room: Room, values: Mapping[str, Any], actor: User) -> Room:
    """Another name, or no more new sessions in it (`is_active`); those that are booked keep it.

    Raises Django's ValidationError, by field.
    """
    for name in ("name", "is_active"):
        if name in values:
            setattr(room, name, values[name])
    room.full_clean()
    with fact(actor=actor) as current:
        room.save(update_fields=["name", "is_active"])
        current.audit("room.changed", room, centre_id=room.centre_id)
    return room
