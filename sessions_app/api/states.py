"""Moving a session, how it begins and ends, and putting right an end that was noted wrongly."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.access import reader_of
from accounts.permissions import Action
from core.api.answers import Answer, Created
from core.api.views import Endpoint, operation
from core.errors import InvalidState, NotFound, PermissionDenied, SlotTaken, ValidationFailed
from sessions_app.access import access_session
from sessions_app.api.shown import shown_session
from sessions_app.models import Session, SessionStatus
from sessions_app.serializers.sessions import SessionShape
from sessions_app.serializers.states import CorrectBody, RescheduleBody, SuggestBody, SuggestedShape
from sessions_app.services.moves import take_back_move
from sessions_app.services.states import complete_session, correct_session, mark_no_show, start_session
from sessions_app.services.suggestions import free_suggestions, suggest_times
from sessions_app.services.switching import change_time

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
        """Move it. The new time is taken before the old one is given up; a patient can while cancelling is free.

        A patient in a group goes to another of its sessions, which is the answer; for counselors and staff it moves
        with all who take part.
        """
        return _after(change_time, request, session_id, Action.SESSION_CHANGE, **body)


class RescheduleUndo(Endpoint):
    @operation(Action.SESSION_CHANGE, answer=SessionShape, raises=(SlotTaken, *REFUSALS))
    def post(self, request: Request, session_id: UUID) -> Answer:
        """Back to the time before one's own last move, within half a minute of it and while that time is free."""
        return _after(take_back_move, request, session_id, Action.SESSION_CHANGE)


class SuggestedTimes(Endpoint):
    @operation(Action.SESSION_SEE, answer=SuggestedShape, many=True, raises=(NotFound,))
    def get(self, request: Request, session_id: UUID) -> Answer:
        """The times suggested to the patient that can still be had; `reschedule` takes one, whatever the notice."""
        slots = free_suggestions(access_session(reader_of(request), session_id))
        return Answer([{"start": slot.start, "end": slot.end} for slot in slots])

    @operation(
        Action.SESSION_SUGGEST,
        body=SuggestBody,
        answer=SuggestedShape,
        many=True,
        status=201,
        raises=(ValidationFailed, *REFUSALS),
    )
    def post(self, request: Request, session_id: UUID, body: dict[str, Any]) -> Answer:
        """Tell the patient of new times for a session that cannot be kept. It stays where it is until they choose."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_SUGGEST)
        suggested = suggest_times(session=session, starts=body["starts"], actor=actor)
        return Created([{"start": each.start, "end": each.end} for each in suggested])


class SessionStart(Endpoint):
    @operation(Action.SESSION_COMPLETE, answer=SessionShape, raises=REFUSALS)
    def post(self, request: Request, session_id: UUID) -> Answer:
        """It begins: from ten minutes before its time until it is over."""
        return _after(start_session, request, session_id, Action.SESSION_COMPLETE)


class SessionCompletion(Endpoint):
    @operation(Action.SESSION_COMPLETE, answer=SessionShape, raises=REFUSALS)
    def post(self, request: Request, session_id: UUID) -> Answer:
        """It took place."""
        return _after(complete_session, request, session_id, Action.SESSION_COMPLETE)


class SessionNoShow(Endpoint):
    @operation(Action.SESSION_NO_SHOW, answer=SessionShape, raises=REFUSALS)
    def post(self, request: Request, session_id: UUID) -> Answer:
        """The patient did not come."""
        return _after(mark_no_show, request, session_id, Action.SESSION_NO_SHOW)


class SessionCorrection(Endpoint):
    @operation(
        Action.SESSION_CORRECT, body=CorrectBody, answer=SessionShape, raises=(ValidationFailed, *REFUSALS)
    )
    def post(self, request: Request, session_id: UUID, body: dict[str, Any]) -> Answer:
        """Put right a wrong completed or no_show. `confirmed` is as if nobody had said anything yet."""
        status = SessionStatus(body["status"])
        return _after(
            correct_session,
            request,
            session_id,
            Action.SESSION_CORRECT,
            status=status,
            reason=body["reason"],
        )


def _after(
    change: Callable[..., Session], request: Request, session_id: UUID, action: Action, **values: Any
) -> Answer:
    """The session as it is after a service changed it, for who may do that to it."""
    actor = reader_of(request)
    session = access_session(actor, session_id, action)
    return Answer(shown_session(change(session=session, actor=actor, **values), actor))
