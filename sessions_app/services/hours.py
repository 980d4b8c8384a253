"""Counselors' hours, kept in memory as long as they stand, and their calendars put together from those.

What lasts (hours, time away, session types, booking rules, names, whether somebody is listed) is read once and kept
under its version, which triggers change in the transaction that changes any of it (models/hours_versions.py). What is
taken, and when a hold runs out, is read each time, together with the version. So nothing that is kept is ever used
after a change of it was committed, and a booking writes to nothing that others wait for. For showing free times only:
who books or changes hours reads all of it anew (`read_calendars`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from core.statements import Row, Statement, read, read_in_one_round_trip
from sessions_app.kept import Kept
from sessions_app.services.calendar_sql import READ_VERSIONS
from sessions_app.services.calendars import (
    CounselorCalendar,
    calendars_from,
    calendars_statement,
    days_around,
    hours_from,
    hours_statement,
    taken_from,
    taken_statement,
)
from sessions_app.services.rooms import rooms_statement

MOST_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class _Hours:
    """Read from a day on; `calendar` has nothing taken in it."""

    first_day: date
    calendar: CounselorCalendar


_kept: Kept[UUID, _Hours] = Kept(most=MOST_KEPT)


def read_known_calendars(
    counselor_ids: Collection[UUID],
    *,
    start: datetime,
    end: datetime,
    for_patient: UUID | None = None,
    with_rooms: bool = True,
) -> dict[UUID, CounselorCalendar]:
    """What `read_calendars` reads, with more of the hours than lie in the window, and of them only what is not known.

    One round trip; a second one when hours were known and have changed.
    """
    if not settings.FREE_TIMES_IN_MEMORY:
        whole = _whole_statements(counselor_ids, start, end, for_patient, with_rooms=with_rooms)
        return calendars_from(*read_in_one_round_trip(*whole))
    plan = _Plan.of(counselor_ids, start, end, for_patient, with_rooms=with_rooms)
    hours = dict(plan.hours)
    taken, *more = read_in_one_round_trip(*plan.statements)
    changed = _changed(taken, hours)
    if plan.asks_for_hours:
        hours |= _keep(more.pop(), plan.first_day)
    if changed:
        # What is taken is read anew as well: by now there may be a limit a day, a group, or a session in person.
        window = (*_whole_days(start, end), for_patient)
        again = [hours_statement(changed, plan.first_day), taken_statement(changed, *window)]
        if with_rooms:
            again.append(rooms_statement(counselor_ids, *window))
        new_hours, newly_taken, *more = read_in_one_round_trip(*again)
        for id_ in changed:
            del hours[id_]  # who is no longer listed does not come back
        hours |= _keep(new_hours, plan.first_day)
        taken = [*(row for row in taken if row[0] not in changed), *newly_taken]
    return taken_from(taken, hours, *more)


def statements_ahead(
    counselor_ids: Collection[UUID],
    *,
    start: datetime,
    end: datetime,
    for_patient: UUID | None = None,
    with_rooms: bool = True,
) -> list[Statement]:
    """What `read_known_calendars` reads first, for `send_along`."""
    if not settings.FREE_TIMES_IN_MEMORY:
        return _whole_statements(counselor_ids, start, end, for_patient, with_rooms=with_rooms)
    return _Plan.of(counselor_ids, start, end, for_patient, with_rooms=with_rooms).statements


def _whole_statements(
    counselor_ids: Collection[UUID],
    start: datetime,
    end: datetime,
    for_patient: UUID | None,
    *,
    with_rooms: bool,
) -> list[Statement]:
    """Where nothing is kept, hours and what is taken come by one statement, which is cheaper than two."""
    days = _whole_days(start, end)
    whole = [calendars_statement(counselor_ids, *days, for_patient)]
    if with_rooms:
        whole.append(rooms_statement(counselor_ids, *days, for_patient))
    return whole


class _Plan(NamedTuple):
    """What is to be read: what is taken, the rooms where one may be needed, and last the hours that are not known."""

    statements: list[Statement]
    hours: dict[UUID, CounselorCalendar]
    first_day: date
    asks_for_hours: bool

    @classmethod
    def of(
        cls,
        counselor_ids: Collection[UUID],
        start: datetime,
        end: datetime,
        for_patient: UUID | None,
        *,
        with_rooms: bool,
    ) -> "_Plan":
        start, end = _whole_days(start, end)
        first_day = _first_day(start, end)
        hours = _known(counselor_ids, first_day)
        unknown = [id_ for id_ in counselor_ids if id_ not in hours]
        is_simple = not unknown and all(calendar.is_simple for calendar in hours.values())
        statements = [taken_statement(counselor_ids, start, end, for_patient, is_simple=is_simple)]
        if with_rooms and (unknown or any(calendar.may_need_room for calendar in hours.values())):
            statements.append(rooms_statement(counselor_ids, start, end, for_patient))
        if unknown:
            statements.append(hours_statement(unknown, first_day))
        return cls(statements, hours, first_day, asks_for_hours=bool(unknown))


def read_known_hours(
    counselor_ids: Collection[UUID], *, start: datetime, end: datetime
) -> dict[UUID, CounselorCalendar]:
    """The calendars of the listed among these as if nothing were taken of them. One or two round trips."""
    first_day = _first_day(start, end)
    hours = _known(counselor_ids, first_day)
    changed = _changed(read(READ_VERSIONS, [list(hours)]), hours) if hours else []
    unknown = [id_ for id_ in counselor_ids if id_ not in hours]
    if unknown or changed:
        hours |= _read_anew(hours, [*unknown, *changed], first_day)
    return hours


def read_taken(
    hours: dict[UUID, CounselorCalendar], *, start: datetime, end: datetime, with_rooms: bool
) -> dict[UUID, CounselorCalendar]:
    """The calendars whose hours were read just now, with what is taken of them."""
    start, end = _whole_days(start, end)
    reads: list[Statement] = [taken_statement(hours, start, end, None)]
    if with_rooms and any(calendar.may_need_room for calendar in hours.values()):
        reads.append(rooms_statement(hours, start, end, None))
    taken, *room_rows = read_in_one_round_trip(*reads)
    return taken_from(taken, hours, *room_rows)


def _whole_days(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The days, UTC, in which [start, end) lies: what is kept is worked out for all of a day."""
    first, last = _midnight(start), _midnight(end)
    return first, last if last == end else last + timedelta(days=1)


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)


def _first_day(start: datetime, end: datetime) -> date:
    """From when on hours are read: from today, so that they serve whoever asks next; earlier when that was asked."""
    today = timezone.now()
    return min(days_around(start, end)[0], days_around(today, today)[0])


def _known(counselor_ids: Iterable[UUID], first_day: date) -> dict[UUID, CounselorCalendar]:
    """The hours that were read before, and whose version is still to be looked at."""
    known = ((id_, _kept.get(id_)) for id_ in counselor_ids)
    return {id_: hours.calendar for id_, hours in known if hours is not None and hours.first_day <= first_day}


def _changed(rows: Iterable[Row], hours: dict[UUID, CounselorCalendar]) -> list[UUID]:
    """Those whose hours are not what they were, by rows that begin with counselor and version."""
    return [
        id_ for id_, *version in (row[:3] for row in rows) if id_ in hours and _is_other(version, hours[id_])
    ]


def _is_other(version: list[Any], hours: CounselorCalendar) -> bool:
    return hours.hours_version != tuple(version)


def _read_anew(
    hours: dict[UUID, CounselorCalendar], counselor_ids: Collection[UUID], first_day: date
) -> dict[UUID, CounselorCalendar]:
    for id_ in counselor_ids:
        hours.pop(id_, None)  # who is no longer listed does not come back
    return _keep(read(*hours_statement(counselor_ids, first_day)), first_day)


def _keep(rows: Iterable[Row], first_day: date) -> dict[UUID, CounselorCalendar]:
    hours = {}
    for calendar in hours_from(rows):
        if not settings.FREE_TIMES_IN_MEMORY:
            calendar.hours_version = None  # its days are not to be kept either
        hours[calendar.counselor_id] = calendar
        if calendar.hours_version is not None:
            _kept.put(calendar.counselor_id, _Hours(first_day, calendar))
    return hours
