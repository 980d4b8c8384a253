"""The calendars of counselors, read at once: what they offer, when they are there, when they are busy."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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


_COUNSELORS = """
SELECT counselor.user_id, person.first_name || ' ' || person.last_name, counselor.primary_centre_id, centre.name
  FROM accounts_counselorprofile counselor
  JOIN accounts_centre centre ON centre.id = counselor.primary_centre_id
  JOIN accounts_user person ON person.id = counselor.user_id
 WHERE counselor.user_id = ANY(%s::uuid[]) AND counselor.is_approved AND counselor.is_accepting
   AND person.is_active AND person.role = 'counselor'
"""
_TYPES = """
SELECT counselor_id, id, name, kind, duration_minutes, modes, fee_minor, currency, payment_policy,
       buffer_before_minutes, buffer_after_minutes
  FROM sessions_app_sessiontype
 WHERE counselor_id = ANY(%s::uuid[]) AND is_active
 ORDER BY position, id
"""
_RULES = """
SELECT counselor_id, weekday, extract(hour FROM start)::int * 60 + extract(minute FROM start)::int,
       CASE WHEN "end" = '00:00' THEN 1440
            ELSE extract(hour FROM "end")::int * 60 + extract(minute FROM "end")::int END,
       rule.timezone, rule.centre_id, valid_from, valid_until, centre.name
  FROM sessions_app_availabilityrule rule LEFT JOIN accounts_centre centre ON centre.id = rule.centre_id
 WHERE counselor_id = ANY(%s::uuid[])
"""
_BUSY = """
SELECT resource, floor(extract(epoch FROM lower(busy)))::bigint, ceil(extract(epoch FROM upper(busy)))::bigint
  FROM sessions_app_occupancy
 WHERE resource = ANY(%s::uuid[]) AND is_active
   AND upper(busy) > to_timestamp(%s) AND lower(busy) < to_timestamp(%s)
   AND (expires_at IS NULL OR expires_at > statement_timestamp())
   AND entry_id NOT IN (SELECT entry_id FROM sessions_app_slothold WHERE patient_id = %s AND is_live)
"""
_READ_AHEAD = timedelta(hours=24)
"""A session that begins inside the window may reach out of it, with its buffers, by less than this."""


def read_calendars(
    counselor_ids: Collection[UUID], *, start: datetime, end: datetime, for_patient: UUID | None = None
) -> dict[UUID, CounselorCalendar]:
    """The calendars of the listed among these counselors for sessions that begin in [start, end).

    Four statements in one round trip, for one counselor as for a thousand. Holds that have expired take no time, nor
    does a hold of `for_patient`: whoever holds a time finds it free.
    """
    ids = list(counselor_ids)
    return assemble(*read_in_one_round_trip(*reading_statements(ids, ids, start, end, for_patient)))


def reading_statements(
    counselor_ids: list[UUID],
    resource_ids: list[UUID],
    start: datetime,
    end: datetime,
    for_patient: UUID | None,
) -> list[Statement]:
    """What `assemble` takes the rows of: counselors, types, rules, and the busy spans of the resources."""
    margin = int(_READ_AHEAD.total_seconds())
    busy = [resource_ids, int(start.timestamp()) - margin, int(end.timestamp()) + margin, for_patient]
    return [
        (_COUNSELORS, [counselor_ids]),
        (_TYPES, [counselor_ids]),
        (_RULES, [counselor_ids]),
        (_BUSY, busy),
    ]


def assemble(
    counselors: list[Row], types: list[Row], rules: list[Row], busy: list[Row]
) -> dict[UUID, CounselorCalendar]:
    """The rows of `reading_statements` as calendars by counselor."""
    calendars = {
        row[0]: CounselorCalendar(row[0], row[1].strip(), row[2], centre_names={row[2]: row[3]})
        for row in counselors
    }
    for counselor_id, *columns in types:
        if counselor_id in calendars:
            calendars[counselor_id].types.append(OfferedType(*columns))
    for counselor_id, *columns, centre_name in rules:
        if counselor_id in calendars:
            rule = Rule(*columns)
            calendars[counselor_id].rules.append(rule)
            if rule.centre_id is not None:
                calendars[counselor_id].centre_names[rule.centre_id] = centre_name
    for resource_id, spans in spans_by_resource(busy).items():
        if resource_id in calendars:
            calendars[resource_id].busy = spans
    return calendars


def spans_by_resource(busy: list[Row]) -> dict[UUID, list[Span]]:
    """Merged busy spans by resource, from rows of (resource, start, end)."""
    spans: dict[UUID, list[Span]] = {}
    for resource_id, lower, upper in busy:
        spans.setdefault(resource_id, []).append((lower, upper))
    return {resource_id: merge_spans(taken) for resource_id, taken in spans.items()}
