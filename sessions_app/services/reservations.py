"""From a wish to a time that can be taken: what holding and booking have in common."""

import heapq
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import StaffCentre, User
from accounts.permissions import Action, Scope, scope_for
from core.errors import DomainError, NotFound, PermissionDenied, SlotTaken, ValidationFailed
from core.facts import Fact, fact
from core.statements import Row, Statement, read_in_one_round_trip
from sessions_app.free_time import is_free, merge_spans
from sessions_app.models import CalendarEntry, EntryKind, Occupancy
from sessions_app.room_times import RoomTimes
from sessions_app.services.calendars import (
    CounselorCalendar,
    OfferedType,
    busy_of_all_statement,
    busy_statement,
    calendars_from,
    calendars_statement,
)
from sessions_app.services.occupancy import lock_and_read, new_entry
from sessions_app.services.overbooking import require_may_overbook, rooms_over, slot_over
from sessions_app.services.own_holds import OWN_HOLDS, holds_in_the_way
from sessions_app.services.reasons import SAFE_WORDS, TAKEN_BY_OTHERS, TELLING, reason_against
from sessions_app.services.rooms import claim_room, rooms_statement
from sessions_app.services.seats import CONSTRAINTS, GROUP_FULL, Place, claim_place
from sessions_app.services.slots import Slot, Wish, slots_of, within_horizon
from sessions_app.wall_clock import Span

ALTERNATIVES = 3
_REACHES = (
    (timedelta(days=7), (timedelta(hours=3), timedelta(days=1), timedelta(days=7))),
    (timedelta(days=60), (timedelta(days=60),)),
)
"""How far around a choice is read, and how far of that is looked at in turn: most alternatives lie within hours."""
_SAME_INSTANT = timedelta(seconds=1)
PATIENT_BUSY = "There is another session or hold at this time. Choose another time."
SOMEBODY_BUSY = "Somebody who takes part is not free at this time. Choose another time."
_LAST_WORDS = ("nobody_is_busy_twice_at_once", *CONSTRAINTS)


@dataclass(frozen=True, slots=True)
class Choice:
    """The time that somebody asked for. What is None is settled by the counselor's first type that fits."""

    counselor_id: UUID
    start: datetime
    mode: str | None = None
    type_id: UUID | None = None
    duration_minutes: int | None = None
    centre_id: UUID | None = None
    companions: tuple[UUID, ...] = ()
    """The patients for whom it is besides the one that books or moves: they must be free as well."""
    may_join: bool = True
    """Whether a place in a group that is there already will do."""

    @property
    def wish(self) -> Wish:
        return Wish(self.type_id, self.duration_minutes, self.mode, self.centre_id)


@dataclass(frozen=True, slots=True)
class Reservation:
    """A choice that can be taken: checked after the calendars were locked."""

    patient_id: UUID
    counselor_id: UUID
    counselor_name: str
    offered: OfferedType
    centre_id: UUID
    centre_name: str
    mode: str
    room: RoomTimes | None
    start: datetime
    end: datetime
    own_holds: list[UUID]
    """Live holds that the patient placed, wherever they are."""
    own_holds_in_the_way: list[UUID]
    """Those of them, and offers to the patient, whose time this reservation needs."""
    is_overbooked: bool = False
    """Over what the counselor has or offers: it leaves out their time, and no other."""
    companions: tuple[UUID, ...] = ()
    place: Place | None = None
    """In a group that is there already: then only the patient's time is taken."""

    def take(self, current: Fact, *, kind: EntryKind, expires_at: datetime | None = None) -> CalendarEntry:
        """Its entry, written when the fact ends."""
        entry, occupancies = new_entry(
            kind=kind,
            start=self.start,
            end=self.end,
            counselor_id=None if self.is_overbooked or self.place else self.counselor_id,
            patient_id=self.patient_id,
            buffer_before=timedelta(minutes=self.offered.buffer_before_minutes),
            buffer_after=timedelta(minutes=self.offered.buffer_after_minutes),
            room_id=self.room.id if self.room else None,
            expires_at=expires_at,
        )
        busy = DateTimeTZRange(self.start, self.end)
        for companion in self.companions:
            occupancies.append(
                {"entry_id": entry.pk, "resource": companion, "busy": busy, "expires_at": expires_at}
            )
        current.insert(entry)
        for occupancy in occupancies:
            current.insert_values(Occupancy, **occupancy)
        return entry


@contextmanager
def reserving(
    choice: Choice, *, patient_id: UUID, actor: User | None, now: datetime, over: bool = False
) -> Iterator[tuple[Fact, Reservation]]:
    """A fact in which both calendars are locked and the choice was found free, to be taken.

    Raises ValidationFailed for a time that could never be had (past, too far, outside the counselor's hours, no such
    session), SlotTaken when somebody was quicker, both with the nearest free times; NotFound for a counselor who is
    not listed, PermissionDenied for centre staff who book at another centre.

    `over`: over what the counselor has or offers, by staff (services/overbooking.py); the patient and the room must be
    free all the same.
    """
    _require_bookable_instant(choice.start, now)
    if over:
        require_may_overbook(actor)
    try:
        with fact(actor=actor) as current:
            yield current, _reserve(choice, patient_id=patient_id, actor=actor, now=now, over=over)
    except IntegrityError as broken:
        # The last word is the constraints'. Should one speak, it is said as any other refusal.
        if not any(name in str(broken) for name in _LAST_WORDS):
            raise
        raise _with_alternatives(SlotTaken(), choice, patient_id, now) from broken


def _reserve(
    choice: Choice, *, patient_id: UUID, actor: User | None, now: datetime, over: bool
) -> Reservation:
    calendar, patient_busy, holds = _locked_calendars(choice, patient_id)
    require_offered(replace(choice, centre_id=None) if over else choice, calendar)
    slot = _slot_at(choice, calendar, now)
    rooms, read_again = calendar.rooms, _rooms(choice, patient_id, timedelta())
    if over:
        slot = slot_over(calendar, wish=choice.wish, start=choice.start, free=slot)
        rooms, read_again = rooms_over(slot, patient_id)
    if slot is None or not is_free(_epoch(slot.start), _epoch(slot.end), patient_busy):
        refusal = _refusal(choice, calendar, now, is_patient_busy=slot is not None)
        raise _with_alternatives(refusal, choice, patient_id, now)
    offered = next(offered for offered in calendar.types if offered.id == slot.type_id)
    mode = choice.mode or slot.modes[0]
    require_own_centre(actor, slot.centre_id)
    needed = offered.shape.around(_epoch(slot.start))
    room = place = None
    try:
        if slot.joins is not None:
            place = _place_in(slot.joins, patient_id)
        else:
            room = claim_room(rooms, slot.centre_id, mode, needed, read_again=read_again)
    except SlotTaken as error:
        raise _with_alternatives(error, choice, patient_id, now) from None
    takes = {
        None if over or place else slot.counselor_id: needed,
        patient_id: (_epoch(slot.start), _epoch(slot.end)),
        room and room.id: needed,
    }
    return Reservation(
        patient_id,
        choice.counselor_id,
        slot.counselor_name,
        offered,
        slot.centre_id,
        slot.centre_name,
        mode,
        room,
        slot.start,
        slot.end,
        own_holds=list({hold_id for hold_id, *_, is_offer in holds if not is_offer}),
        own_holds_in_the_way=holds_in_the_way(holds, takes),
        is_overbooked=over,
        companions=choice.companions,
        place=place,
    )


def _place_in(session_id: UUID, patient_id: UUID) -> Place:
    place = claim_place(session_id, patient_id)
    if place is None:  # cancelled a moment ago, or held until a moment ago
        raise SlotTaken(GROUP_FULL)
    return place


def _require_bookable_instant(start: datetime, now: datetime) -> None:
    if start <= now:
        raise ValidationFailed(details={"start": ["This time is in the past. Choose a coming one."]})
    if start > now + timedelta(days=settings.BOOKING_HORIZON_DAYS):
        days = settings.BOOKING_HORIZON_DAYS
        raise ValidationFailed(details={"start": [f"Sessions can be booked up to {days} days ahead."]})


def _locked_calendars(choice: Choice, patient_id: UUID) -> tuple[CounselorCalendar, list[Span], list[Row]]:
    """Both calendars at the choice, locked and cleared, and the rows of OWN_HOLDS, in one round trip."""
    holds, calendars, busy, *rooms = lock_and_read(
        [choice.counselor_id, patient_id],
        (OWN_HOLDS, [patient_id]),
        *_reads(choice, patient_id, timedelta()),
    )
    return _listed(choice, calendars, *rooms), merge_spans(busy), holds


def _calendars(choice: Choice, patient_id: UUID, reach: timedelta) -> tuple[CounselorCalendar, list[Span]]:
    """The counselor's calendar and the patient's busy spans, `reach` before and after the choice."""
    calendars, busy, *rooms = read_in_one_round_trip(*_reads(choice, patient_id, reach))
    return _listed(choice, calendars, *rooms), merge_spans(busy)


def _reads(choice: Choice, patient_id: UUID, reach: timedelta) -> list[Statement]:
    start, end = choice.start - reach, choice.start + reach
    reads = [
        calendars_statement([choice.counselor_id], start, end, patient_id),
        busy_statement(patient_id, start, end, patient_id),
    ]
    if choice.companions:
        reads[1] = busy_of_all_statement([patient_id, *choice.companions], start, end, patient_id)
    if choice.wish.may_need_room:
        reads.append(_rooms(choice, patient_id, reach))
    return reads


def _rooms(choice: Choice, patient_id: UUID, reach: timedelta) -> Statement:
    return rooms_statement([choice.counselor_id], choice.start - reach, choice.start + reach, patient_id)


def _listed(choice: Choice, rows: list[Row], room_rows: Collection[Row] = ()) -> CounselorCalendar:
    calendar = calendars_from(rows, room_rows).get(choice.counselor_id)
    if calendar is None:
        raise NotFound("This counselor is not taking bookings here. Choose another one.")
    return calendar


def require_offered(choice: Choice, calendar: CounselorCalendar) -> None:
    """Refuses what the counselor never offers, at whatever time; the field to blame says what could be chosen."""
    details = _what_is_wrong(choice, calendar)
    if details:
        message = "This counselor has no such session. Choose one of those that are offered."
        raise ValidationFailed(message, details=details)


def _what_is_wrong(choice: Choice, calendar: CounselorCalendar) -> dict[str, list[str]]:
    types = [offered for offered in calendar.types if choice.type_id in (None, offered.id)]
    if not types and choice.type_id is not None:
        return {"type": ["This counselor does not offer this session type."]}
    fitting = [offered for offered in types if choice.duration_minutes in (None, offered.duration_minutes)]
    if not fitting:
        lengths = ", ".join(map(str, sorted({offered.duration_minutes for offered in types})))
        return {
            "duration_minutes": [f"Offered: {lengths} minutes." if lengths else "Nothing is offered now."]
        }
    modes = sorted({mode for offered in fitting for mode in offered.modes})
    if choice.mode is not None and choice.mode not in modes:
        return {"mode": [f"Offered: {', '.join(modes)}."]}
    if choice.centre_id is not None and not calendar.rules_for(mode=choice.mode, centre_id=choice.centre_id):
        return {"centre": ["The counselor has no hours at this centre for such a session."]}
    return {}


def _slot_at(choice: Choice, calendar: CounselorCalendar, now: datetime) -> Slot | None:
    """The free time of the counselor that begins exactly then, if there is one."""
    at_that_instant = _slots(choice, calendar, choice.start, choice.start + _SAME_INSTANT, now)
    slot = next(at_that_instant, None)
    return slot if slot is not None and slot.start == choice.start else None


def _slots(
    choice: Choice, calendar: CounselorCalendar, start: datetime, end: datetime, now: datetime
) -> Iterator[Slot]:
    found = slots_of(calendar, wish=choice.wish, start=start, end=end, now=now)
    return found if choice.may_join else (slot for slot in found if slot.joins is None)


def _refusal(
    choice: Choice, calendar: CounselorCalendar, now: datetime, *, is_patient_busy: bool
) -> DomainError:
    if is_patient_busy:
        return SlotTaken(SOMEBODY_BUSY if choice.companions else PATIENT_BUSY)
    finding = reason_against(calendar, wish=choice.wish, start=choice.start, now=now)
    if finding is None or finding.rule in TAKEN_BY_OTHERS:
        is_said = finding and finding.rule in TELLING
        return SlotTaken(SAFE_WORDS[finding.rule][1] if finding and is_said else None)
    message = SAFE_WORDS[finding.rule][1]
    return ValidationFailed(message, details={"start": [message]})


def _with_alternatives(error: DomainError, choice: Choice, patient_id: UUID, now: datetime) -> DomainError:
    """The refusal, which looks for the nearest free times when the calendars are no longer locked."""
    error.look_up = lambda: {
        "alternatives": [_as_alternative(slot) for slot in _nearest(choice, patient_id, now)]
    }
    return error


def _nearest(choice: Choice, patient_id: UUID, now: datetime) -> list[Slot]:
    """Up to three free times nearest to the choice, earliest first; of two that are equally near, the earlier."""
    nearest: list[Slot] = []
    for reach, steps in _REACHES:
        calendar, patient_busy = _calendars(choice, patient_id, reach)
        for step in steps:
            start, end = within_horizon(choice.start - step, choice.start + step, now)
            free = (
                slot
                for slot in _slots(choice, calendar, start, end, now)
                if is_free(_epoch(slot.start), _epoch(slot.end), patient_busy)
            )
            nearest = heapq.nsmallest(ALTERNATIVES, free, key=lambda slot: abs(slot.start - choice.start))
            if len(nearest) == ALTERNATIVES:
                return sorted(nearest, key=lambda slot: slot.start)
    return sorted(nearest, key=lambda slot: slot.start)


def _as_alternative(slot: Slot) -> dict[str, object]:
    return {
        "start": slot.start,
        "end": slot.end,
        "counselor": {"id": slot.counselor_id, "display_name": slot.counselor_name},
    }


def centres_to_book_at(actor: User | None) -> set[UUID] | None:
    """Centre staff book at their centres: elsewhere they could not even see what they booked. None is everywhere."""
    if actor is None or scope_for(actor.role, Action.SESSION_BOOK) is not Scope.CENTRE:
        return None
    return set(StaffCentre.objects.filter(user=actor).values_list("centre", flat=True))


def require_own_centre(actor: User | None, centre_id: UUID) -> None:
    centre_ids = centres_to_book_at(actor)
    if centre_ids is not None and centre_id not in centre_ids:
        raise PermissionDenied(
            "This session would be at a centre that is not yours. Choose a time at your centre."
        )


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())
