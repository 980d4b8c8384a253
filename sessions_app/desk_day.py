"""The day of one centre: its counselors and its rooms beside each other, hour by hour. Reading only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import Centre, CounselorProfile
from core.statements import read_in_one_round_trip
from sessions_app.models import SessionStatus
from sessions_app.room_times import RoomTimes
from sessions_app.services.calendars import CounselorCalendar, calendars_from, calendars_statement
from sessions_app.services.rooms import centre_rooms_statement, rooms_from
from sessions_app.services.slots import Wish, slots_of
from sessions_app.session_rows import SessionRow
from sessions_app.wall_clock import Span

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Item:
    """What takes time in a lane: "session" (then `session` is it), "away", or "kept": a hold, an offer or a block."""

    kind: str
    start: datetime
    end: datetime
    session: SessionRow | None = None
    continues: bool = False
    """It began in an hour above."""


@dataclass(slots=True)
class Cell:
    """One lane in one hour. `free` are the starts that can be booked."""

    lane: "Lane"
    items: list[Item] = field(default_factory=list)
    free: list[datetime] = field(default_factory=list)


@dataclass(slots=True)
class Lane:
    """A counselor, or a room (`is_room`)."""

    id: UUID
    name: str
    is_room: bool = False
    items: list[Item] = field(default_factory=list)
    free: list[datetime] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Hour:
    start: datetime
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class DeskDay:
    lanes: list[Lane]
    hours: list[Hour]
    """From the first in which there is anything to the last, on the reader's clock."""
    idle: list[str]
    """The counselors of the centre who have nothing there on this day, neither sessions nor free times."""


def read_desk_day(
    centre: Centre, rows: Iterable[SessionRow], *, start: datetime, end: datetime, now: datetime
) -> DeskDay:
    """The day [start, end) at `centre`, of which `rows` are the sessions. Three statements, whatever there is in it.

    Free times are those of each counselor's first session type.
    """
    taken = [row for row in rows if row.status != SessionStatus.CANCELLED]
    names = {row.counselor_id: row.counselor_name for row in taken}
    listed = CounselorProfile.objects.listed().filter(user__staff_centres__centre=centre)
    ids = {*names, *listed.values_list("pk", flat=True)}
    calendar_rows, room_rows = read_in_one_round_trip(
        calendars_statement(list(ids), start, end, None),
        centre_rooms_statement(centre.pk, start, end, None),
    )
    calendars = calendars_from(calendar_rows, room_rows)
    lanes = [
        _counselor_lane(lane_id, names, calendars.get(lane_id), taken, centre, (start, end), now)
        for lane_id in ids
    ]
    lanes.sort(key=lambda lane: (lane.name, lane.id))
    busy = [lane for lane in lanes if lane.free or any(item.session for item in lane.items)]
    rooms = rooms_from(room_rows).get(centre.pk, [])
    shown = busy + [_room_lane(room, taken, (start, end)) for room in rooms]
    return DeskDay(shown, list(_hours(shown)), [lane.name for lane in lanes if lane not in busy])


def _counselor_lane(
    lane_id: UUID,
    names: dict[UUID, str],
    calendar: CounselorCalendar | None,
    taken: list[SessionRow],
    centre: Centre,
    day: tuple[datetime, datetime],
    now: datetime,
) -> Lane:
    lane = Lane(lane_id, calendar.display_name if calendar else names[lane_id])
    lane.items = [Item("session", row.start, row.end, row) for row in taken if row.counselor_id == lane_id]
    if calendar is not None:
        wish = Wish(centre_id=centre.pk)
        lane.free = [slot.start for slot in slots_of(calendar, wish=wish, start=day[0], end=day[1], now=now)]
        lane.items += _clipped("away", calendar.blocks.away, day)
        lane.items += _kept(lane.items, calendar.blocks.busy, day)
    return lane


def _room_lane(room: RoomTimes, taken: list[SessionRow], day: tuple[datetime, datetime]) -> Lane:
    sessions = [Item("session", row.start, row.end, row) for row in taken if row.room_id == room.id]
    return Lane(room.id, room.name, is_room=True, items=[*sessions, *_kept(sessions, room.busy, day)])


def _kept(items: list[Item], busy: Iterable[Span], day: tuple[datetime, datetime]) -> list[Item]:
    """Busy with nothing of `items` in it. What a session takes is wider than itself, by its buffers."""
    return [
        kept
        for kept in _clipped("kept", busy, day)
        if not any(kept.start < one.end and one.start < kept.end for one in items)
    ]


def _clipped(kind: str, spans: Iterable[Span], day: tuple[datetime, datetime]) -> Iterator[Item]:
    for first, last in spans:
        start, end = max(_instant(first), day[0]), min(_instant(last), day[1])
        if start < end:
            yield Item(kind, start, end)


def _hours(lanes: list[Lane]) -> Iterator[Hour]:
    """The hours of the day in which somebody works: time away alone is no reason to show one."""
    working = [item for lane in lanes for item in lane.items if item.kind != "away"]
    starts = [item.start for item in working] + [start for lane in lanes for start in lane.free]
    if not starts:
        return
    last = max([item.end for item in working] + [start + timedelta(minutes=1) for start in starts])
    hour = timezone.localtime(min(starts)).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    while hour < last:
        yield Hour(hour, [_cell(lane, hour, is_first=hour <= min(starts)) for lane in lanes])
        hour += HOUR


def _cell(lane: Lane, hour: datetime, *, is_first: bool) -> Cell:
    """`is_first`: what began before the first hour is shown in it as if it began there."""

    def is_here(item: Item) -> bool:
        return item.start < hour + HOUR and item.end > hour

    items = [
        Item(item.kind, item.start, item.end, item.session, continues=item.start < hour and not is_first)
        for item in sorted(filter(is_here, lane.items), key=_start)
    ]
    return Cell(lane, items, [start for start in lane.free if hour <= start < hour + HOUR])


def _start(item: Item) -> datetime:
    return item.start


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
