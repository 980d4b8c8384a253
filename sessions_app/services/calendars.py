"""The calendars of counselors, read at once: what they offer, when they are there, when they are busy."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.db import Row, Statement, read_in_one_round_trip
from sessions_app.free_time import Rule, Shape, Span, merge_spans
from sessions_app.models import Mode


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


@dataclass(slots=True)
class CounselorCalendar:
    """What one counselor offers in a window of time, and what is taken in it."""

    counselor_id: UUID
    display_name: str
    primary_centre_id: UUID
    types: list[OfferedType] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    busy: list[Span] = field(default_factory=list)
    centre_names: dict[UUID, str] = field(default_factory=dict)

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
       rules.centre_names,
       taken.lowers, taken.uppers
  FROM accounts_counselorprofile counselor
  JOIN accounts_centre centre ON centre.id = counselor.primary_centre_id
  JOIN accounts_user person ON person.id = counselor.user_id
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
       SELECT array_agg(weekday::int) AS weekdays,
              array_agg(extract(hour FROM start)::int * 60 + extract(minute FROM start)::int) AS first_minutes,
              array_agg(CASE WHEN "end" = '00:00' THEN 1440
                             ELSE extract(hour FROM "end")::int * 60 + extract(minute FROM "end")::int END)
              AS end_minutes,
              array_agg(rule.timezone) AS zones, array_agg(rule.centre_id) AS centre_ids,
              array_agg(valid_from) AS froms, array_agg(valid_until) AS untils, array_agg(place.name) AS centre_names
         FROM sessions_app_availabilityrule rule LEFT JOIN accounts_centre place ON place.id = rule.centre_id
        WHERE rule.counselor_id = counselor.user_id AND (place.id IS NULL OR place.is_active)) rules
 CROSS JOIN LATERAL (
       SELECT array_agg(lower) AS lowers, array_agg(upper) AS uppers FROM ({busy}) AS spans) taken
 WHERE counselor.user_id = ANY(%s::uuid[]) AND counselor.is_approved AND counselor.is_accepting
   AND person.is_active AND person.role = 'counselor'
"""
_BUSY = """
SELECT floor(extract(epoch FROM lower(busy)))::bigint AS lower, ceil(extract(epoch FROM upper(busy)))::bigint AS upper
  FROM sessions_app_occupancy
 WHERE resource = {resource} AND is_active
   AND upper(busy) > to_timestamp(%s) AND lower(busy) < to_timestamp(%s)
   AND (expires_at IS NULL OR expires_at > statement_timestamp())
   AND entry_id NOT IN (SELECT entry_id FROM sessions_app_slothold WHERE patient_id = %s AND is_live)
"""
_READ_CALENDARS = _CALENDARS.format(busy=_BUSY.format(resource="counselor.user_id"))
_READ_BUSY = _BUSY.format(resource="%s")
_READ_AHEAD = timedelta(hours=24)
"""A session that begins inside the window may reach out of it, with its buffers, by less than this."""


def read_calendars(
    counselor_ids: Collection[UUID], *, start: datetime, end: datetime, for_patient: UUID | None = None
) -> dict[UUID, CounselorCalendar]:
    """The calendars of the listed among these counselors for sessions that begin in [start, end).

    One statement, for one counselor as for a thousand. Holds that have expired take no time, nor does a hold of
    `for_patient`: whoever holds a time finds it free.
    """
    (rows,) = read_in_one_round_trip(calendars_statement(counselor_ids, start, end, for_patient))
    return calendars_from(rows)


def calendars_statement(
    counselor_ids: Collection[UUID], start: datetime, end: datetime, for_patient: UUID | None
) -> Statement:
    """What `calendars_from` takes the rows of."""
    return _READ_CALENDARS, [*_window(start, end), for_patient, list(counselor_ids)]


def busy_statement(resource_id: UUID, start: datetime, end: datetime, for_patient: UUID | None) -> Statement:
    """When a patient or a room is taken: rows of (start, end) in epoch seconds, for `merge_spans`."""
    return _READ_BUSY, [resource_id, *_window(start, end), for_patient]


def calendars_from(rows: list[Row]) -> dict[UUID, CounselorCalendar]:
    """The rows of `calendars_statement` as calendars by counselor."""
    return {row[0]: _calendar(row) for row in rows}


def _window(start: datetime, end: datetime) -> tuple[int, int]:
    margin = int(_READ_AHEAD.total_seconds())
    return int(start.timestamp()) - margin, int(end.timestamp()) + margin


def _calendar(row: Row) -> CounselorCalendar:
    counselor_id, name, centre_id, centre_name, *columns = row
    types, rules, (lowers, uppers) = columns[:10], columns[10:18], columns[18:]
    *rule_columns, place_names = rules
    calendar = CounselorCalendar(
        counselor_id,
        name.strip(),
        centre_id,
        types=[_offered(*values) for values in zip(*types, strict=True)] if types[0] else [],
        rules=list(map(Rule, *rule_columns)) if rule_columns[0] else [],
        busy=merge_spans(zip(lowers, uppers, strict=True)) if lowers else [],
        centre_names={centre_id: centre_name},
    )
    for rule, place in zip(calendar.rules, place_names or (), strict=True):
        if rule.centre_id is not None:
            calendar.centre_names[rule.centre_id] = place
    return calendar


def _offered(*values: Any) -> OfferedType:
    id_, name, kind, minutes, modes, *rest = values
    return OfferedType(id_, name, kind, minutes, modes.split(","), *rest)
