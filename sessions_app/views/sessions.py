"""A person's sessions: the list, one of them, cancelling."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import reader_of
from accounts.permissions import Action
from accounts.roles import Role
from core.api.paging import PageRequest
from core.errors import InvalidState
from sessions_app.access import access_session
from sessions_app.calendar_files import calendar_file_response
from sessions_app.forms import CancelForm
from sessions_app.listing import SessionRow, session_page, session_rows
from sessions_app.models import Session
from sessions_app.paging import page_number, pages_of
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.notes import texts_for
from sessions_app.services.states import complete_session, mark_no_show
from sessions_app.views.shown import card, other_party

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
    session = access_session(reader_of(request), session_id)
    reader = reader_of(request)
    row = _row(request, session)
    context = {
        "session": row,
        "with_name": other_party(row, reader),
        "is_own": reader.role == Role.PATIENT,
        **texts_for(session=session, reader=reader),
    }
    return render(request, "sessions_app/session_detail.html", context)


@require_safe
def session_booked(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """What stands at the end of booking."""
    row = _row(request, access_session(reader_of(request), session_id))
    return render(
        request,
        "sessions_app/session_booked.html",
        {"session": row, "with_name": other_party(row, reader_of(request))},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def session_cancel(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """GET says what will be lost and asks, POST cancels."""
    session = access_session(reader_of(request), session_id, Action.SESSION_CHANGE)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        cancel_session(session=session, actor=reader_of(request), reason=form.cleaned_data["reason"])
        messages.success(request, "The session is cancelled. Everyone concerned is told.")
        return redirect("session_detail", session_id)
    row = _row(request, session)
    if "cancel" not in row.can:
        raise InvalidState("This session can no longer be cancelled.")
    context = {"session": row, "form": form, "with_name": other_party(row, reader_of(request))}
    return render(request, "sessions_app/session_cancel.html", context)


@require_POST
def session_complete(request: HttpRequest, session_id: UUID) -> HttpResponse:
    session = access_session(reader_of(request), session_id, Action.SESSION_COMPLETE)
    complete_session(session=session, actor=reader_of(request))
    messages.success(request, "Noted: the session took place.")
    return redirect("session_detail", session_id)


@require_POST
def session_no_show(request: HttpRequest, session_id: UUID) -> HttpResponse:
    session = access_session(reader_of(request), session_id, Action.SESSION_NO_SHOW)
    mark_no_show(session=session, actor=reader_of(request))
    messages.success(request, "Noted: the session did not take place.")
    return redirect("session_detail", session_id)


@require_safe
def session_calendar_file(request: HttpRequest, session_id: UUID) -> HttpResponse:
    return calendar_file_response(access_session(reader_of(request), session_id), reader_of(request))


def _row(request: HttpRequest, session: Session) -> SessionRow:
    chosen = Session.objects.filter(pk=session.pk)
    return session_rows(chosen, viewer=reader_of(request), now=timezone.now())[0]
