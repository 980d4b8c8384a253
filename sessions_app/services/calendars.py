"""The calendars of counselors, read at once: what they offer, when they are there, when they are busy or away."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from core.statements import Row, Statement, read_in_one_round_trip
from sessions_app.free_time import Blocks, Rule, Shape, merge_spans
from sessions_app.models import Mode, SessionKind
from sessions_app.services.busy import window
from sessions_app.services.calendar_sql import (
    READ_BUSY,
    READ_BUSY_OF_ALL,
    READ_CALENDARS,
    READ_HOURS,
    READ_TAKEN,
    READ_TAKEN_SIMPLY,
)
from sessions_app.services.rooms import Rooms, rooms_from, rooms_statement
from sessions_app.wall_clock import Span, local_date, wall_span

_MOMENT = timedelta(microseconds=1)
_LAST_MINUTE = 1440


HoursVersion = tuple[UUID, UUID]
"""The counselor's own, and that of what is shared (models.HoursVersion)."""


@dataclass(frozen=True, slots=True)
class OfferedType:
    """A session type as slots and bookings need it; minutes, and money in the currency's minor unit."""

    id: UUID
    name: str
    kind: str
    duration_minutes: int
    modes: Sequence[str]
    fee_minor: int
    currency: str
    payment_policy: str
    buffer_before_minutes: int
    buffer_after_minutes: int
    capacity: int

    @property
    def is_group(self) -> bool:
        """Whether its places are booked one by one."""
        return self.capacity > 1 and self.kind == SessionKind.GROUP

    @property
    def shape(self) -> Shape:
        return Shape(
            60 * self.duration_minutes, 60 * self.buffer_before_minutes, 60 * self.buffer_after_minutes
        )


class Group(NamedTuple):
    """A group's session that is booked already; epoch seconds. What others hold of it is not left."""

    session_id: UUID
    type_id: UUID
    start: int
    end: int
    mode: str
    centre_id: UUID
    centre_name: str
    capacity: int
    places_left: int


@dataclass(frozen=True, slots=True)
class Terms:
    """A counselor's booking rules. `horizon_days` None is the platform's; `most_a_day` None is no limit."""

    notice_minutes: int = 0
    horizon_days: int | None = None
    most_a_day: int | None = None
    zone: str = "UTC"

    def bookable(self, now: datetime) -> tuple[datetime, datetime]:
        """The instants, both included, between which a session may begin."""
        days = min(self.horizon_days or settings.BOOKING_HORIZON_DAYS, settings.BOOKING_HORIZON_DAYS)
        return now + (timedelta(minutes=self.notice_minutes) or _MOMENT), now + timedelta(days=days)

    def full_days(self, starts: Iterable[int]) -> list[Span]:
        """The days on which no more sessions may begin, when these do."""
        if self.most_a_day is None:
            return []
        by_day = Counter(local_date(self.zone, start) for start in starts)
        full = [day for day, count in by_day.items() if count >= self.most_a_day]
        return merge_spans(wall_span(self.zone, day, 0, day, _LAST_MINUTE) for day in full)


@dataclass(slots=True)
class CounselorCalendar:
    """What one counselor offers in a window of time, and what is taken in it."""

    counselor_id: UUID
    display_name: str
    primary_centre_id: UUID
    types: list[OfferedType] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    blocks: Blocks = field(default_factory=Blocks)
    terms: Terms = field(default_factory=Terms)
    leave: Sequence[Span] = ()
    """Time away that was entered here, merged."""
    elsewhere: Sequence[Span] = ()
    """When they are busy in their outside calendars: time away too, but not for what is booked already."""
    begun: Sequence[int] = ()
    """When sessions and holds begin that count against a day's limit; read only where there may be one."""
    groups: Sequence[Group] = ()
    """By start; full ones too."""
    centre_names: dict[UUID, str] = field(default_factory=dict)
    hours_version: HoursVersion | None = None
    """The name of all of this that lasts; None where the hours are not to be kept."""
    rooms: Rooms = field(default_factory=dict)

    @property
    def is_simple(self) -> bool:
        """Whether nothing but what is busy has to be read of what is taken: no day gets full, no group is led."""
        return self.terms.most_a_day is None and not any(offered.is_group for offered in self.types)

    @property
    def may_need_room(self) -> bool:
        """Whether some session of theirs could be in person."""
        return any(rule.centre_id for rule in self.rules) and any(
            Mode.IN_PERSON in offered.modes for offered in self.types
        )

    def choose_type(
        self,
        *,
        type_id: UUID | None = None,
        duration_minutes: int | None = None,
        mode: str | None = None,
        fee_max_minor: int | None = None,
    ) -> OfferedType | None:
        """The first type that fits what was asked for; None when the counselor offers no such session."""
        for offered in self.types:
            if (
                (type_id is None or offered.id == type_id)
                and (duration_minutes is None or offered.duration_minutes == duration_minutes)
                and (mode is None or mode in offered.modes)
                and (fee_max_minor is None or offered.fee_minor <= fee_max_minor)
            ):
                return offered
        return None

    def rules_for(self, *, mode: str | None, centre_id: UUID | None) -> list[Rule]:
        """The hours that serve a way of meeting and a place; online hours belong to the primary centre."""
        return [
            rule
            for rule in self.rules
            if (mode != Mode.IN_PERSON or rule.centre_id is not None)
            and (centre_id is None or centre_id == (rule.centre_id or self.primary_centre_id))
        ]


_A_DAY_AROUND = timedelta(hours=50)
"""Any local day of which an instant is in the window lies within this of it, whatever the zone and its clocks do."""
_HOURS_WIDTH = 33
"""How many columns a row of hours has; those of what is taken come after them."""


def read_calendars(
    counselor_ids: Collection[UUID],
    *,
    start: datetime,
    end: datetime,
    for_patient: UUID | None = None,
    for_planning: bool = False,
    with_rooms: bool = True,
) -> dict[UUID, CounselorCalendar]:
    """The calendars of the listed among these counselors for sessions that begin in [start, end).

    At most two statements, in one round trip, for one counselor as for a thousand. Holds that have expired take no
    time, nor does a hold of `for_patient`: whoever holds a time finds it free. Rooms matter to sessions in person only.
    `for_planning` reads also those who are not listed, and `begun`.
    """
    reads = [calendars_statement(counselor_ids, start, end, for_patient, for_planning=for_planning)]
    if with_rooms:
        reads.append(rooms_statement(counselor_ids, start, end, for_patient))
    return calendars_from(*read_in_one_round_trip(*reads))


def calendars_statement(
    counselor_ids: Collection[UUID],
    start: datetime,
    end: datetime,
    for_patient: UUID | None,
    *,
    for_planning: bool = False,
) -> Statement:
    """What `calendars_from` takes the rows of."""
    taken = _taken_values(start, end, for_patient, for_planning=for_planning)
    return READ_CALENDARS, [
        *days_around(start, end),
        *days_around(start, end),
        *taken,
        list(counselor_ids),
        for_planning,
    ]


def hours_statement(counselor_ids: Collection[UUID], first_day: date) -> Statement:
    """The hours of the listed among these, from a day on, for `hours_from`."""
    days = first_day, date.max
    return READ_HOURS, [*days, *days, list(counselor_ids), False]


def taken_statement(
    counselor_ids: Collection[UUID],
    start: datetime,
    end: datetime,
    for_patient: UUID | None,
    *,
    is_simple: bool = False,
) -> Statement:
    """What is taken of these, for `taken_from`; the simple one when the hours of all of them say so."""
    if is_simple:
        reach = window(start, end)
        return READ_TAKEN_SIMPLY, [list(counselor_ids), *reach, for_patient, *reach]
    return READ_TAKEN, [list(counselor_ids), *_taken_values(start, end, for_patient, for_planning=False)]


def busy_statement(resource_id: UUID, start: datetime, end: datetime, for_patient: UUID | None) -> Statement:
    """When a patient or a room is taken: rows of (start, end) in epoch seconds, for `merge_spans`."""
    return READ_BUSY, [resource_id, *window(start, end), for_patient]


def busy_of_all_statement(
    resource_ids: Collection[UUID], start: datetime, end: datetime, for_patient: UUID | None
) -> Statement:
    """`busy_statement` of several: when any of them is taken."""
    return READ_BUSY_OF_ALL, [list(resource_ids), *window(start, end), for_patient]


def calendars_from(rows: list[Row], room_rows: Collection[Row] = ()) -> dict[UUID, CounselorCalendar]:
    """The rows of `calendars_statement` as calendars by counselor; with those of `rooms_statement`, who has a room."""
    rooms = rooms_from(room_rows)
    return {row[0]: _with_taken(_hours(row[:_HOURS_WIDTH]), row[_HOURS_WIDTH:], rooms) for row in rows}


def hours_from(rows: Iterable[Row]) -> Iterator[CounselorCalendar]:
    """The rows of `hours_statement` as calendars of which nothing is taken."""
    for own, shared, *row in rows:
        yield replace(_hours(row), hours_version=(own, shared) if own and shared else None)


def taken_from(
    rows: Iterable[Row], hours: Mapping[UUID, CounselorCalendar], room_rows: Collection[Row] = ()
) -> dict[UUID, CounselorCalendar]:
    """The rows of `taken_statement` as calendars, of those whose hours these are."""
    rooms = rooms_from(room_rows)
    return {
        counselor_id: _with_taken(hours[counselor_id], taken, rooms)
        for counselor_id, _, _, *taken in rows
        if counselor_id in hours
    }


def days_around(start: datetime, end: datetime) -> tuple[date, date]:
    """The days on some wall or other while sessions of the window take place."""
    return (start - _A_DAY_AROUND).astimezone(UTC).date(), (end + _A_DAY_AROUND).astimezone(UTC).date()


def _taken_values(
    start: datetime, end: datetime, for_patient: UUID | None, *, for_planning: bool
) -> list[Any]:
    around = int((start - _A_DAY_AROUND).timestamp()), int((end + _A_DAY_AROUND).timestamp())
    reach = window(start, end)
    return [*reach, for_patient, for_planning, *around, for_patient, *reach, for_patient, *reach]


def _hours(row: Sequence[Any]) -> CounselorCalendar:
    counselor_id, name, centre_id, centre_name, *columns = row
    types, rules, place_names, away, terms = (
        columns[:11],
        columns[11:19],
        columns[19],
        columns[20:25],
        columns[25:],
    )
    calendar = CounselorCalendar(
        counselor_id,
        name.strip(),
        centre_id,
        types=[_offered(*values) for values in zip(*types, strict=True)] if types[0] else [],
        rules=list(map(_rule, *rules)) if rules[0] else [],
        terms=Terms(*terms) if terms[0] is not None else Terms(),
        leave=away_spans(zip(*away, strict=True)) if away[0] else [],
        centre_names={centre_id: centre_name},
    )
    calendar.blocks = Blocks(away=calendar.leave)
    for rule, place in zip(calendar.rules, place_names or (), strict=True):
        if rule.centre_id is not None:
            calendar.centre_names[rule.centre_id] = place
    return calendar


@lru_cache(maxsize=4_096)
def _rule(*values: Any) -> Rule:
    """Many counselors keep the same hours; else most of what a thousand calendars keep in memory would be rules."""
    return Rule(*values)


def _with_taken(hours: CounselorCalendar, taken: Sequence[Any], rooms: Rooms) -> CounselorCalendar:
    lowers, uppers, begun, *elsewhere_and_groups = taken
    elsewhere, groups = elsewhere_and_groups[:2], elsewhere_and_groups[2:]
    calendar = replace(
        hours,
        begun=begun or (),
        elsewhere=list(zip(*elsewhere, strict=True)) if elsewhere[0] else [],
        groups=list(map(Group, *groups)) if groups[0] else (),
        rooms=rooms,
    )
    calendar.blocks = Blocks(
        busy=merge_spans(zip(lowers, uppers, strict=True)) if lowers else [],
        away=merge_spans([*calendar.leave, *calendar.elsewhere]),
        full=calendar.terms.full_days(calendar.begun),
    )
    return calendar


def away_spans(exceptions: Iterable[tuple[date, int, date, int, str]]) -> list[Span]:
    """The instants of (first day, its minute, last day, its minute, zone), merged."""
    spans = (
        wall_span(zone, first_day, first_minute, last_day, end_minute)
        for first_day, first_minute, last_day, end_minute, zone in exceptions
    )
    # Where the clocks jump over all of it, nothing is left.
    return merge_spans((start, end) for start, end in spans if start < end)


def _offered(*values: Any) -> OfferedType:
    id_, name, kind, minutes, modes, *rest = values
    return OfferedType(id_, name, kind, minutes, modes.split(","), *rest)
