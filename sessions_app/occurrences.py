"""When something that repeats takes place: a rhythm on the wall becomes instants. Pure functions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count as count_up
from itertools import islice
from zoneinfo import ZoneInfo

from sessions_app.models.series import Rhythm
from sessions_app.wall_clock import local_day

_STEP = {Rhythm.WEEKLY: timedelta(days=7), Rhythm.FORTNIGHTLY: timedelta(days=14)}
LONGEST_STEP = timedelta(days=35)
"""From one to the next, monthly: from the first Tuesday to the first Tuesday."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`number` counts from 1; `start` is aware, UTC. Where the clocks jump over it, it does not exist."""

    number: int
    start: datetime
    exists: bool


def occurrences(
    first_start: datetime, *, zone: str, rhythm: str, count: int | None = None, until: date | None = None
) -> list[Occurrence]:
    """The first `count` of them, or those up to and with the day `until` on the wall in `zone`.

    The same time on the wall each time: 09:00 stays 09:00 when the clocks change. A time that comes twice is taken
    once, the first time.
    """
    local = first_start.astimezone(ZoneInfo(zone))
    minute = 60 * local.hour + local.minute
    days = islice(_days(local.date(), Rhythm(rhythm)), count)
    found = []
    for number, day in enumerate(days, start=1):
        if until is not None and day > until:
            break
        epoch = local_day(zone, day).instant(minute)
        nominal = datetime.combine(day, local.time().replace(fold=0), ZoneInfo(zone)).astimezone(UTC)
        start = nominal if epoch is None else datetime.fromtimestamp(epoch, UTC)
        found.append(Occurrence(number, first_start if number == 1 else start, epoch is not None))
    return found


def _days(first: date, rhythm: Rhythm) -> Iterator[date]:
    if rhythm is not Rhythm.MONTHLY:
        return (first + number * _STEP[rhythm] for number in count_up())
    which = (first.day - 1) // 7
    return (_weekday_of_month(first, months, which) for months in count_up())


def _weekday_of_month(first: date, months: int, which: int) -> date:
    """The `which`th (0 is the first) of `first`'s weekday, so many months later; the last, where there is no fifth."""
    year, month = divmod(12 * first.year + first.month - 1 + months, 12)
    month_begins = date(year, month + 1, 1)
    day = month_begins + timedelta(days=(first.weekday() - month_begins.weekday()) % 7 + 7 * which)
    return day if day.month == month_begins.month else day - timedelta(days=7)
