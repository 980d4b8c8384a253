"""What a series needs of two calendars: when it would take place, what of that can be had, and what is near."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from core.errors import NotFound, SeriesConflict, ValidationFailed
from core.statements import Row
from sessions_app.free_time import is_free, merge_spans
from sessions_app.models import Mode
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
from sessions_app.services.occupancy import lock_and_read
from sessions_app.services.own_holds import OWN_HOLDS
from sessions_app.services.reservations import Choice, require_offered
from sessions_app.services.rooms import locked_rooms, rooms_statement
from sessions_app.services.slots import Slot, Wish, choose_type, mode_needed, slots_of
from sessions_app.wall_clock import Span

NEAR = timedelta(days=3)
"""How far from an occurrence its alternatives lie."""
ALTERNATIVES = 3
_SAME_INSTANT = timedelta(seconds=1)

CLOCKS_JUMP = "The clocks jump over this time on that day."
NOT_FREE = "This time is not free."
PATIENT_BUSY = "There is another session at this time."

Answers = Mapping[datetime, datetime | None]
"""What to do about an occurrence, by its start: take another time instead, or (None) leave it out."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often: `rhythm` is a Rhythm; either `count` or the last day `until`, on the counselor's wall."""

    rhythm: str
    count: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """An occurrence that cannot be had, why, and up to three free times near it."""

    occurrence: Occurrence
    message: str
    alternatives: list[Slot]


@dataclass(frozen=True, slots=True)
class Calendars:
    """Counselor and patient as they are while both are locked."""

    counselor: CounselorCalendar
    patient_busy: list[Span]
    wish: Wish
    offered: OfferedType
    zone: str
    now: datetime

    def slot_at(self, start: datetime) -> Slot | None:
        found = next(self._slots(start, start + _SAME_INSTANT), None)
        return found if found is not None and found.start == start else None

    def is_patient_free(self, slot: Slot) -> bool:
        return is_free(epoch(slot.start), epoch(slot.end), self.patient_busy)

    def near(self, start: datetime, others: list[Span]) -> list[Slot]:
        """The nearest free times for both that need none of the times of `others` (merged)."""
        free = (
            slot
            for slot in self._slots(start - NEAR, start + NEAR)
            if self.is_patient_free(slot) and is_free(*self.needed(slot), others)
        )
        nearest = heapq.nsmallest(ALTERNATIVES, free, key=lambda slot: abs(slot.start - start))
        return sorted(nearest, key=lambda slot: slot.start)

    def needed(self, slot: Slot) -> Span:
        """What a slot takes of the counselor, with the buffers."""
        return self.offered.shape.around(epoch(slot.start))

    @property
    def room_ids(self) -> set[UUID]:
        return {room.id for rooms in self.counselor.rooms.values() for room in rooms}

    def room_for(self, slot: Slot, mode: str) -> RoomTimes | None:
        """The first room by name that is free then, where one is needed; the slot says that there is one."""
        if mode != Mode.IN_PERSON:
            return None
        return free_room(self.counselor.rooms.get(slot.centre_id, ()), *self.needed(slot))

    def _slots(self, start: datetime, end: datetime) -> Iterator[Slot]:
        return slots_of(self.counselor, wish=self.wish, start=start, end=end, now=self.now)


class InConflict(Exception):  # noqa: N818 - no error: it carries them out of the transaction
    def __init__(self, conflicts: list[Conflict], total: int) -> None:
        self.conflicts, self.total = conflicts, total


def series_conflict(conflicts: list[Conflict], total: int) -> SeriesConflict:
    """The refusal that names them; `details` as core/errors.py says."""
    few = f"{len(conflicts)} of the {total} times cannot be had."
    return SeriesConflict(
        f"{few} For each, take another time or leave it out, or give the series up.",
        details={
            "occurrences": total,
            "conflicts": [
                {
                    "number": conflict.occurrence.number,
                    "start": conflict.occurrence.start,
                    "message": conflict.message,
                    "alternatives": [
                        {"start": slot.start, "end": slot.end} for slot in conflict.alternatives
                    ],
                }
                for conflict in conflicts
            ],
        },
    )


def require_possible(choice: Choice, repeat: Repeat, now: datetime) -> None:
    if choice.start <= now:
        raise ValidationFailed(details={"start": ["This time is in the past. Choose a coming one."]})
    if (repeat.count is None) == (repeat.until is None):
        raise ValidationFailed(details={"count": ["Say how many sessions, or until which day, not both."]})
    if repeat.count is not None and not MIN_OCCURRENCES <= repeat.count <= MAX_OCCURRENCES:
        message = f"A series has from {MIN_OCCURRENCES} to {MAX_OCCURRENCES} sessions."
        raise ValidationFailed(details={"count": [message]})


def locked_calendars(
    choice: Choice, repeat: Repeat, patient_id: UUID, now: datetime
) -> tuple[Calendars, list[Row]]:
    """Both calendars over the whole series, locked and cleared, and the patient's own holds, in one round trip."""
    last = now + timedelta(days=settings.BOOKING_HORIZON_DAYS)
    if repeat.count is not None:
        last = min(last, choice.start + repeat.count * LONGEST_STEP)
    start, end = choice.start - NEAR, last + NEAR
    read_rooms = rooms_statement([choice.counselor_id], start, end, patient_id)
    held, rows, busy, *room_rows = lock_and_read(
        [choice.counselor_id, patient_id],
        (OWN_HOLDS, [patient_id]),
        calendars_statement([choice.counselor_id], start, end, patient_id),
        busy_statement(patient_id, start, end, patient_id),
        *([read_rooms] if choice.wish.may_need_room else ()),
    )
    calendar = calendars_from(rows, *room_rows).get(choice.counselor_id)
    if calendar is None:
        raise NotFound("This counselor is not taking bookings here. Choose another one.")
    require_offered(choice, calendar)
    wish = choice.wish
    offered = choose_type(calendar, wish)
    if offered is None:
        raise ValidationFailed(details={"type": ["This counselor does not offer this session type."]})
    calendar.rooms = locked_rooms(calendar.rooms, read_rooms)
    return (
        Calendars(
            calendar,
            merge_spans(busy),
            replace(wish, type_id=offered.id, mode=mode_needed(wish, offered)),
            offered,
            _zone_of(calendar, choice.start),
            now,
        ),
        held,
    )


def _zone_of(calendar: CounselorCalendar, start: datetime) -> str:
    """The zone of the weekly hours in which the first one lies; where none has it, that of any hours."""
    for rule in calendar.rules:
        local = start.astimezone(ZoneInfo(rule.zone))
        minute = 60 * local.hour + local.minute
        if rule.weekday == local.weekday() and rule.first_minute <= minute < rule.end_minute:
            return rule.zone
    return calendar.rules[0].zone if calendar.rules else "UTC"


def wanted_times(choice: Choice, repeat: Repeat, calendars: Calendars, now: datetime) -> list[Occurrence]:
    count = repeat.count or MAX_OCCURRENCES + 1
    found = occurrences(
        choice.start, zone=calendars.zone, rhythm=repeat.rhythm, count=count, until=repeat.until
    )
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
    return found


def picked(wanted: list[Occurrence], answers: Answers, calendars: Calendars) -> list[Slot]:
    """The times to book, in order. Raises InConflict, and ValidationFailed for answers about no occurrence."""
    unknown = set(answers) - {each.start for each in wanted}
    if unknown:
        message = "An answer names a time that is none of the series. Ask for the series again."
        raise ValidationFailed(message, details={"answers": [message]})
    picks: list[Slot] = []
    refused: list[tuple[Occurrence, str]] = []
    taken: list[Span] = []
    for occurrence in wanted:
        if occurrence.start in answers and answers[occurrence.start] is None:
            continue
        start = answers.get(occurrence.start) or occurrence.start
        if start == occurrence.start and not occurrence.exists:
            refused.append((occurrence, CLOCKS_JUMP))
            continue
        slot = calendars.slot_at(start)
        if slot is None or not is_free(*calendars.needed(slot), taken):
            refused.append((occurrence, NOT_FREE))
        elif not calendars.is_patient_free(slot):
            refused.append((occurrence, PATIENT_BUSY))
        else:
            picks.append(slot)
            taken = merge_spans([*taken, calendars.needed(slot)])
    if refused:
        raise InConflict(
            [Conflict(each, why, calendars.near(each.start, taken)) for each, why in refused], len(wanted)
        )
    if len(picks) < MIN_OCCURRENCES:
        message = "With so much left out no series remains. Book the times that you want one by one."
        raise ValidationFailed(message, details={"answers": [message]})
    return sorted(picks, key=lambda slot: slot.start)


def epoch(instant: datetime) -> int:
    return int(instant.timestamp())
