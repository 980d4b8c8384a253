"""A counselor's weekly hours."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.access import access_counselor, access_counselor_to_plan, reader_of
from accounts.permissions import Action
from core.api.answers import Answer
from core.api.views import Endpoint, operation
from core.errors import NotFound, PermissionDenied, ValidationFailed
from sessions_app.models import AvailabilityRule
from sessions_app.serializers.availability import AvailabilityBody, AvailabilityShape, availability_answer
from sessions_app.services.availability import replace_weekly_hours


class Availability(Endpoint):
    @operation(Action.DIRECTORY_READ, answer=AvailabilityShape, raises=(NotFound,))
    def get(self, request: Request, counselor_id: UUID) -> Answer:
        """The weekly hours. What of them is still free is /slots' to say."""
        counselor = access_counselor(request.user, counselor_id)
        return Answer(availability_answer(list(AvailabilityRule.objects.filter(counselor=counselor))))

    @operation(
        Action.AVAILABILITY_EDIT,
        body=AvailabilityBody,
        answer=AvailabilityShape,
        raises=(NotFound, PermissionDenied, ValidationFailed),
    )
    def put(self, request: Request, counselor_id: UUID, body: dict[str, Any]) -> Answer:
        """Replace the weekly hours, all or nothing. Sessions that are booked stay as they are."""
        counselor = access_counselor_to_plan(reader_of(request), counselor_id)
        replace_weekly_hours(counselor=counselor, rules=body["rules"], actor=reader_of(request))
        return Answer(availability_answer(list(AvailabilityRule.objects.filter(counselor=counselor))))
