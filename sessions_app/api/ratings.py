"""What a patient thought of a session afterwards."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.access import reader_of
from accounts.permissions import Action
from core.api.answers import Answer
from core.api.views import Endpoint, operation
from core.errors import InvalidState, NotFound, PermissionDenied, ValidationFailed
from sessions_app.access import access_session
from sessions_app.serializers.ratings import RateBody, RatingShape, rating_answer
from sessions_app.services.ratings import rate_session, rating_of


class SessionRate(Endpoint):
    @operation(Action.SESSION_RATE, answer=RatingShape, raises=(NotFound, PermissionDenied))
    def get(self, request: Request, session_id: UUID) -> Answer:
        """One's own rating; NOT_FOUND when there is none yet."""
        patient = reader_of(request)
        rating = rating_of(session=access_session(patient, session_id, Action.SESSION_RATE), patient=patient)
        if rating is None:
            raise NotFound("You have not rated this session yet.")
        return Answer(rating_answer(rating))

    @operation(
        Action.SESSION_RATE,
        body=RateBody,
        answer=RatingShape,
        raises=(NotFound, PermissionDenied, InvalidState, ValidationFailed),
    )
    def put(self, request: Request, session_id: UUID, body: dict[str, Any]) -> Answer:
        """Rate a completed session, or change it. The counselor reads the comment, and only the average of ratings."""
        patient = reader_of(request)
        rating = rate_session(
            session=access_session(patient, session_id, Action.SESSION_RATE),
            stars=body["rating"],
            comment=body.get("comment", ""),
            actor=patient,
        )
        return Answer(rating_answer(rating))
