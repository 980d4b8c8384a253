"""VTIMEZONE for calendar files, from the zone database: the library's own begins a change of clocks an hour late."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard


@lru_cache(maxsize=256)
def zone_component(name: str, first_year: int, last_year: int) -> Timezone:
    """VTIMEZONE with every change of clocks from the first day of `first_year` to the last of `last_year`.

    Each begins when the clock still shows the old time, as RFC 5545, 3.6.5 wants it.
    """
    zone = ZoneInfo(name)
    first, last = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    component = Timezone()
    component.add("tzid", name)
    component.add_component(_observance(zone, first, before=first))
    for change in _clock_changes(zone, first, last):
        component.add_component(_observance(zone, change, before=change - timedelta(seconds=1)))
    return component


def _observance(zone: ZoneInfo, since: datetime, *, before: datetime) -> TimezoneStandard | TimezoneDaylight:
    offset_before, offset = _offset(zone, before), _offset(zone, since)
    local = since.astimezone(zone)
    observance = TimezoneDaylight() if local.dst() else TimezoneStandard()
    observance.add("dtstart", (since + offset_before).replace(tzinfo=None))
    observance.add("tzoffsetfrom", offset_before)
    observance.add("tzoffsetto", offset)
    observance.add("tzname", local.tzname())
    return observance


def _clock_changes(zone: ZoneInfo, first: datetime, last: datetime) -> list[datetime]:
    """The instants, to the second, at which the zone's offset changes."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [
        _change_between(zone, earlier, later)
        for earlier, later in pairwise(days)
        if _offset(zone, earlier) != _offset(zone, later)
    ]


def _change_between(zone: ZoneInfo, earlier: datetime, later: datetime) -> datetime:
    while later - earlier > timedelta(seconds=1):
        middle = earlier + timedelta(seconds=(later - earlier) // timedelta(seconds=2))
        if _offset(zone, middle) == _offset(zone, earlier):
            earlier = middle
        else:
            later = middle
    return later


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101  a ZoneInfo always knows
    return offset
