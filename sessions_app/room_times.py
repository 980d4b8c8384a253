"""Which room a session in person could have. Pure, over the spans in which each room is taken."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sessions_app.free_time import is_free
from sessions_app.wall_clock import Span


class RoomTimes(NamedTuple):
    """A room, and when it is taken: merged spans, buffers included, epoch seconds."""

    id: UUID
    name: str
    busy: Sequence[Span]


def free_room(rooms: Iterable[RoomTimes], start: int, end: int) -> RoomTimes | None:
    """The first of them, by name, that is free for all of [start, end), which has the session's buffers in it."""
    return next((room for room in rooms if is_free(start, end, room.busy)), None)
