"""Checking in: buttons of the desk's day and of a session's page."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts.access import reader_of
from accounts.permissions import Action
from sessions_app.access import access_session
from sessions_app.services.check_in import check_in, undo_check_in
from sessions_app.views.one_session import note_and_return
from sessions_app.views.posts import posted_from


@posted_from("session_detail")
def session_check_in(request: HttpRequest, session_id: UUID) -> HttpResponse:
    session = access_session(reader_of(request), session_id, Action.SESSION_CHECK_IN)
    return note_and_return(request, session, check_in, "Checked in. The counselor sees it.")


@posted_from("session_detail")
def session_check_in_undo(request: HttpRequest, session_id: UUID) -> HttpResponse:
    session = access_session(reader_of(request), session_id, Action.SESSION_CHECK_IN)
    return note_and_return(request, session, undo_check_in, "The check-in is undone.")
