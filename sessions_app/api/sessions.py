"""Sessions: list, book, see; how they begin and end is in states.py and cancellation.py."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from accounts.access import reader_of
from accounts.authentication import claims_of
from accounts.permissions import Action
from accounts.roles import Role
from core.api.answers import Answer, Created, PageAnswer
from core.api.views import Endpoint, operation
from core.errors import HoldExpired, InvalidState, NotFound, PermissionDenied, SlotTaken, ValidationFailed
from core.statements import Statement
from sessions_app.access import access_bookable_patient, access_hold, access_session
from sessions_app.api.shown import shown_booking, shown_session
from sessions_app.calendar_files import calendar_file_response
from sessions_app.listing import page_statements, visible_session_page
from sessions_app.serializers.sessions import (
    BookBody,
    SessionShape,
    SessionsQuery,
    session_answer,
)
from sessions_app.services.booking import book_directly, book_hold
from sessions_app.services.cancellation import cancel_session


def _page_ahead(request: Request, parsed: dict[str, Any]) -> list[Statement]:
    claims, query = claims_of(request), parsed["query"]
    if claims is None or claims.role not in Role.values or query["filters"]:
        return []
    return page_statements(query["page"], role=claims.role, user_id=claims.user_id)


class SessionCollection(Endpoint):
    @operation(Action.SESSION_SEE, query=SessionsQuery, answer=SessionShape, paged=True, ahead=_page_ahead)
    def get(self, request: Request, query: dict[str, Any]) -> Answer:
        """One's own sessions; for staff, those of their centres."""
        page = visible_session_page(
            query["page"], viewer=reader_of(request), now=timezone.now(), filters=query["filters"]
        )
        return PageAnswer(page, [session_answer(row) for row in page.rows])

    @operation(
        Action.SESSION_BOOK,
        body=BookBody,
        answer=SessionShape,
        status=201,
        raises=(ValidationFailed, PermissionDenied, NotFound, SlotTaken, HoldExpired, InvalidState),
        idempotent=True,
    )
    def post(self, request: Request, body: dict[str, Any]) -> Answer:
        """Book the time of a hold, or a free time directly; staff also over what the counselor has (`overbook`)."""
        note = body.get("note", "")
        if body["hold"] is not None:
            session = book_hold(
                hold=access_hold(reader_of(request), body["hold"]), actor=reader_of(request), note=note
            )
        else:
            patient_id = access_bookable_patient(reader_of(request), body["patient"])
            booked = book_directly(
                choice=body["choice"],
                patient_id=patient_id,
                actor=reader_of(request),
                note=note,
                overbook_reason=body["overbook_reason"],
            )
            if patient_id == reader_of(request).pk and not booked.has_joined:
                return Created(shown_booking(booked, reader_of(request)))
            session = booked.session
        return Created(shown_session(session, reader_of(request)))


class SessionDetail(Endpoint):
    @operation(Action.SESSION_SEE, answer=SessionShape, raises=(NotFound,))
    def get(self, request: Request, session_id: UUID) -> Answer:
        """One session."""
        return Answer(shown_session(access_session(reader_of(request), session_id), reader_of(request)))

    @operation(Action.SESSION_CHANGE, answer=SessionShape, raises=(NotFound, PermissionDenied, InvalidState))
    def delete(self, request: Request, session_id: UUID) -> Answer:
        """Cancel it, without a reason."""
        session = access_session(reader_of(request), session_id, Action.SESSION_CHANGE)
        return Answer(
            shown_session(cancel_session(session=session, actor=reader_of(request)), reader_of(request))
        )


class SessionCalendarFile(Endpoint):
    @operation(Action.SESSION_SEE, raises=(NotFound,), media_type="text/calendar")
    def get(self, request: Request, session_id: UUID) -> HttpResponse:
        """The session as a calendar file (iCalendar, RFC 5545), in the reader's zone, with a discreet title."""
        session = access_session(reader_of(request), session_id)
        return calendar_file_response(session, reader_of(request))
