"""A person's sessions: the list, one of them, its calendar file. How they begin and end is in endings.py."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import reader_of
from core.api.paging import PageRequest
from sessions_app.access import access_session
from sessions_app.calendar_files import calendar_file_response
from sessions_app.listing import session_page
from sessions_app.models import Session, SessionStatus
from sessions_app.paging import page_number, pages_of
from sessions_app.views.one_session import detail_page, facts_of
from sessions_app.views.shown import card

ROWS_A_PAGE = 20


@require_safe
def my_sessions(request: HttpRequest) -> HttpResponse:
    """Coming ones, soonest first; ?view=past: those that are over or cancelled, latest first."""
    now = timezone.now()
    is_past = request.GET.get("view") == "past"
    viewer = reader_of(request)
    visible = Session.objects.visible_to(viewer)
    shown = visible.over(now, viewer=viewer) if is_past else visible.coming(now, viewer=viewer)
    ordering = ("-start", "-id") if is_past else ("start", "id")
    asked = PageRequest(number=page_number(request), size=ROWS_A_PAGE, ordering=ordering)
    page = session_page(shown, asked, viewer=viewer, now=now)
    cards = [
        card(row, viewer=viewer, now=now, is_next=not is_past and number == 0 and asked.number == 1)
        for number, row in enumerate(page.rows)
    ]
    context = {"cards": cards, "total": page.total, "page": pages_of(page), "is_past": is_past}
    return render(request, "sessions_app/my_sessions.html", context)


@require_safe
def session_detail(request: HttpRequest, session_id: UUID) -> HttpResponse:
    return detail_page(request, access_session(reader_of(request), session_id))


@require_safe
def session_booked(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """What stands at the end of booking; of a session that is no longer on, its page."""
    session = access_session(reader_of(request), session_id)
    context = facts_of(request, session)
    if context["session"].status != SessionStatus.CONFIRMED:
        return redirect("session_detail", session_id)
    return render(request, "sessions_app/session_booked.html", context)


@require_safe
def session_calendar_file(request: HttpRequest, session_id: UUID) -> HttpResponse:
    return calendar_file_response(access_session(reader_of(request), session_id), reader_of(request))
