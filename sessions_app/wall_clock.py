"""Wall-clock rules become instants: the only place where a zone meets a rule.

A rule such as “Mondays 09:00–17:00, Europe/London” is 09:00 on the wall on both sides of a change of clocks.
Wall times that do not exist (the clock jumps over them) are left out; wall times that happen twice are taken
once, the first time. Instants are whole epoch seconds, UTC; minutes are minutes of the local day, 0–1440.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

GRID_MINUTES = 15
"""Starts lie this far apart on the wall, counted from the rule's start."""


Span = tuple[int, int]
"""Half open, [start, end)."""


@lru_cache(maxsize=20_000)
def local_day(zone: str, day: date) -> "LocalDay":
    return LocalDay(zone, day)


@dataclass(frozen=True)
class LocalDay:
    """One calendar day in one zone."""

    zone: str
    day: date

    def instant(self, minute: int) -> int | None:
        """The instant of a wall-clock minute of this day; None when the clocks jump over it; the first if twice."""
        if self._steady_midnight is not None:
            return self._steady_midnight + 60 * minute
        return _instant(ZoneInfo(self.zone), self.day, minute)

    def end_instant(self, minute: int) -> int:
        """The instant at which a span that ends at this wall-clock minute is over, also when the minute is skipped."""
        instant = self.instant(minute)
        while instant is None:
            minute -= 1
            instant = self.instant(minute)
            if instant is not None:
                return instant + 60
        return instant

    def begin_instant(self, minute: int) -> int:
        """The first instant at which the wall shows this minute, or a later one when the clocks jump over it."""
        instant = self.instant(minute)
        while instant is None:
            minute += 1
            instant = self.instant(minute)
        return instant

    def last_end_instant(self, minute: int) -> int:
        """The instant after the last minute before this one; unlike `end_instant`, of the second time if twice."""
        if self._steady_midnight is not None:
            return self._steady_midnight + 60 * minute
        zone = ZoneInfo(self.zone)
        instant = None
        while instant is None:
            minute -= 1
            instant = _instant(zone, self.day, minute, fold=1)
        return instant + 60

    def starts(self, first_minute: int, end_minute: int) -> Sequence[int]:
        """The instants of the grid from `first_minute` up to, not including, `end_minute`; ascending."""
        if self._steady_midnight is not None:
            midnight = self._steady_midnight
            return range(midnight + 60 * first_minute, midnight + 60 * end_minute, 60 * GRID_MINUTES)
        instants = (self.instant(minute) for minute in range(first_minute, end_minute, GRID_MINUTES))
        return [instant for instant in instants if instant is not None]

    @cached_property
    def _steady_midnight(self) -> int | None:
        """This day's 00:00 as an instant when no clock changes during the day, else None."""
        zone = ZoneInfo(self.zone)
        midnight = datetime(self.day.year, self.day.month, self.day.day, tzinfo=zone)
        offset = midnight.utcoffset()
        hours = (midnight.replace(tzinfo=None) + timedelta(hours=hour) for hour in range(25))
        for wall in hours:
            # Both folds: at the hour of a change they differ, also where the change is at 00:00.
            for fold in (0, 1):
                if wall.replace(tzinfo=zone, fold=fold).utcoffset() != offset:
                    return None
        return int(midnight.timestamp())


def wall_span(zone: str, first_day: date, first_minute: int, last_day: date, end_minute: int) -> Span:
    """From when the wall first shows the one minute until it has shown the other for the last time.

    Where an hour comes twice and the span ends in it, all of it up to the second time belongs to the span.
    """
    start = local_day(zone, first_day).begin_instant(first_minute)
    return start, local_day(zone, last_day).last_end_instant(end_minute)


def _instant(zone: ZoneInfo, day: date, minute: int, fold: int = 0) -> int | None:
    # Arithmetic on an aware time of one zone is wall-clock arithmetic, which is what is wanted here.
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    wall = wall.replace(fold=fold)
    instant = wall.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None):
        return None
    return int(instant.timestamp())


def local_date(zone: str, instant: int) -> date:
    """The calendar date on the wall in `zone` at `instant`."""
    return datetime.fromtimestamp(instant, ZoneInfo(zone)).date()
