"""Rooms: kept by those who run the centre, and taken by sessions in person."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from accounts.models import Centre, User
from core.errors import SlotTaken
from core.facts import fact
from core.statements import Row, Statement
from sessions_app.free_time import merge_spans
from sessions_app.models import Mode, Room
from sessions_app.room_times import RoomTimes
from sessions_app.services.busy import BUSY, window
from sessions_app.services.occupancy import lock_and_read
from sessions_app.wall_clock import Span

ALL_ROOMS_TAKEN = (
    "All rooms of the centre are taken at this time. Choose another time, or another way to meet."
)

_ROOMS = f"""
SELECT room.centre_id, room.id, taken.lowers, taken.uppers
  FROM sessions_app_room room
 CROSS JOIN LATERAL (
       SELECT array_agg(lower) AS lowers, array_agg(upper) AS uppers
         FROM ({BUSY.format(resource="room.id")}) AS spans) taken
 WHERE room.is_active AND room.centre_id IN (
       SELECT centre_id FROM sessions_app_availabilityrule WHERE counselor_id = ANY(%s::uuid[])
        UNION ALL
       SELECT centre_id FROM sessions_app_availabilityexception WHERE counselor_id = ANY(%s::uuid[]) AND kind = 'extra')
 ORDER BY room.centre_id, room.name, room.id
"""  # noqa: S608 - both parts are ours
_FREE = """
SELECT id, name FROM sessions_app_room room
 WHERE is_active AND centre_id = %s AND NOT EXISTS (
       SELECT FROM sessions_app_occupancy
        WHERE resource = room.id AND is_active AND busy && tstzrange(to_timestamp(%s), to_timestamp(%s))
          AND (expires_at IS NULL OR expires_at > statement_timestamp())
          AND entry_id NOT IN (SELECT entry_id FROM sessions_app_slothold WHERE patient_id = %s AND is_live))
 ORDER BY name, id LIMIT 1
"""


class RoomTaken(NamedTuple):
    """A room that a session in person has."""

    id: UUID
    name: str


Rooms = Mapping[UUID, list[RoomTimes]]
"""By centre, its active rooms in the order of their names. A centre without any is not there."""


def rooms_statement(
    counselor_ids: Collection[UUID], start: datetime, end: datetime, for_patient: UUID | None
) -> Statement:
    """The rooms of all centres at which these counselors have hours, each read once; `rooms_from` takes its rows."""
    ids = list(counselor_ids)
    return _ROOMS, [*window(start, end), for_patient, ids, ids]


def rooms_from(rows: Collection[Row]) -> dict[UUID, list[RoomTimes]]:
    rooms: dict[UUID, list[RoomTimes]] = {}
    for centre_id, room_id, lowers, uppers in rows:
        busy = merge_spans(zip(lowers, uppers, strict=True)) if lowers else []
        rooms.setdefault(centre_id, []).append(RoomTimes(room_id, busy))
    return rooms


def claim_room(
    rooms: Rooms, centre_id: UUID, mode: str, needed: Span, *, for_patient: UUID
) -> RoomTaken | None:
    """The room for a session in person: the first by name that is free for `needed`, which has the buffers in it.

    Call it with the people's calendars locked. It locks the rooms of all of the counselor's centres, sorted, always
    after the people: whoever takes several times in one transaction then waits for nobody who waits for them. Own holds
    of the patient do not keep a room: give those back that are in the way. None for other ways to meet and for a
    centre without rooms; raises SlotTaken when all are taken.
    """
    if mode != Mode.IN_PERSON or centre_id not in rooms:
        return None
    every_room = [room.id for of_centre in rooms.values() for room in of_centre]
    (free,) = lock_and_read(every_room, (_FREE, [centre_id, *needed, for_patient]))
    if not free:
        raise SlotTaken(ALL_ROOMS_TAKEN)
    return RoomTaken(*free[0])


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
