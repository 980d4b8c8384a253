"""Checking in: who has come for a session."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.access import reader_of
from accounts.models import User
from accounts.permissions import Action
from core.api.answers import Answer
from core.api.views import Endpoint, operation
from core.errors import InvalidState, NotFound, PermissionDenied, ValidationFailed
from sessions_app.access import access_session
from sessions_app.listing import session_rows
from sessions_app.models import Session
from sessions_app.serializers.check_in import ArrivalShape, CheckInBody, CheckInQuery, arrivals_answer
from sessions_app.services.check_in import arrivals_of, check_in, undo_check_in

REFUSALS = (NotFound, PermissionDenied, InvalidState, ValidationFailed)


class SessionCheckIn(Endpoint):
    @operation(Action.SESSION_SEE, answer=ArrivalShape, many=True, raises=(NotFound,))
    def get(self, request: Request, session_id: UUID) -> Answer:
        """Who takes part, and since when they are there."""
        reader = reader_of(request)
        return _arrivals(access_session(reader, session_id), reader)

    @operation(Action.SESSION_CHECK_IN, body=CheckInBody, answer=ArrivalShape, many=True, raises=REFUSALS)
    def post(self, request: Request, session_id: UUID, body: dict[str, Any]) -> Answer:
        """The patient is there: for a session in person, on its day. Twice is as good as once."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_CHECK_IN)
        check_in(session=session, actor=actor, patient_id=body.get("patient"))
        return _arrivals(session, actor)

    @operation(Action.SESSION_CHECK_IN, query=CheckInQuery, answer=ArrivalShape, many=True, raises=REFUSALS)
    def delete(self, request: Request, session_id: UUID, query: dict[str, Any]) -> Answer:
        """It was noted wrongly: they are not there."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_CHECK_IN)
        undo_check_in(session=session, actor=actor, patient_id=query.get("patient"))
        return _arrivals(session, actor)


def _arrivals(session: Session, viewer: User) -> Answer:
    (row,) = session_rows(Session.objects.filter(pk=session.pk), viewer=viewer, now=timezone.now())
    return Answer(arrivals_answer(row, arrivals_of([session.pk]).get(session.pk, [])))
