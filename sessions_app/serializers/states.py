"""Moving a session, and putting right how it ended."""

from typing import Any

from rest_framework import serializers

from core.api.fields import InstantField
from core.api.serializers import Body, Shape
from sessions_app.models import CORRECTIONS, SessionStatus
from sessions_app.models.sessions import MAX_WHY
from sessions_app.models.types import MAX_DURATION_MINUTES
from sessions_app.serializers.sessions import OverbookBody, overbook_reason
from sessions_app.services.suggestions import MOST_SUGGESTED

_TARGETS = sorted({status for targets in CORRECTIONS.values() for status in targets})


class CorrectBody(Body):
    status = serializers.ChoiceField(choices=[(status, SessionStatus(status).label) for status in _TARGETS])
    reason = serializers.CharField(max_length=MAX_WHY, help_text="For the audit trail; nothing about health.")


class RescheduleBody(OverbookBody):
    """The values are what `change_time` takes."""

    start = InstantField()
    duration_minutes = serializers.IntegerField(
        required=False,
        min_value=10,
        max_value=MAX_DURATION_MINUTES,
        help_text="Left out: as long as it is. Another length is another session type, with its fee.",
    )

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        reason = overbook_reason(values)
        kept = {name: value for name, value in values.items() if name not in OverbookBody._declared_fields}
        return {**kept, "overbook_reason": reason}


class SuggestBody(Body):
    starts = serializers.ListField(
        child=InstantField(),
        min_length=1,
        max_length=MOST_SUGGESTED,
        help_text="Times to which the session could move.",
    )


class SuggestedShape(Shape):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
