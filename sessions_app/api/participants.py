"""Who takes part in a couple's or a group's session. For counselors and staff: patients never read of one another."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.access import access_patient_to_book_for, reader_of
from accounts.permissions import Action
from core.api.answers import Answer, Created
from core.api.views import Endpoint, operation
from core.errors import InvalidState, NotFound, PermissionDenied, SlotTaken, ValidationFailed
from sessions_app.access import access_session
from sessions_app.listing import session_rows
from sessions_app.models import Session
from sessions_app.serializers.participants import ParticipantBody, ParticipantShape, participants_answer
from sessions_app.services.participants import add_participant, note_missing, remove_participant

REFUSALS = (NotFound, PermissionDenied, InvalidState)


class ParticipantCollection(Endpoint):
    @operation(Action.SESSION_PARTICIPANTS, answer=ParticipantShape, many=True, raises=(NotFound,))
    def get(self, request: Request, session_id: UUID) -> Answer:
        """All who take part, and who has cancelled for themselves."""
        session = access_session(reader_of(request), session_id, Action.SESSION_PARTICIPANTS)
        return Answer(_shown(session, request))

    @operation(
        Action.SESSION_PARTICIPANTS,
        body=ParticipantBody,
        answer=ParticipantShape,
        many=True,
        status=201,
        raises=(*REFUSALS, SlotTaken, ValidationFailed),
        idempotent=True,
    )
    def post(self, request: Request, session_id: UUID, body: dict[str, Any]) -> Answer:
        """One more takes part, while there are places: the partner of a couple, or somebody in a group."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_PARTICIPANTS)
        patient = access_patient_to_book_for(actor, body["patient"])
        add_participant(session=session, patient_id=patient.pk, actor=actor, note=body.get("note", ""))
        return Created(_shown(session, request))


class Participant(Endpoint):
    @operation(Action.SESSION_PARTICIPANTS, answer=ParticipantShape, many=True, raises=REFUSALS)
    def delete(self, request: Request, session_id: UUID, patient_id: UUID) -> Answer:
        """One of several comes no more, at no charge. When nobody else takes part, cancel the session."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_PARTICIPANTS)
        remove_participant(session=session, patient_id=patient_id, actor=actor)
        return Answer(_shown(session, request))


class ParticipantNoShow(Endpoint):
    @operation(Action.SESSION_NO_SHOW, answer=ParticipantShape, many=True, raises=REFUSALS)
    def post(self, request: Request, session_id: UUID, patient_id: UUID) -> Answer:
        """One of several did not come, while others did."""
        return self._note(request, session_id, patient_id, is_missing=True)

    @operation(Action.SESSION_NO_SHOW, answer=ParticipantShape, many=True, raises=REFUSALS)
    def delete(self, request: Request, session_id: UUID, patient_id: UUID) -> Answer:
        """That was noted wrongly."""
        return self._note(request, session_id, patient_id, is_missing=False)

    def _note(self, request: Request, session_id: UUID, patient_id: UUID, *, is_missing: bool) -> Answer:
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_NO_SHOW)
        note_missing(session=session, patient_id=patient_id, is_missing=is_missing, actor=actor)
        return Answer(_shown(session, request))


def _shown(session: Session, request: Request) -> list[dict[str, Any]]:
    chosen = Session.objects.filter(pk=session.pk)
    (row,) = session_rows(chosen, viewer=reader_of(request), now=timezone.now())
    return participants_answer(row)
