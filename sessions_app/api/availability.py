"""When a counselor is there, what that leaves outside, and why a time is not offered."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.access import access_counselor, access_counselor_to_plan, reader_of
from accounts.permissions import Action
from core.api.answers import Answer
from core.api.views import Endpoint, operation
from core.errors import NotFound, PermissionDenied, ValidationFailed
from sessions_app.access import may_see_reasons
from sessions_app.api.slots import patient_asking
from sessions_app.serializers.availability import (
    AvailabilityBody,
    AvailabilityShape,
    DisplacedShape,
    ReplacedAvailabilityShape,
    availability_answer,
    displaced_answer,
)
from sessions_app.serializers.reasons import ReasonQuery, ReasonShape, reason_answer
from sessions_app.services.availability import replace_availability
from sessions_app.services.displaced import find_displaced
from sessions_app.services.reasons import find_reason


class Availability(Endpoint):
    @operation(Action.DIRECTORY_READ, answer=AvailabilityShape, raises=(NotFound,))
    def get(self, request: Request, counselor_id: UUID) -> Answer:
        """Weekly hours, exceptions and booking rules. What of them is still free is /slots' to say."""
        counselor = access_counselor(request.user, counselor_id)
        return Answer(
            availability_answer(counselor=counselor, with_time_away=may_see_reasons(request.user, counselor))
        )

    @operation(
        Action.AVAILABILITY_EDIT,
        body=AvailabilityBody,
        answer=ReplacedAvailabilityShape,
        raises=(NotFound, PermissionDenied, ValidationFailed),
    )
    def put(self, request: Request, counselor_id: UUID, body: dict[str, Any]) -> Answer:
        """Replace weekly hours, exceptions and booking rules, all or nothing; what is left out of them stays.

        Who plans for one of several centres replaces what belongs to it. Sessions that are booked stay as they are:
        those that now lie outside come with the answer, to decide on.
        """
        reader = reader_of(request)
        counselor = access_counselor_to_plan(reader, counselor_id)
        replace_availability(counselor=counselor, actor=reader, **body)
        outside = find_displaced(counselor=counselor, viewer=reader, now=timezone.now())
        return Answer(availability_answer(counselor=counselor, with_time_away=True, outside=outside))


class SessionsOutside(Endpoint):
    @operation(
        Action.AVAILABILITY_EDIT, answer=DisplacedShape, many=True, raises=(NotFound, PermissionDenied)
    )
    def get(self, request: Request, counselor_id: UUID) -> Answer:
        """The booked sessions outside the hours, or in time away, each with the nearest new times."""
        reader = reader_of(request)
        counselor = access_counselor_to_plan(reader, counselor_id)
        outside = find_displaced(counselor=counselor, viewer=reader, now=timezone.now())
        return Answer([displaced_answer(one) for one in outside])


class Reason(Endpoint):
    @operation(Action.DIRECTORY_READ, query=ReasonQuery, answer=ReasonShape, raises=(NotFound,))
    def get(self, request: Request, counselor_id: UUID, query: dict[str, Any]) -> Answer:
        """Why a time is not offered: one rule. In full for those who work with the counselor; safe words for others."""
        counselor = access_counselor(request.user, counselor_id)
        finding, calendar = find_reason(
            counselor_id=counselor.pk,
            start=query["start"],
            wish=query["wish"],
            for_patient=patient_asking(request),
            now=timezone.now(),
        )
        in_full = may_see_reasons(request.user, counselor)
        return Answer(reason_answer(finding, calendar, zone=query["zone"], in_full=in_full))
