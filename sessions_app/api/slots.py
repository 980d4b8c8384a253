"""Free times, of one counselor and over all."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.authentication import claims_of
from accounts.permissions import Action
from accounts.roles import Role
from core.api.answers import Answer
from core.api.views import Endpoint, operation
from core.errors import NotFound
from core.statements import Statement
from sessions_app.serializers.slots import (
    CounselorSlotShape,
    CounselorSlotsQuery,
    EarliestSlotsQuery,
    SlotShape,
    counselor_slot_answer,
    slot_answer,
)
from sessions_app.services.earliest import find_earliest_slots
from sessions_app.services.slots import counselors_matching, find_slots, slots_ahead


def _ahead(request: Request, parsed: dict[str, Any]) -> list[Statement]:
    claims, query, address = claims_of(request), parsed["query"], request._request.resolver_match
    if claims is None or address is None:  # for a visitor nothing is asked before
        return []
    return slots_ahead(
        counselor_id=address.kwargs["counselor_id"],
        start=query["start"],
        end=query["end"],
        wish=query["wish"],
        for_patient=claims.user_id if claims.role == Role.PATIENT else None,
    )


class CounselorSlots(Endpoint):
    @operation(
        Action.DIRECTORY_READ,
        query=CounselorSlotsQuery,
        answer=SlotShape,
        many=True,
        raises=(NotFound,),
        ahead=_ahead,
    )
    def get(self, request: Request, counselor_id: UUID, query: dict[str, Any]) -> Answer:
        """A counselor's free times, earliest first. A patient finds a time that they hold themselves free."""
        slots = find_slots(
            counselor_id=counselor_id,
            start=query["start"],
            end=query["end"],
            wish=query["wish"],
            for_patient=patient_asking(request),
        )
        zone, mode = query["zone"], query["wish"].mode
        return Answer([slot_answer(slot, zone=zone, mode=mode) for slot in slots])


class EarliestSlots(Endpoint):
    @operation(Action.DIRECTORY_READ, query=EarliestSlotsQuery, answer=CounselorSlotShape, many=True)
    def get(self, request: Request, query: dict[str, Any]) -> Answer:
        """The earliest free times over all counselors who fit."""
        slots = find_earliest_slots(
            counselor_ids=counselors_matching(
                specialization=query.get("specialization"), language=query.get("language")
            ),
            start=query["start"],
            end=query["end"],
            wish=query["wish"],
            limit=query["limit"],
        )
        zone, mode = query["zone"], query["wish"].mode
        return Answer([counselor_slot_answer(slot, zone=zone, mode=mode) for slot in slots])


def patient_asking(request: Request) -> UUID | None:
    user = request.user
    return user.pk if user.is_authenticated and user.role == Role.PATIENT else None
