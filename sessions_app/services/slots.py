"""Free times of a counselor. Reading only; a slot is a promise that it can be booked now. Over many: earliest.py."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import CounselorProfile
from core.errors import NotFound
from core.statements import Statement
from sessions_app.free_time import Blocks, free_times
from sessions_app.models import Mode
from sessions_app.room_times import free_room
from sessions_app.services.calendars import CounselorCalendar, Group, OfferedType
from sessions_app.services.hours import read_known_calendars, statements_ahead
from sessions_app.services.known_days import by_day, first_start

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for; None leaves it open. The counselor's first session type that fits decides the length."""

    type_id: UUID | None = None
    duration_minutes: int | None = None
    mode: str | None = None
    centre_id: UUID | None = None
    fee_max_minor: int | None = None

    @property
    def may_need_room(self) -> bool:
        return self.mode in (None, Mode.IN_PERSON)


class Slot(NamedTuple):
    """A free time. Instants are aware, UTC; `modes` are the ways in which it can be had."""

    counselor_id: UUID
    counselor_name: str
    start: datetime
    end: datetime
    duration_minutes: int
    type_id: UUID
    modes: tuple[str, ...]
    centre_id: UUID
    centre_name: str
    capacity: int = 1
    places_left: int | None = None
    """Of a group; None for sessions whose places are not booked one by one."""
    joins: UUID | None = None
    """The group's session that is there already."""


def find_slots(
    *,
    counselor_id: UUID,
    start: datetime,
    end: datetime,
    wish: Wish,
    for_patient: UUID | None = None,
    now: datetime | None = None,
) -> list[Slot]:
    """The counselor's free times that begin in [start, end), earliest first. Raises NotFound when not listed."""
    now = now or timezone.now()
    start, end = within_horizon(start, end, now)
    calendars = read_known_calendars(
        [counselor_id], start=start, end=end, for_patient=for_patient, with_rooms=wish.may_need_room
    )
    calendar = calendars.get(counselor_id)
    if calendar is None:
        raise NotFound("This counselor is not taking bookings here.")
    return list(slots_of(calendar, wish=wish, start=start, end=end, now=now))


def slots_ahead(
    *, counselor_id: UUID, start: datetime, end: datetime, wish: Wish, for_patient: UUID | None
) -> list[Statement]:
    """What `find_slots` reads first, for `send_along`."""
    start, end = within_horizon(start, end, timezone.now())
    return statements_ahead(
        [counselor_id], start=start, end=end, for_patient=for_patient, with_rooms=wish.may_need_room
    )


def counselors_matching(*, specialization: str | None = None, language: str | None = None) -> list[UUID]:
    """Ids of the listed counselors that fit; length, mode, centre and fee are the wish's to decide."""
    listed = CounselorProfile.objects.listed()
    if specialization:
        listed = listed.filter(specializations__contains=[specialization])
    if language:
        listed = listed.filter(languages__contains=[language])
    return list(listed.values_list("pk", flat=True))


def slots_of(
    calendar: CounselorCalendar,
    *,
    wish: Wish,
    start: datetime,
    end: datetime,
    now: datetime,
) -> Iterator[Slot]:
    """The calendar's times in [start, end) that can be booked at `now`, earliest first: free ones, lazily, and groups
    with places left.

    None when no type fits the wish. The calendar must have been read for all of [start, end). Of one whose hours are
    known, days that were worked out before are taken from memory.
    """
    offered = choose_type(calendar, wish)
    first, last = _bookable_seconds(calendar, start, end, now)
    if offered is None or last <= first:
        return iter(())
    work_out = partial(_free_slots, calendar, offered, wish)
    if calendar.hours_version is None:
        free = work_out(first, last)
    else:
        free = by_day(calendar, wish, offered.shape, first, last, work_out)
    free = _that_have_room(calendar, offered, wish, free)
    groups = _joinable_slots(calendar, offered, wish, first, last)
    return heapq.merge(groups, free, key=_start) if groups else free


def first_hour(
    calendar: CounselorCalendar, *, wish: Wish, start: datetime, end: datetime, now: datetime
) -> int | None:
    """When the calendar's hours first have room for a session, whatever is taken of them: `slots_of` has none before.

    Epoch seconds in [start, end); None when there is no such time.
    """
    offered = choose_type(calendar, wish)
    first, last = _bookable_seconds(calendar, start, end, now)
    if offered is None or last <= first:
        return None
    rules = calendar.rules_for(mode=mode_needed(wish, offered), centre_id=wish.centre_id)
    hours = partial(free_times, rules, Blocks(away=calendar.leave), offered.shape)
    return first_start(
        calendar, wish, first, last, lambda since, until: next(hours(start=since, end=until), None)
    )


def _bookable_seconds(
    calendar: CounselorCalendar, start: datetime, end: datetime, now: datetime
) -> tuple[int, int]:
    """The part of [start, end) in which a session with this counselor may begin; epoch seconds, half open."""
    earliest, latest = calendar.terms.bookable(now)
    return ceil(max(start, earliest).timestamp()), ceil(min(end, latest + _MOMENT).timestamp())


def _free_slots(
    calendar: CounselorCalendar, offered: OfferedType, wish: Wish, first: int, last: int
) -> Iterator[Slot]:
    """The free times in [first, last), epoch seconds, whoever may book them yet, and as if every room were free."""
    rules = calendar.rules_for(mode=mode_needed(wish, offered), centre_id=wish.centre_id)
    length = timedelta(minutes=offered.duration_minutes)
    places: dict[UUID | None, _Place] = {}
    for free in free_times(rules, calendar.blocks, offered.shape, start=first, end=last):
        place = places.get(free.centre_id) or places.setdefault(
            free.centre_id, _place(calendar, offered, free.centre_id)
        )
        begins = datetime.fromtimestamp(free.start, UTC)
        yield Slot(
            calendar.counselor_id,
            calendar.display_name,
            begins,
            begins + length,
            offered.duration_minutes,
            offered.id,
            *place,
            offered.capacity,
            offered.capacity if offered.is_group else None,
        )


def _that_have_room(
    calendar: CounselorCalendar, offered: OfferedType, wish: Wish, slots: Iterator[Slot]
) -> Iterator[Slot]:
    """Those of `_free_slots` that can be had in some way; not in person where every room of the centre is taken."""
    if not calendar.rooms or Mode.IN_PERSON not in offered.modes:
        return slots
    with_rooms = (_with_room(calendar, offered, wish, slot) for slot in slots)
    return (slot for slot in with_rooms if slot is not None)


def _joinable_slots(
    calendar: CounselorCalendar, offered: OfferedType, wish: Wish, first: int, last: int
) -> list[Slot]:
    """The groups in [first, last), epoch seconds, that have places left."""
    if not calendar.groups or not offered.is_group:
        return []
    return [
        _joining(calendar, offered, group)
        for group in groups_of(calendar, offered, wish)
        if group.places_left > 0 and first <= group.start < last
    ]


def groups_of(calendar: CounselorCalendar, offered: OfferedType, wish: Wish) -> Iterator[Group]:
    """The type's sessions, full or not, that the wish allows, by start.

    Only where the counselor's hours have such a session, and no leave: what lies outside is to be moved, and the search
    over many counselors (earliest.py) looks for nothing where there are no hours.
    """
    rules = calendar.rules_for(mode=mode_needed(wish, offered), centre_id=wish.centre_id)
    for group in calendar.groups:
        if (
            group.type_id == offered.id
            and wish.mode in (None, group.mode)
            and wish.centre_id in (None, group.centre_id)
            and any(
                free_times(
                    rules, Blocks(away=calendar.leave), offered.shape, start=group.start, end=group.start + 1
                )
            )
        ):
            yield group


def _joining(calendar: CounselorCalendar, offered: OfferedType, group: Group) -> Slot:
    return Slot(
        calendar.counselor_id,
        calendar.display_name,
        datetime.fromtimestamp(group.start, UTC),
        datetime.fromtimestamp(group.end, UTC),
        (group.end - group.start) // 60,
        offered.id,
        (group.mode,),
        group.centre_id,
        group.centre_name,
        group.capacity,
        group.places_left,
        group.session_id,
    )


def choose_type(calendar: CounselorCalendar, wish: Wish) -> OfferedType | None:
    """The counselor's first session type that fits the wish."""
    return calendar.choose_type(
        type_id=wish.type_id,
        duration_minutes=wish.duration_minutes,
        mode=wish.mode,
        fee_max_minor=wish.fee_max_minor,
    )


def mode_needed(wish: Wish, offered: OfferedType) -> str | None:
    """A type that is had in one way only needs the hours of that way, also when no way was named."""
    return wish.mode or (offered.modes[0] if len(offered.modes) == 1 else None)


def within_horizon(start: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The part of [start, end) that anybody can book: after now, and not further ahead than the setting says."""
    last = now + timedelta(days=settings.BOOKING_HORIZON_DAYS)
    return max(start, now + _MOMENT), min(end, last + _MOMENT)


_Place = tuple[tuple[str, ...], UUID, str]


def _place(calendar: CounselorCalendar, offered: OfferedType, centre_id: UUID | None) -> _Place:
    """The last fields of a slot: the ways of meeting there, the centre, its name."""
    modes = tuple(mode for mode in offered.modes if mode != Mode.IN_PERSON or centre_id is not None)
    shown_centre_id = centre_id or calendar.primary_centre_id
    return modes, shown_centre_id, calendar.centre_names[shown_centre_id]


def _with_room(calendar: CounselorCalendar, offered: OfferedType, wish: Wish, slot: Slot) -> Slot | None:
    """A session in person, with its buffers, needs a room of a centre that has any."""
    rooms = calendar.rooms.get(slot.centre_id) if Mode.IN_PERSON in slot.modes else None
    if rooms is None or free_room(rooms, *offered.shape.around(int(slot.start.timestamp()))) is not None:
        return slot
    others = tuple(mode for mode in slot.modes if mode != Mode.IN_PERSON)
    return slot._replace(modes=others) if others and wish.mode != Mode.IN_PERSON else None


def _start(slot: Slot) -> datetime:
    return slot.start
