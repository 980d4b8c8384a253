"""Checking in: buttons of the desk's day and of a session's page."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.access import reader_of
from accounts.permissions import Action
from core.errors import InvalidState
from sessions_app.access import access_session
from sessions_app.models import Session
from sessions_app.services.check_in import check_in, undo_check_in
from sessions_app.views.one_session import row_of
from sessions_app.views.posts import posted_from
from sessions_app.views.shown import day_page_of


@posted_from("session_detail")
def session_check_in(request: HttpRequest, session_id: UUID) -> HttpResponse:
    return _note(request, session_id, check_in, "Checked in. The counselor sees it.")


@posted_from("session_detail")
def session_check_in_undo(request: HttpRequest, session_id: UUID) -> HttpResponse:
    return _note(request, session_id, undo_check_in, "The check-in is undone.")


def _note(request: HttpRequest, session_id: UUID, note: Callable[..., Session], told: str) -> HttpResponse:
    """Back to the day, at the session; what is no longer possible is said."""
    reader = reader_of(request)
    session = access_session(reader, session_id, Action.SESSION_CHECK_IN)
    try:
        note(session=session, actor=reader)
    except InvalidState as error:
        messages.info(request, error.message)
    else:
        messages.success(request, told)
    return redirect(f"{day_page_of(row_of(request, session), reader)}#session-{session_id}")
