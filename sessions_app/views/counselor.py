"""The counselor's day."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import reader_of
from accounts.models import CounselorProfile, User
from sessions_app.access import access_own_practice
from sessions_app.free_time import merge_spans
from sessions_app.listing import session_rows
from sessions_app.models import CalendarBlock, OutsideBusy, Session, SessionStatus
from sessions_app.session_rows import SessionRow
from sessions_app.views.days import around, day_bounds, wanted_day
from sessions_app.views.shown import SessionCard, cards_of_day

SHORTEST_GAP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing between two things."""

    start: datetime
    end: datetime
    kind: str = "gap"


@dataclass(frozen=True, slots=True)
class OtherTime:
    """Time that is no session's: a "block", with its title and page, or "elsewhere", busy in another calendar."""

    kind: str
    start: datetime
    end: datetime
    title: str = ""
    url: str = ""


@require_safe
def counselor_today(request: HttpRequest) -> HttpResponse:
    """One day (?day=, today without it) in the order of time."""
    reader = reader_of(request)
    counselor = access_own_practice(reader)
    day = wanted_day(request)
    start, end = day_bounds(day)
    now = timezone.now()
    sessions = (
        Session.objects.visible_to(reader)
        .filter(counselor=counselor, start__gte=start, start__lt=end)
        .order_by("start", "id")
    )
    rows = session_rows(sessions, viewer=reader, now=now)
    others = [*_blocks(counselor, start, end), *_busy_elsewhere(counselor, start, end)]
    context = {
        **around(day),
        "entries": _day_plan(rows, others, reader, now),
        "count": sum(row.status != SessionStatus.CANCELLED for row in rows),
    }
    return render(request, "sessions_app/counselor_today.html", context)


def _blocks(counselor: CounselorProfile, start: datetime, end: datetime) -> list[OtherTime]:
    """What the counselor keeps for something else, where it touches [start, end)."""
    blocks = CalendarBlock.objects.filter(counselor=counselor, entry__start__lt=end, entry__end__gt=start)
    return [
        OtherTime(
            "block",
            block.start,
            block.end,
            block.title or "",
            reverse("block_edit", args=[counselor.pk, block.pk]),
        )
        for block in blocks.select_related("entry")
    ]


def _busy_elsewhere(counselor: CounselorProfile, start: datetime, end: datetime) -> list[OtherTime]:
    """By the outside calendars, merged and clipped to [start, end)."""
    spans = OutsideBusy.objects.filter(counselor=counselor, start__lt=end, end__gt=start)
    merged = merge_spans(
        (int(first.timestamp()), int(last.timestamp())) for first, last in spans.values_list("start", "end")
    )
    clipped = ((max(_instant(first), start), min(_instant(last), end)) for first, last in merged)
    return [OtherTime("elsewhere", first, last) for first, last in clipped]


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _day_plan(
    rows: list[SessionRow], others: list[OtherTime], viewer: User, now: datetime
) -> list[SessionCard | Gap | OtherTime]:
    """Sessions, what else takes time, and the gaps between, as the fragment _day_plan.html shows them."""
    cancelled = {row.id for row in rows if row.status == SessionStatus.CANCELLED}
    standing: list[SessionCard | OtherTime] = [*cards_of_day(rows, viewer=viewer, now=now), *others]
    entries: list[SessionCard | Gap | OtherTime] = []
    busy_until: datetime | None = None
    for one in sorted(standing, key=lambda one: one.start):
        is_on = isinstance(one, OtherTime) or one.id not in cancelled
        if is_on and busy_until is not None and one.start - busy_until >= SHORTEST_GAP:
            entries.append(Gap(busy_until, one.start))
        entries.append(one)
        if is_on:
            busy_until = max(busy_until or one.end, one.end)
    return entries
