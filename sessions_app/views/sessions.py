"""A person's sessions: the list, one of them, cancelling, saying how it went."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import reader_of
from accounts.permissions import Action
from accounts.roles import Role
from core.api.paging import PageRequest
from core.errors import InvalidState
from sessions_app.access import access_session
from sessions_app.calendar_files import calendar_file_response
from sessions_app.forms.booking import CancelForm
from sessions_app.listing import SessionRow, session_page, session_rows
from sessions_app.models import Session, SessionStatus
from sessions_app.paging import page_number, pages_of
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.notes import texts_for
from sessions_app.services.states import complete_session, mark_no_show
from sessions_app.views.posts import posted, posted_from
from sessions_app.views.shown import card, day_page_of, other_party, who_cancelled

ROWS_A_PAGE = 20


@require_safe
def my_sessions(request: HttpRequest) -> HttpResponse:
    """Coming ones, soonest first; ?view=past: those that are over or cancelled, latest first."""
    now = timezone.now()
    is_past = request.GET.get("view") == "past"
    viewer = reader_of(request)
    visible = Session.objects.visible_to(viewer)
    shown = visible.over(now) if is_past else visible.coming(now)
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
    reader = reader_of(request)
    session = access_session(reader, session_id)
    context = _shown(request, session) | texts_for(session=session, reader=reader)
    return render(request, "sessions_app/session_detail.html", context)


@require_safe
def session_booked(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """What stands at the end of booking; of a session that is no longer on, its page."""
    session = access_session(reader_of(request), session_id)
    if session.status != SessionStatus.CONFIRMED:
        return redirect("session_detail", session_id)
    return render(request, "sessions_app/session_booked.html", _shown(request, session))


@require_http_methods(["GET", "HEAD", "POST"])
def session_cancel(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """GET says what will be lost and asks, POST cancels. Cancelling twice is no error."""
    reader = reader_of(request)
    session = access_session(reader, session_id, Action.SESSION_CHANGE)
    if session.status == SessionStatus.CANCELLED:
        messages.info(request, "This session is cancelled already.")
        return redirect("session_detail", session_id)
    form = CancelForm(posted(request), is_patient=reader.role == Role.PATIENT)
    if request.method == "POST" and form.is_valid():
        cancel_session(session=session, actor=reader, reason=form.cleaned_data["reason"])
        messages.success(request, "The session is cancelled. Everyone concerned is told.")
        return redirect("session_detail", session_id)
    context = _shown(request, session) | {"form": form}
    if "cancel" not in context["session"].can:
        raise InvalidState("This session can no longer be cancelled.")
    return render(request, "sessions_app/session_cancel.html", context, status=422 if form.errors else 200)


@posted_from("session_detail")
def session_complete(request: HttpRequest, session_id: UUID) -> HttpResponse:
    session = access_session(reader_of(request), session_id, Action.SESSION_COMPLETE)
    return _end(request, session, complete_session, "Noted: the session took place.")


@require_http_methods(["GET", "HEAD", "POST"])
def session_no_show(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """GET asks, since it cannot be undone here; POST notes that nobody came."""
    session = access_session(reader_of(request), session_id, Action.SESSION_NO_SHOW)
    if request.method == "POST":
        return _end(request, session, mark_no_show, "Noted: nobody came.")
    context = _shown(request, session)
    if "no_show" not in context["session"].can:
        messages.info(request, "This can be noted once the session has begun, and only once.")
        return redirect("session_detail", session_id)
    return render(request, "sessions_app/session_no_show.html", context)


@require_safe
def session_calendar_file(request: HttpRequest, session_id: UUID) -> HttpResponse:
    return calendar_file_response(access_session(reader_of(request), session_id), reader_of(request))


def _end(request: HttpRequest, session: Session, end: Callable[..., Session], told: str) -> HttpResponse:
    """Back to the day; what had ended before, as after a double click, is said and no dead end."""
    reader = reader_of(request)
    try:
        end(session=session, actor=reader)
    except InvalidState as error:
        messages.info(request, error.message)
    else:
        messages.success(request, told)
    return redirect(day_page_of(_row(request, session), reader))


def _shown(request: HttpRequest, session: Session) -> dict[str, Any]:
    """What the pages of one session have in common."""
    reader, row = reader_of(request), _row(request, session)
    return {
        "session": row,
        "with_name": other_party(row, reader),
        "cancelled_by": who_cancelled(row, reader),
        "is_own": reader.role == Role.PATIENT,
        "is_over": row.end <= timezone.now(),
        "back_url": day_page_of(row, reader),
    }


def _row(request: HttpRequest, session: Session) -> SessionRow:
    chosen = Session.objects.filter(pk=session.pk)
    return session_rows(chosen, viewer=reader_of(request), now=timezone.now())[0]
