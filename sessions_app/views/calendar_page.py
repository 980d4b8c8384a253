"""A counselor's calendar: a week or a day of it, as a grid where there are scripts, and as a list everywhere.

The counselor has it as /calendar, those who plan for them as /counselors/{id}/calendar. All of it is on the clock of
the counselor, also for others. What a mouse does in the grid, the list does with links and forms.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import access_counselor_to_plan, reader_of
from accounts.models import CounselorProfile
from sessions_app.access import access_own_practice
from sessions_app.models import EntryKind
from sessions_app.services.counselor_calendar import CounselorCalendarView, Entry, read_counselor_calendar
from sessions_app.session_rows import SessionRow
from sessions_app.views.days import start_of, wanted_day

VIEWS = {"week": 7, "day": 1, "list": 7}
"""How many days each shows."""
OPENS, CLOSES = 8, 18
"""The hours that the grid shows at least."""
Spans = list[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of the list. `url` is its page, "" where there is none for the reader."""

    kind: str
    start: datetime
    end: datetime
    title: str
    url: str
    move_url: str
    session: SessionRow | None


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day of the list; spans are those that touch it, clipped to it."""

    date: date
    is_today: bool
    rows: list[EntryRow]
    hours: Spans
    away: Spans
    elsewhere: Spans


@require_safe
def counselor_calendar(request: HttpRequest) -> HttpResponse:
    """One's own."""
    return _calendar(request, access_own_practice(reader_of(request)), own=True)


@require_safe
def planned_calendar(request: HttpRequest, counselor_id: UUID) -> HttpResponse:
    """A counselor's, for those who plan for them."""
    return _calendar(request, access_counselor_to_plan(reader_of(request), counselor_id), own=False)


def calendar_address(counselor: CounselorProfile, reader_id: UUID, day: date) -> str:
    """The page on which this reader finds a day of the counselor's calendar."""
    own = counselor.pk == reader_id
    page = reverse("counselor_calendar") if own else reverse("planned_calendar", args=[counselor.pk])
    return f"{page}?day={day}"


def _calendar(request: HttpRequest, counselor: CounselorProfile, *, own: bool) -> HttpResponse:
    with timezone.override(ZoneInfo(counselor.user.timezone)):
        return render(request, "sessions_app/counselor_calendar.html", _context(request, counselor, own=own))


def _context(request: HttpRequest, counselor: CounselorProfile, *, own: bool) -> dict[str, Any]:
    asked = request.GET.get("view", "")
    view, day = asked if asked in VIEWS else "week", wanted_day(request)
    length = timedelta(days=VIEWS[view])
    first = day if view == "day" else day - timedelta(days=day.weekday())
    start, end = start_of(first), start_of(first + length)
    shown = read_counselor_calendar(
        counselor=counselor, start=start, end=end, viewer=reader_of(request), now=timezone.now()
    )
    opens, closes = _hours_of_grid(shown, start, end)
    days = [_day(shown, first + timedelta(days=number), counselor.pk) for number in range(VIEWS[view])]
    return {
        "counselor": counselor,
        "is_own": own,
        "view": view,
        "day": day,
        "first": first,
        "last": days[-1].date,
        "before": first - length,
        "after": first + length,
        "is_now": first <= timezone.localdate() < first + length,
        "days": days,
        "length": VIEWS[view],
        "opens": opens,
        "closes": closes,
        "may_block": shown.may_block,
        "offset_minutes": int((timezone.localtime().utcoffset() or timedelta()).total_seconds()) // 60,
    }


def _hours_of_grid(shown: CounselorCalendarView, first: datetime, last: datetime) -> tuple[int, int]:
    """The first hour and the one after the last (up to 24) that the grid must reach around."""
    opens, closes = OPENS, CLOSES
    spans = [(one.start, one.end) for one in shown.hours] + [(one.start, one.end) for one in shown.entries]
    for span in _within(spans, first, last):
        start, end = map(timezone.localtime, span)
        ends_at = end.hour + (end.minute > 0)
        if start.date() == end.date():
            opens, closes = min(opens, start.hour), max(closes, ends_at)
        else:  # over midnight: to the end of one day, and from the beginning of the next
            opens, closes = min(opens, start.hour) if ends_at == 0 else 0, 24
    return opens, closes


def _day(shown: CounselorCalendarView, day: date, counselor_id: UUID) -> CalendarDay:
    start, end = start_of(day), start_of(day + timedelta(days=1))
    return CalendarDay(
        day,
        day == timezone.localdate(),
        [_row(entry, counselor_id) for entry in shown.entries if entry.start < end and entry.end > start],
        _within([(one.start, one.end) for one in shown.hours], start, end),
        _within(shown.away, start, end),
        _within(shown.elsewhere, start, end),
    )


def _row(entry: Entry, counselor_id: UUID) -> EntryRow:
    url = move_url = ""
    if entry.session is not None:
        url = reverse("session_detail", args=[entry.id])
        move_url = reverse("session_reschedule", args=[entry.id]) if "reschedule" in entry.can else ""
    elif entry.kind == EntryKind.BLOCK and entry.can:
        url = reverse("block_edit", args=[counselor_id, entry.id])
    return EntryRow(entry.kind, entry.start, entry.end, entry.title, url, move_url, entry.session)


def _within(spans: Spans, start: datetime, end: datetime) -> Spans:
    clipped = ((max(first, start), min(last, end)) for first, last in spans)
    return [(first, last) for first, last in clipped if first < last]
