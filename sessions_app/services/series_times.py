"""Where the sessions of a series go when it moves: the new time of the first of them, and the others in the rhythm."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from core.errors import ValidationFailed
from sessions_app.models import AvailabilityRule, Session, SessionSeries
from sessions_app.occurrences import Occurrence, occurrences
from sessions_app.wall_clock import local_day


@dataclass(frozen=True, slots=True)
class NewTime:
    """Where sessions of a series go; None leaves it as it is.

    Either `start`, an instant, of the first of them, or its `weekday` (Monday 0) in the same week and its `clock`, on
    the wall of the series. The others follow from it in the rhythm. `room_id`: the room to meet in, for staff to say.
    """

    start: datetime | None = None
    weekday: int | None = None
    clock: time | None = None
    mode: str | None = None
    room_id: UUID | None = None


def number_of(session: Session) -> int:
    return session.series_number or 0


def first_start(first: Session, to: NewTime, zone: str) -> datetime:
    if to.start is not None:
        return to.start
    if to.weekday is None and to.clock is None:
        return first.start
    local = first.start.astimezone(ZoneInfo(zone))
    day = local.date() + timedelta(
        days=(local.weekday() if to.weekday is None else to.weekday) - local.weekday()
    )
    clock = to.clock or local.time()
    instant = local_day(zone, day).instant(60 * clock.hour + clock.minute)
    if instant is None:
        raise ValidationFailed(details={"time": ["The clocks jump over this time on that day."]})
    return datetime.fromtimestamp(instant, UTC)


def zone_of_hours(series: SessionSeries, start: datetime) -> str:
    """Of the weekly hours in which it lies: the zone of the series where it is one of theirs, or else the first."""
    zones = []
    for rule in AvailabilityRule.objects.filter(counselor=series.counselor_id).order_by("timezone"):
        local = start.astimezone(ZoneInfo(rule.timezone))
        ends = rule.end if rule.end != time(0) else time.max
        if rule.weekday == local.weekday() and rule.start <= local.time() < ends:
            zones.append(rule.timezone)
    return series.timezone if not zones or series.timezone in zones else zones[0]


def new_times(
    sessions: list[Session], start: datetime, zone: str, rhythm: str
) -> list[tuple[Occurrence, Session]]:
    """When each would be: as far apart in the rhythm as they were, also where one in between was left out."""
    first = number_of(sessions[0])
    found = occurrences(start, zone=zone, rhythm=rhythm, count=number_of(sessions[-1]) - first + 1)
    return [(replace(found[number_of(each) - first], number=number_of(each)), each) for each in sessions]
