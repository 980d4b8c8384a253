"""The earliest free times over many counselors. Reading only, and no more of their calendars than the answer needs.

Time is gone through in stretches, each longer than the one before, and those with hours in a stretch in the order of
their first hour there: nothing that begins earlier can be in a calendar that was not read yet. So twenty times over a
thousand counselors take the calendars of a few of them, and the answer is the same as from all.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.utils import timezone

from sessions_app.services.calendars import CounselorCalendar
from sessions_app.services.hours import read_known_calendars, read_known_hours, read_taken
from sessions_app.services.slots import Slot, Wish, first_hour, slots_of, within_horizon

FEW = 64
"""So many calendars are read at once, whole, rather than chosen among; and so many first where there are more."""
_STRETCHES = (timedelta(days=2), timedelta(days=8))
"""How long the first stretches are; the last is all the rest."""


def find_earliest_slots(
    *,
    counselor_ids: Collection[UUID],
    start: datetime,
    end: datetime,
    wish: Wish,
    limit: int,
    now: datetime | None = None,
) -> list[Slot]:
    """The earliest `limit` free times over these counselors, by start and then by counselor.

    In at most two rounds to the database when there are few counselors, else in at most eight.
    """
    now = now or timezone.now()
    start, end = within_horizon(start, end, now)
    if len(counselor_ids) <= FEW:
        calendars = read_known_calendars(counselor_ids, start=start, end=end, with_rooms=wish.may_need_room)
        return list(islice(_merged(calendars.values(), start, end, wish, now), limit))
    hours = read_known_hours(counselor_ids, start=start, end=end)
    found: list[Slot] = []
    for begin, until in _stretches(start, end):
        found += _earliest_within(hours, begin, until, wish, limit - len(found), now)
        if len(found) == limit:
            break
    return found


def next_free_times(
    *,
    counselor_ids: Collection[UUID],
    wish: Wish,
    start: datetime,
    end: datetime,
    now: datetime | None = None,
) -> dict[UUID, Slot]:
    """The earliest free time in [start, end) of each of these counselors; those without one are left out.

    In at most two rounds to the database when there are few counselors, else in at most five.
    """
    now = now or timezone.now()
    start, end = within_horizon(start, end, now)
    if len(counselor_ids) <= FEW:
        calendars = read_known_calendars(counselor_ids, start=start, end=end, with_rooms=wish.may_need_room)
        return _firsts(calendars.values(), start, end, wish, now)
    hours = read_known_hours(counselor_ids, start=start, end=end)
    found: dict[UUID, Slot] = {}
    for begin, until in _stretches(start, end):
        if hours:
            with_taken = read_taken(hours, start=begin, end=until, with_rooms=wish.may_need_room)
            found |= _firsts(with_taken.values(), begin, until, wish, now)
            hours = {id_: calendar for id_, calendar in hours.items() if id_ not in found}
    return found


def _stretches(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """[start, end) in pieces."""
    for length in (*_STRETCHES, max(end - start, timedelta())):
        until = min(start + length, end)
        if start < until:
            yield start, until
        start = until


def _earliest_within(
    hours: dict[UUID, CounselorCalendar],
    start: datetime,
    end: datetime,
    wish: Wish,
    limit: int,
    now: datetime,
) -> list[Slot]:
    """The earliest in [start, end), of counselors whose `hours` are known but not what is taken of them."""
    waiting = _by_first_hour(hours, start, end, wish, now)
    found: list[Slot] = []
    for count in (max(FEW, limit), len(waiting)):
        batch = {counselor_id: hours[counselor_id] for _, counselor_id in waiting[:count]}
        if not batch:
            break
        calendars = read_taken(batch, start=start, end=end, with_rooms=wish.may_need_room)
        free = _merged(calendars.values(), start, end, wish, now)
        found = list(islice(heapq.merge(found, free, key=_start_then_counselor), limit))
        waiting = waiting[count:]
        if len(found) == limit:
            last = int(found[-1].start.timestamp()), found[-1].counselor_id
            waiting = [first for first in waiting if first < last]
    return found


def _by_first_hour(
    hours: dict[UUID, CounselorCalendar], start: datetime, end: datetime, wish: Wish, now: datetime
) -> list[tuple[int, UUID]]:
    """Before these none of them can be free; who has no hours at all is left out."""
    firsts = (
        (first_hour(calendar, wish=wish, start=start, end=end, now=now), counselor_id)
        for counselor_id, calendar in hours.items()
    )
    return sorted((first, counselor_id) for first, counselor_id in firsts if first is not None)


def _firsts(
    calendars: Iterable[CounselorCalendar], start: datetime, end: datetime, wish: Wish, now: datetime
) -> dict[UUID, Slot]:
    firsts = (
        next(slots_of(calendar, wish=wish, start=start, end=end, now=now), None) for calendar in calendars
    )
    return {slot.counselor_id: slot for slot in firsts if slot is not None}


def _merged(
    calendars: Iterable[CounselorCalendar], start: datetime, end: datetime, wish: Wish, now: datetime
) -> Iterator[Slot]:
    streams = (slots_of(calendar, wish=wish, start=start, end=end, now=now) for calendar in calendars)
    return heapq.merge(*streams, key=_start_then_counselor)


def _start_then_counselor(slot: Slot) -> tuple[datetime, UUID]:
    return slot.start, slot.counselor_id
