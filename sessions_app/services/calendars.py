"""The calendars of counselors, read at once: what they offer, when they are there, when they are busy or away."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from core.statements import Row, Statement, read_in_one_round_trip
from sessions_app.free_time import Blocks, Rule, Shape, merge_spans
from sessions_app.models import Mode
from sessions_app.services.busy import BUSY, window
from sessions_app.services.rooms import Rooms, rooms_from, rooms_statement
from sessions_app.wall_clock import Span, local_date, wall_span

_MOMENT = timedelta(microseconds=1)
_LAST_MINUTE = 1440


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

    @property
    def shape(self) -> Shape:
        return Shape(
            60 * self.duration_minutes, 60 * self.buffer_before_minutes, 60 * self.buffer_after_minutes
        )


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
    centre_names: dict[UUID, str] = field(default_factory=dict)
    rooms: Rooms = field(default_factory=dict)

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


# One row a counselor, with what belongs to them in parallel arrays: one statement reads a calendar or a thousand, and
# it is quicker than four statements in one round trip (docs/performance.md).
_CALENDARS = """
SELECT counselor.user_id, person.first_name || ' ' || person.last_name, counselor.primary_centre_id, centre.name,
       types.ids, types.names, types.kinds, types.durations, types.modes, types.fees, types.currencies, types.policies,
       types.before, types.after,
       rules.weekdays, rules.first_minutes, rules.end_minutes, rules.zones, rules.centre_ids, rules.froms, rules.untils,
       rules.weeks, rules.centre_names,
       away.first_days, away.first_minutes, away.last_days, away.end_minutes, away.zones,
       taken.lowers, taken.uppers,
       booking.minimum_notice_minutes, booking.horizon_days::int, booking.most_sessions_a_day::int, booking.timezone,
       begun.starts,
       elsewhere.lowers, elsewhere.uppers
  FROM accounts_counselorprofile counselor
  JOIN accounts_centre centre ON centre.id = counselor.primary_centre_id
  JOIN accounts_user person ON person.id = counselor.user_id
  LEFT JOIN sessions_app_bookingrules booking ON booking.counselor_id = counselor.user_id
 CROSS JOIN LATERAL (
       SELECT array_agg(id ORDER BY position, id) AS ids, array_agg(name ORDER BY position, id) AS names,
              array_agg(kind ORDER BY position, id) AS kinds,
              array_agg(duration_minutes::int ORDER BY position, id) AS durations,
              array_agg(array_to_string(modes, ',') ORDER BY position, id) AS modes,
              array_agg(fee_minor ORDER BY position, id) AS fees,
              array_agg(currency ORDER BY position, id) AS currencies,
              array_agg(payment_policy ORDER BY position, id) AS policies,
              array_agg(buffer_before_minutes::int ORDER BY position, id) AS before,
              array_agg(buffer_after_minutes::int ORDER BY position, id) AS after
         FROM sessions_app_sessiontype
        WHERE counselor_id = counselor.user_id AND is_active) types
 CROSS JOIN LATERAL (
       SELECT array_agg(weekday) AS weekdays, array_agg({first_minute}) AS first_minutes,
              array_agg({end_minute}) AS end_minutes, array_agg(rule.timezone) AS zones,
              array_agg(rule.centre_id) AS centre_ids, array_agg(valid_from) AS froms, array_agg(valid_until) AS untils,
              array_agg(every_weeks) AS weeks, array_agg(place.name) AS centre_names
         FROM (SELECT weekday::int, start, "end", timezone, centre_id, valid_from, valid_until, every_weeks::int
                 FROM sessions_app_availabilityrule WHERE counselor_id = counselor.user_id
                UNION ALL
               SELECT extract(isodow FROM first_day)::int - 1, start, "end", timezone, centre_id,
                      first_day, first_day, 1
                 FROM sessions_app_availabilityexception
                WHERE counselor_id = counselor.user_id AND kind = 'extra' AND last_day >= %s AND first_day <= %s) rule
         LEFT JOIN accounts_centre place ON place.id = rule.centre_id
        WHERE place.id IS NULL OR place.is_active) rules
 CROSS JOIN LATERAL (
       SELECT array_agg(first_day) AS first_days, array_agg({first_minute}) AS first_minutes,
              array_agg(last_day) AS last_days, array_agg({end_minute}) AS end_minutes, array_agg(timezone) AS zones
         FROM sessions_app_availabilityexception
        WHERE counselor_id = counselor.user_id AND kind = 'unavailable' AND last_day >= %s AND first_day <= %s) away
 CROSS JOIN LATERAL (
       SELECT array_agg(lower) AS lowers, array_agg(upper) AS uppers FROM ({busy}) AS spans) taken
 CROSS JOIN LATERAL (
       SELECT array_agg(extract(epoch FROM entry.start)::bigint) AS starts
         FROM sessions_app_occupancy occupancy JOIN sessions_app_calendarentry entry ON entry.id = occupancy.entry_id
        WHERE (booking.most_sessions_a_day IS NOT NULL OR %s) AND occupancy.resource = counselor.user_id
          AND occupancy.is_active AND upper(busy) > to_timestamp(%s) AND lower(busy) < to_timestamp(%s)
          AND (occupancy.expires_at IS NULL OR occupancy.expires_at > statement_timestamp())
          AND entry.kind = ANY('{{hold,session,offer}}')
          AND entry.id NOT IN (SELECT entry_id FROM sessions_app_slothold WHERE patient_id = %s AND is_live)) begun
 CROSS JOIN LATERAL (
       SELECT array_agg(extract(epoch FROM start)::bigint) AS lowers,
              array_agg(extract(epoch FROM "end")::bigint) AS uppers
         FROM sessions_app_outsidebusy
        WHERE counselor_id = counselor.user_id AND "end" > to_timestamp(%s) AND start < to_timestamp(%s)) elsewhere
 WHERE counselor.user_id = ANY(%s::uuid[])
   AND (%s OR counselor.is_approved AND counselor.is_accepting AND person.is_active AND person.role = 'counselor')
"""
_FIRST_MINUTE = "extract(hour FROM start)::int * 60 + extract(minute FROM start)::int"
_END_MINUTE = """CASE WHEN "end" = '00:00' THEN 1440
                             ELSE extract(hour FROM "end")::int * 60 + extract(minute FROM "end")::int END"""
_READ_CALENDARS = _CALENDARS.format(
    busy=BUSY.format(resource="counselor.user_id"), first_minute=_FIRST_MINUTE, end_minute=_END_MINUTE
)
_READ_BUSY = BUSY.format(resource="%s")
_A_DAY_AROUND = timedelta(hours=50)
"""Any local day of which an instant is in the window lies within this of it, whatever the zone and its clocks do."""


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
    first, last = _days(start, end)
    around = int((start - _A_DAY_AROUND).timestamp()), int((end + _A_DAY_AROUND).timestamp())
    taken = [*window(start, end), for_patient]
    return _READ_CALENDARS, [
        first,
        last,
        first,
        last,
        *taken,
        for_planning,
        *around,
        for_patient,
        *window(start, end),
        list(counselor_ids),
        for_planning,
    ]


def busy_statement(resource_id: UUID, start: datetime, end: datetime, for_patient: UUID | None) -> Statement:
    """When a patient or a room is taken: rows of (start, end) in epoch seconds, for `merge_spans`."""
    return _READ_BUSY, [resource_id, *window(start, end), for_patient]


def calendars_from(rows: list[Row], room_rows: Collection[Row] = ()) -> dict[UUID, CounselorCalendar]:
    """The rows of `calendars_statement` as calendars by counselor; with those of `rooms_statement`, who has a room."""
    rooms = rooms_from(room_rows)
    return {row[0]: _calendar(row, rooms) for row in rows}


def _days(start: datetime, end: datetime) -> tuple[date, date]:
    """The days on some wall or other while sessions of the window take place."""
    return (start - _A_DAY_AROUND).astimezone(UTC).date(), (end + _A_DAY_AROUND).astimezone(UTC).date()


def _calendar(row: Row, rooms: Rooms) -> CounselorCalendar:
    counselor_id, name, centre_id, centre_name, *columns = row
    types, rules, away = columns[:10], columns[10:18], columns[19:24]
    place_names, (lowers, uppers), (*terms, starts) = columns[18], columns[24:26], columns[26:31]
    calendar = CounselorCalendar(
        counselor_id,
        name.strip(),
        centre_id,
        types=[_offered(*values) for values in zip(*types, strict=True)] if types[0] else [],
        rules=list(map(Rule, *rules)) if rules[0] else [],
        terms=Terms(*terms) if terms[0] is not None else Terms(),
        begun=starts or (),
        leave=away_spans(zip(*away, strict=True)) if away[0] else [],
        elsewhere=list(zip(*columns[31:], strict=True)) if columns[31] else [],
        centre_names={centre_id: centre_name},
        rooms=rooms,
    )
    calendar.blocks = Blocks(
        busy=merge_spans(zip(lowers, uppers, strict=True)) if lowers else [],
        away=merge_spans([*calendar.leave, *calendar.elsewhere]),
        full=calendar.terms.full_days(calendar.begun),
    )
    for rule, place in zip(calendar.rules, place_names or (), strict=True):
        if rule.centre_id is not None:
            calendar.centre_names[rule.centre_id] = place
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
