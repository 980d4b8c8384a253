"""Moving a session, how it begins and ends, and putting right an end that was noted wrongly."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.access import reader_of
from accounts.permissions import Action
from core.api.answers import Answer
from core.api.views import Endpoint, operation
from core.errors import InvalidState, NotFound, PermissionDenied, SlotTaken, ValidationFailed
from sessions_app.access import access_session
from sessions_app.api.shown import shown_session
from sessions_app.models import SessionStatus
from sessions_app.serializers.sessions import SessionShape
from sessions_app.serializers.states import CorrectBody, RescheduleBody
from sessions_app.services.rescheduling import reschedule_session
from sessions_app.services.states import complete_session, correct_session, mark_no_show, start_session

REFUSALS = (NotFound, PermissionDenied, InvalidState)


class SessionReschedule(Endpoint):
    @operation(
        Action.SESSION_CHANGE,
        body=RescheduleBody,
        answer=SessionShape,
        raises=(ValidationFailed, SlotTaken, *REFUSALS),
        idempotent=True,
    )
    def post(self, request: Request, session_id: UUID, body: dict[str, Any]) -> Answer:
        """Move it. The new time is taken before the old one is given up; a patient can while cancelling is free."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_CHANGE)
        return Answer(shown_session(reschedule_session(session=session, actor=actor, **body), actor))


class SessionStart(Endpoint):
    @operation(Action.SESSION_COMPLETE, answer=SessionShape, raises=REFUSALS)
    def post(self, request: Request, session_id: UUID) -> Answer:
        """It begins: from ten minutes before its time until it is over."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_COMPLETE)
        return Answer(shown_session(start_session(session=session, actor=actor), actor))


class SessionCompletion(Endpoint):
    @operation(Action.SESSION_COMPLETE, answer=SessionShape, raises=REFUSALS)
    def post(self, request: Request, session_id: UUID) -> Answer:
        """It took place."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_COMPLETE)
        return Answer(shown_session(complete_session(session=session, actor=actor), actor))


class SessionNoShow(Endpoint):
    @operation(Action.SESSION_NO_SHOW, answer=SessionShape, raises=REFUSALS)
    def post(self, request: Request, session_id: UUID) -> Answer:
        """The patient did not come."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_NO_SHOW)
        return Answer(shown_session(mark_no_show(session=session, actor=actor), actor))


class SessionCorrection(Endpoint):
    @operation(
        Action.SESSION_CORRECT, body=CorrectBody, answer=SessionShape, raises=(ValidationFailed, *REFUSALS)
    )
    def post(self, request: Request, session_id: UUID, body: dict[str, Any]) -> Answer:
        """Put right a wrong completed or no_show. `confirmed` is as if nobody had said anything yet."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_CORRECT)
        corrected = correct_session(
            session=session, status=SessionStatus(body["status"]), reason=body["reason"], actor=actor
        )
        return Answer(shown_session(corrected, actor))
