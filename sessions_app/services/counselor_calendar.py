"""A counselor's calendar as it is looked at: what stands in it, the hours behind it, and when they are elsewhere.

One way to read it, for the page, its list and the API. A fixed number of queries, whatever it holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from accounts.models import CounselorProfile, User
from sessions_app.free_time import Rule
from sessions_app.listing import session_rows
from sessions_app.models import CalendarBlock, EntryKind, Occupancy, Session, SessionStatus
from sessions_app.services.calendars import read_calendars
from sessions_app.services.planning import Planner
from sessions_app.session_rows import SessionRow
from sessions_app.wall_clock import Span, local_date, local_day

CLOCK_AROUND = timedelta(days=62)
"""How far before and after its days a calendar tells what the clock does: refusals name times around them."""
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the calendar. Instants are aware, UTC; `taken` is what it takes of the counselor, buffers included.

    `kind` is an EntryKind; a session is one that the reader may see when `session` is there, else only its time is
    told. `title` and `can` of a block are for those who may change it.
    """

    id: UUID
    kind: str
    start: datetime
    end: datetime
    taken: tuple[datetime, datetime]
    title: str = ""
    session: SessionRow | None = None
    can: tuple[str, ...] = ()


class Hours(NamedTuple):
    """The hours of one rule on one day, in instants; without a centre they are online only."""

    start: datetime
    end: datetime
    centre_id: UUID | None
    centre_name: str


class ClockSegment(NamedTuple):
    """From this instant on the counselor's clock is so many minutes ahead of UTC."""

    from_instant: datetime
    offset_minutes: int


@dataclass(frozen=True, slots=True)
class CounselorCalendarView:
    """[start, end) of a counselor's calendar, as one reader may see it."""

    zone: ZoneInfo
    entries: list[Entry]
    hours: list[Hours]
    away: list[tuple[datetime, datetime]]
    elsewhere: list[tuple[datetime, datetime]]
    may_block: bool


def read_counselor_calendar(
    *, counselor: CounselorProfile, start: datetime, end: datetime, viewer: User, now: datetime
) -> CounselorCalendarView:
    """What is in [start, end), earliest first. `viewer` is somebody who plans for the counselor.

    Cancelled sessions are left out: they take no time.
    """
    visible = Session.objects.visible_to(viewer).filter(counselor=counselor, start__lt=end, end__gt=start)
    rows = session_rows(visible.exclude(status=SessionStatus.CANCELLED), viewer=viewer, now=now)
    may_block = Planner.of(viewer, counselor).plans_for_all
    calendar = read_calendars([counselor.pk], start=start, end=end, for_planning=True, with_rooms=False)[
        counselor.pk
    ]
    return CounselorCalendarView(
        zone=ZoneInfo(counselor.user.timezone),
        entries=_entries(counselor.pk, rows, start, end, now, may_block=may_block),
        hours=_hours(calendar.rules, start, end, calendar.centre_names),
        away=_clipped(calendar.leave, start, end),
        elsewhere=_clipped(calendar.elsewhere, start, end),
        may_block=may_block,
    )


def clock_segments(zone: ZoneInfo, start: datetime, end: datetime) -> list[ClockSegment]:
    """What the clock of `zone` shows from CLOCK_AROUND before `start` until as long after `end`, ascending."""
    at, last = start - CLOCK_AROUND, end + CLOCK_AROUND
    segments = [ClockSegment(at, _offset(zone, at))]
    while at < last:
        following = at + _A_DAY
        if _offset(zone, following) != _offset(zone, at):
            changes = _change(zone, at, following)
            segments.append(ClockSegment(changes, _offset(zone, changes)))
        at = following
    return segments


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first whole minute after `before` at which the clock is another one."""
    first, last, offset = 0, int((after - before).total_seconds()) // 60, _offset(zone, before)
    while last - first > 1:
        middle = (first + last) // 2
        if _offset(zone, before + timedelta(minutes=middle)) == offset:
            first = middle
        else:
            last = middle
    return before + timedelta(minutes=last)


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    offset = instant.astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds()) // 60


# --- What stands in it


def _entries(
    counselor_id: UUID,
    rows: Sequence[SessionRow],
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    may_block: bool,
) -> list[Entry]:
    """The sessions of `rows`, and whatever else takes the counselor's time, by start.

    A session that was overbooked takes none of the counselor's; one that the reader may not see is not among `rows`.
    """
    occupied = Occupancy.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        resource=counselor_id,
        is_active=True,
        busy__overlap=(start, end),
    )
    seen = {row.id for row in rows}
    taken: dict[UUID, tuple[datetime, datetime]] = {}
    others: list[Entry] = []
    for one in occupied.select_related("entry__session", "entry__block"):
        session = getattr(one.entry, "session", None)
        if session is not None and session.pk in seen:
            taken[session.pk] = (one.busy.lower, one.busy.upper)
        else:
            others.append(_other(one, may_block=may_block))
    entries = [_of_session(row, taken.get(row.id, (row.start, row.end))) for row in rows]
    return sorted([*entries, *others], key=lambda one: (one.start, one.end, one.id))


def _of_session(row: SessionRow, taken: tuple[datetime, datetime]) -> Entry:
    title = ", ".join(person.display_name for person in row.patients)
    return Entry(row.id, EntryKind.SESSION, row.start, row.end, taken, title, row, row.can)


def _other(one: Occupancy, *, may_block: bool) -> Entry:
    entry, taken = one.entry, (one.busy.lower, one.busy.upper)
    block: CalendarBlock | None = getattr(entry, "block", None)
    if block is None or not may_block:
        return Entry(entry.pk, entry.kind, entry.start, entry.end, taken)
    return Entry(
        block.pk, entry.kind, entry.start, entry.end, taken, block.title or "", can=("change", "remove")
    )


# --- What stands behind it


def _hours(
    rules: Sequence[Rule], start: datetime, end: datetime, centre_names: dict[UUID, str]
) -> list[Hours]:
    """The hours of the rules on each day, clipped to [start, end)."""
    found = []
    for rule in rules:
        day = local_date(rule.zone, int(start.timestamp())) - _A_DAY
        last = local_date(rule.zone, int(end.timestamp()))
        while day <= last:
            if rule.weekday == day.weekday() and rule.applies_on(day):
                local = local_day(rule.zone, day)
                span = local.begin_instant(rule.first_minute), local.end_instant(rule.end_minute)
                for first, until in _clipped([span], start, end):
                    name = centre_names.get(rule.centre_id, "") if rule.centre_id else ""
                    found.append(Hours(first, until, rule.centre_id, name))
            day += _A_DAY
    return sorted(found, key=lambda one: (one.start, one.end))


def _clipped(spans: Sequence[Span], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    inside = ((max(_instant(first), start), min(_instant(last), end)) for first, last in spans)
    return [(first, last) for first, last in inside if first < last]


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
