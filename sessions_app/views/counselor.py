"""The counselor's day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import reader_of
from accounts.models import User
from sessions_app.access import access_own_practice
from sessions_app.listing import session_rows
from sessions_app.models import Session, SessionStatus
from sessions_app.session_rows import SessionRow
from sessions_app.views.days import around, day_bounds, wanted_day
from sessions_app.views.shown import SessionCard, cards_of_day

SHORTEST_GAP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing between two sessions."""

    start: datetime
    end: datetime
    kind: str = "gap"


@require_safe
def counselor_today(request: HttpRequest) -> HttpResponse:
    """One day (?day=, today without it) in the order of time."""
    counselor = access_own_practice(reader_of(request))
    day = wanted_day(request)
    start, end = day_bounds(day)
    now = timezone.now()
    sessions = (
        Session.objects.visible_to(reader_of(request))
        .filter(counselor=counselor, start__gte=start, start__lt=end)
        .order_by("start", "id")
    )
    rows = session_rows(sessions, viewer=reader_of(request), now=now)
    context = {
        **around(day),
        "entries": _day_plan(rows, reader_of(request), now),
        "count": sum(row.status != SessionStatus.CANCELLED for row in rows),
    }
    return render(request, "sessions_app/counselor_today.html", context)


def _day_plan(rows: list[SessionRow], viewer: User, now: datetime) -> list[SessionCard | Gap]:
    """Sessions and the gaps between them, as the fragment _day_plan.html shows them."""
    entries: list[SessionCard | Gap] = []
    busy_until: datetime | None = None
    for row, shown in zip(rows, cards_of_day(rows, viewer=viewer, now=now), strict=True):
        is_on = row.status != SessionStatus.CANCELLED
        if is_on and busy_until is not None and row.start - busy_until >= SHORTEST_GAP:
            entries.append(Gap(busy_until, row.start))
        entries.append(shown)
        if is_on:
            busy_until = max(busy_until or row.end, row.end)
    return entries
