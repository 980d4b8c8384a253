"""Cancelling a session, what it costs, and the policy that says so."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.access import access_counselor, access_counselor_to_plan, reader_of
from accounts.permissions import Action
from core.api.answers import Answer
from core.api.views import Endpoint, operation
from core.errors import Conflict, InvalidState, NotFound, PermissionDenied, ValidationFailed
from sessions_app.access import access_session
from sessions_app.api.shown import shown_session
from sessions_app.models import SessionStatus
from sessions_app.serializers.policies import (
    CancellationCostShape,
    PoliciesShape,
    PolicyBody,
    WaiveBody,
    cost_answer,
    policies_answer,
)
from sessions_app.serializers.sessions import CancelBody, SessionShape
from sessions_app.services.cancellation import cancel_session, require_cancellable
from sessions_app.services.policies import cost_of_cancelling, policies_of, set_notice_policy, waive_charge
from sessions_app.services.states import require_transition

REFUSALS = (NotFound, PermissionDenied, InvalidState)


class SessionCancellation(Endpoint):
    @operation(Action.SESSION_CHANGE, answer=CancellationCostShape, raises=REFUSALS)
    def get(self, request: Request, session_id: UUID) -> Answer:
        """What cancelling it costs now, for who asks. Show it before the patient cancels."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_CHANGE)
        require_transition(session, SessionStatus.CANCELLED)
        require_cancellable(session, actor, timezone.now())
        return Answer(cost_answer(cost_of_cancelling(session=session, actor=actor)))


class SessionCancel(Endpoint):
    @operation(
        Action.SESSION_CHANGE,
        body=CancelBody,
        answer=SessionShape,
        raises=(*REFUSALS, Conflict),
    )
    def post(self, request: Request, session_id: UUID, body: dict[str, Any]) -> Answer:
        """Cancel it. Its time is free again at once; a patient who is late owes what /cancellation says."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.SESSION_CHANGE)
        cancelled = cancel_session(
            session=session,
            actor=actor,
            reason=body.get("reason", ""),
            agreed_charge_minor=body.get("charge_minor"),
        )
        return Answer(shown_session(cancelled, actor))


class ChargeWaiver(Endpoint):
    @operation(Action.CHARGE_WAIVE, body=WaiveBody, answer=SessionShape, raises=(ValidationFailed, *REFUSALS))
    def post(self, request: Request, session_id: UUID, body: dict[str, Any]) -> Answer:
        """The patient owes the charge no longer. The reason goes into the audit trail."""
        actor = reader_of(request)
        session = access_session(actor, session_id, Action.CHARGE_WAIVE)
        waived = waive_charge(
            session=session, reason=body["reason"], actor=actor, patient_id=body.get("patient")
        )
        return Answer(shown_session(waived, actor))


class CancellationPolicy(Endpoint):
    @operation(Action.DIRECTORY_READ, answer=PoliciesShape, raises=(NotFound,))
    def get(self, request: Request, counselor_id: UUID) -> Answer:
        """What cancelling late will cost for what is booked now. A session keeps the version it was booked under."""
        counselor = access_counselor(request.user, counselor_id)
        return Answer(policies_answer(policies_of(counselor.pk)))

    @operation(
        Action.AVAILABILITY_EDIT,
        body=PolicyBody,
        answer=PoliciesShape,
        raises=(NotFound, PermissionDenied, ValidationFailed),
    )
    def put(self, request: Request, counselor_id: UUID, body: dict[str, Any]) -> Answer:
        """A new version, in force fifteen minutes from now for what is booked then."""
        actor = reader_of(request)
        counselor = access_counselor_to_plan(actor, counselor_id)
        set_notice_policy(counselor=counselor, actor=actor, **body)
        return Answer(policies_answer(policies_of(counselor.pk)))
