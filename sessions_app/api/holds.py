"""Holds: a time kept for five minutes."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.access import reader_of
from accounts.permissions import Action
from core.api.answers import Answer, Created, NoContent
from core.api.views import Endpoint, operation
from core.errors import HoldExpired, InvalidState, NotFound, PermissionDenied, SlotTaken, ValidationFailed
from sessions_app.access import access_bookable_patient, access_hold
from sessions_app.models import SlotHold
from sessions_app.serializers.sessions import HoldShape, TimeChoiceBody, hold_answer
from sessions_app.services.holds import place_hold, release_hold, renew_hold


class HoldCollection(Endpoint):
    @operation(Action.SESSION_BOOK, answer=HoldShape, many=True)
    def get(self, request: Request) -> Answer:
        """One's own live holds; for staff, those that they placed. Offers of the waitlist stand there."""
        holds = (
            SlotHold.objects.visible_to(reader_of(request))
            .live()
            .filter(is_offer=False)
            .select_related("entry")
            .order_by("entry__start")
        )
        return Answer([hold_answer(hold) for hold in holds])

    @operation(
        Action.SESSION_BOOK,
        body=TimeChoiceBody,
        answer=HoldShape,
        status=201,
        raises=(ValidationFailed, PermissionDenied, NotFound, SlotTaken),
        idempotent=True,
    )
    def post(self, request: Request, body: dict[str, Any]) -> Answer:
        """Keep a time for five minutes. A patient has one hold: an earlier one is given back."""
        patient_id = access_bookable_patient(reader_of(request), body["patient"])
        return Created(
            hold_answer(place_hold(choice=body["choice"], patient_id=patient_id, actor=reader_of(request)))
        )


class Hold(Endpoint):
    @operation(Action.SESSION_BOOK, status=204, raises=(NotFound,))
    def delete(self, request: Request, hold_id: UUID) -> Answer:
        """Give the time back, or decline an offer. Nothing to do when it is over already."""
        release_hold(hold=access_hold(reader_of(request), hold_id), actor=reader_of(request))
        return NoContent()


class HoldRenewal(Endpoint):
    @operation(Action.SESSION_BOOK, answer=HoldShape, raises=(NotFound, HoldExpired, InvalidState))
    def post(self, request: Request, hold_id: UUID) -> Answer:
        """Five minutes more, once."""
        return Answer(
            hold_answer(renew_hold(hold=access_hold(reader_of(request), hold_id), actor=reader_of(request)))
        )
