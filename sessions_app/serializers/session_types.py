"""What a counselor offers, for those who plan it; the public sees SessionTypeShape."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import Body
from sessions_app.models import Mode, PaymentPolicy, SessionKind, SessionType
from sessions_app.models.types import MAX_BUFFER_MINUTES, MAX_CAPACITY, MAX_DURATION_MINUTES
from sessions_app.serializers.counselors import SessionTypeShape, session_type_answer

MAX_FEE_MINOR = 2_000_000_000
MAX_POSITION = 1000


class BufferField(serializers.IntegerField):
    """Minutes that are kept free beside a session."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=MAX_BUFFER_MINUTES, **kwargs)


class SessionTypeBody(Body):
    """The values are fields of SessionType."""

    name = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(choices=SessionKind.choices, default=SessionKind.FOLLOW_UP)
    duration_minutes = serializers.IntegerField(min_value=10, max_value=MAX_DURATION_MINUTES)
    modes = serializers.ListField(
        child=serializers.ChoiceField(choices=Mode.choices), allow_empty=False, max_length=len(Mode)
    )
    fee_minor = serializers.IntegerField(
        default=0, min_value=0, max_value=MAX_FEE_MINOR, help_text="In the currency's minor unit."
    )
    currency = serializers.CharField(max_length=3, help_text="ISO 4217, such as EUR.")
    payment_policy = serializers.ChoiceField(choices=PaymentPolicy.choices, default=PaymentPolicy.FREE)
    buffer_before_minutes = BufferField(default=0)
    buffer_after_minutes = BufferField(default=0)
    capacity = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_CAPACITY,
        help_text="How many take part at most. Without it: two of a couple, eight of a group, one of all others.",
    )
    position = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=MAX_POSITION,
        help_text="The lowest is offered when nothing is chosen.",
    )
    is_active = serializers.BooleanField(default=True, help_text="Whether it can be booked.")

    def validate_modes(self, modes: list[str]) -> list[str]:
        return list(dict.fromkeys(modes))


class SessionTypeDetailShape(SessionTypeShape):
    buffer_before_minutes = serializers.IntegerField()
    buffer_after_minutes = serializers.IntegerField()
    position = serializers.IntegerField()
    is_active = serializers.BooleanField()


def session_type_detail_answer(offered: SessionType) -> dict[str, Any]:
    return {
        **session_type_answer(offered),
        "buffer_before_minutes": offered.buffer_before_minutes,
        "buffer_after_minutes": offered.buffer_after_minutes,
        "position": offered.position,
        "is_active": offered.is_active,
    }
