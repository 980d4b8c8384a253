"""What a series needs of two calendars: when it would take place, and what is free there and near."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from core.errors import NotFound, ValidationFailed
from core.statements import Row
from sessions_app.free_time import is_free, merge_spans
from sessions_app.models import CalendarEntry, EntryKind, Mode
from sessions_app.models.series import MAX_OCCURRENCES, MIN_OCCURRENCES
from sessions_app.occurrences import LONGEST_STEP, Occurrence, occurrences
from sessions_app.room_times import RoomTimes, free_room
from sessions_app.services.calendars import (
    CounselorCalendar,
    OfferedType,
    busy_statement,
    calendars_from,
    calendars_statement,
)
from sessions_app.services.occupancy import lock_and_read, new_entry
from sessions_app.services.own_holds import OWN_HOLDS
from sessions_app.services.reservations import Choice, require_offered
from sessions_app.services.rooms import locked_rooms, rooms_statement
from sessions_app.services.slots import Slot, Wish, choose_type, mode_needed, slots_of
from sessions_app.wall_clock import Span

NEAR = timedelta(days=3)
"""How far from an occurrence its alternatives lie."""
ALTERNATIVES = 3
_SAME_INSTANT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often: `rhythm` is a Rhythm; either `count` or the last day `until`, on the counselor's wall."""

    rhythm: str
    count: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Calendars:
    """Counselor and patient as they are while both are locked."""

    counselor: CounselorCalendar
    patient_id: UUID
    patient_busy: list[Span]
    wish: Wish
    offered: OfferedType
    now: datetime

    def asked_for(self, choice: Choice) -> "Calendars":
        """The same two calendars for what a choice asks for; refused as `require_offered` says."""
        return _calendars(choice, self.counselor, self.patient_id, self.patient_busy, self.now)

    def slot_at(self, start: datetime) -> Slot | None:
        found = next(self._slots(start, start + _SAME_INSTANT), None)
        return found if found is not None and found.start == start else None

    def is_patient_free(self, slot: Slot) -> bool:
        return is_free(epoch(slot.start), epoch(slot.end), self.patient_busy)

    def near(self, start: datetime, others: list[Span], *, but: datetime | None = None) -> list[Slot]:
        """The nearest free times for both that need nothing of `others` (merged); none at `but`."""
        free = (
            slot
            for slot in self._slots(start - NEAR, start + NEAR)
            if slot.start != but and self.is_patient_free(slot) and is_free(*self.needed(slot), others)
        )
        nearest = heapq.nsmallest(ALTERNATIVES, free, key=lambda slot: abs(slot.start - start))
        return sorted(nearest, key=lambda slot: slot.start)

    def is_day_full(self, slot: Slot, others: Iterable[Slot]) -> bool:
        """Whether the counselor's day is full once these others are booked."""
        starts = [*self.counselor.begun, *(epoch(other.start) for other in others)]
        full = self.counselor.terms.full_days(starts)
        return not is_free(epoch(slot.start), epoch(slot.end), full)

    def needed(self, slot: Slot) -> Span:
        """What a slot takes of the counselor, with the buffers."""
        return self.offered.shape.around(epoch(slot.start))

    @property
    def room_ids(self) -> set[UUID]:
        return {room.id for rooms in self.counselor.rooms.values() for room in rooms}

    def mode_of(self, slot: Slot) -> str:
        return self.wish.mode or slot.modes[0]

    def room_for(self, slot: Slot, room_id: UUID | None = None) -> RoomTimes | None:
        """The first room by name that is free then, where one is needed; the slot says that there is one.

        With `room_id` that room; None when it is taken, or not at the slot's centre.
        """
        if self.mode_of(slot) != Mode.IN_PERSON:
            return None
        rooms = self.counselor.rooms.get(slot.centre_id, ())
        return free_room([room for room in rooms if room_id in (None, room.id)], *self.needed(slot))

    def new_entry(
        self, slot: Slot, room_id: UUID | None = None
    ) -> tuple[CalendarEntry, list[dict[str, Any]]]:
        """The entry of a session at this time, to be written."""
        room = self.room_for(slot, room_id)
        return new_entry(
            kind=EntryKind.SESSION,
            start=slot.start,
            end=slot.end,
            counselor_id=slot.counselor_id,
            patient_id=self.patient_id,
            buffer_before=timedelta(minutes=self.offered.buffer_before_minutes),
            buffer_after=timedelta(minutes=self.offered.buffer_after_minutes),
            room_id=room.id if room else None,
        )

    def _slots(self, start: datetime, end: datetime) -> Iterator[Slot]:
        return slots_of(self.counselor, wish=self.wish, start=start, end=end, now=self.now)


def require_possible(choice: Choice, repeat: Repeat, now: datetime) -> None:
    if choice.start <= now:
        raise ValidationFailed(details={"start": ["This time is in the past. Choose a coming one."]})
    if (repeat.count is None) == (repeat.until is None):
        raise ValidationFailed(details={"count": ["Say how many sessions, or until which day, not both."]})
    if repeat.count is not None and not MIN_OCCURRENCES <= repeat.count <= MAX_OCCURRENCES:
        message = f"A series has from {MIN_OCCURRENCES} to {MAX_OCCURRENCES} sessions."
        raise ValidationFailed(details={"count": [message]})


def locked_calendars(
    choice: Choice, patient_id: UUID, *, start: datetime, end: datetime, now: datetime, with_rooms: bool
) -> tuple[Calendars, list[Row]]:
    """Both calendars for sessions in [start, end) and what is near, locked and cleared, and the patient's own holds.

    One round trip, and one more for rooms, which are locked too when `with_rooms`.
    """
    start, end = start - NEAR, end + NEAR
    read_rooms = rooms_statement([choice.counselor_id], start, end, patient_id)
    held, rows, busy, *room_rows = lock_and_read(
        [choice.counselor_id, patient_id],
        (OWN_HOLDS, [patient_id]),
        calendars_statement([choice.counselor_id], start, end, patient_id),
        busy_statement(patient_id, start, end, patient_id),
        *([read_rooms] if with_rooms else ()),
    )
    calendar = calendars_from(rows, *room_rows).get(choice.counselor_id)
    if calendar is None:
        raise NotFound("This counselor is not taking bookings here. Choose another one.")
    calendars = _calendars(choice, calendar, patient_id, merge_spans(busy), now)
    calendar.rooms = locked_rooms(calendar.rooms, read_rooms)
    return calendars, held


def _calendars(
    choice: Choice, calendar: CounselorCalendar, patient_id: UUID, patient_busy: list[Span], now: datetime
) -> Calendars:
    require_offered(choice, calendar)
    wish = choice.wish
    offered = choose_type(calendar, wish)
    if offered is None:
        raise ValidationFailed(details={"type": ["This counselor does not offer this session type."]})
    if offered.is_group:
        raise ValidationFailed(
            details={"type": ["The places of a group are booked one by one. Book each time by itself."]}
        )
    wish = replace(wish, type_id=offered.id, mode=mode_needed(wish, offered))
    return Calendars(calendar, patient_id, patient_busy, wish, offered, now)


def latest_end(choice: Choice, repeat: Repeat, now: datetime) -> datetime:
    """Before this all of them begin, if they can be booked at all."""
    last = now + timedelta(days=settings.BOOKING_HORIZON_DAYS)
    return last if repeat.count is None else min(last, choice.start + repeat.count * LONGEST_STEP)


def _zone_of(calendar: CounselorCalendar, start: datetime) -> str:
    """The zone of the weekly hours in which the first one lies; where none has it, that of any hours."""
    for rule in calendar.rules:
        local = start.astimezone(ZoneInfo(rule.zone))
        minute = 60 * local.hour + local.minute
        if rule.weekday == local.weekday() and rule.first_minute <= minute < rule.end_minute:
            return rule.zone
    return calendar.rules[0].zone if calendar.rules else "UTC"


def wanted_times(
    choice: Choice, repeat: Repeat, calendars: Calendars, now: datetime
) -> tuple[str, list[Occurrence]]:
    """When it would take place, and on whose wall. Raises ValidationFailed, by field."""
    zone = _zone_of(calendars.counselor, choice.start)
    count = repeat.count or MAX_OCCURRENCES + 1
    found = occurrences(choice.start, zone=zone, rhythm=repeat.rhythm, count=count, until=repeat.until)
    if not MIN_OCCURRENCES <= len(found) <= MAX_OCCURRENCES:
        message = (
            f"A series has from {MIN_OCCURRENCES} to {MAX_OCCURRENCES} sessions; this would be {len(found)}."
        )
        if len(found) > MAX_OCCURRENCES:
            message = f"A series has at most {MAX_OCCURRENCES} sessions. Choose an earlier last day."
        raise ValidationFailed(details={"until": [message]})
    _, latest = calendars.counselor.terms.bookable(now)
    days = (latest - now).days
    within = [each for each in found if each.start <= latest]
    if len(within) < len(found):
        message = (
            f"Sessions can be booked up to {days} days ahead: that is {len(within)} of these {len(found)}."
        )
        raise ValidationFailed(details={"count" if repeat.count else "until": [message]})
    return zone, found


def epoch(instant: datetime) -> int:
    return int(instant.timestamp())
