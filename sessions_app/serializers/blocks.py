"""Blocks over the API."""

from typing import Any

from rest_framework import serializers

from core.api.fields import InstantField
from core.api.serializers import Body, Shape
from sessions_app.models import CalendarBlock
from sessions_app.models.blocks import LONGEST_BLOCK, MAX_TITLE

_LONGEST_HOURS = int(LONGEST_BLOCK.total_seconds()) // 3600


class BlockBody(Body):
    start = InstantField()
    end = InstantField(help_text=f"At most {_LONGEST_HOURS} hours after the start.")
    title = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_TITLE,
        help_text="For the counselor and those who plan for them; nobody else reads it.",
    )


class BlockShape(Shape):
    id = serializers.UUIDField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    title = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


def block_answer(block: CalendarBlock) -> dict[str, Any]:
    return {
        "id": block.pk,
        "start": block.start,
        "end": block.end,
        "title": block.title or "",
        "created_at": block.created_at,
    }
