"""Time that a counselor keeps for something else than sessions."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.access import reader_of
from accounts.permissions import Action
from core.api.answers import Answer, Created, NoContent
from core.api.views import Endpoint, operation
from core.errors import Conflict, NotFound, PermissionDenied, ValidationFailed
from sessions_app.access import access_block, access_counselor_to_block
from sessions_app.models import CalendarBlock
from sessions_app.serializers.blocks import BlockBody, BlockShape, block_answer
from sessions_app.serializers.outside_calendars import OutsideBusyQuery
from sessions_app.services.blocks import add_block, change_block, remove_block


class BlockCollection(Endpoint):
    @operation(
        Action.AVAILABILITY_EDIT,
        query=OutsideBusyQuery,
        answer=BlockShape,
        many=True,
        raises=(NotFound, PermissionDenied),
    )
    def get(self, request: Request, counselor_id: UUID, query: dict[str, Any]) -> Answer:
        """The blocks that touch these days of UTC, earliest first."""
        counselor = access_counselor_to_block(reader_of(request), counselor_id)
        first, last = (datetime.combine(query[name], time(), UTC) for name in ("from_day", "to_day"))
        blocks = CalendarBlock.objects.filter(
            counselor=counselor, entry__end__gt=first, entry__start__lt=last + timedelta(days=1)
        ).select_related("entry")
        return Answer([block_answer(block) for block in blocks.order_by("entry__start", "pk")])

    @operation(
        Action.AVAILABILITY_EDIT,
        body=BlockBody,
        answer=BlockShape,
        status=201,
        raises=(NotFound, PermissionDenied, ValidationFailed, Conflict),
        idempotent=True,
    )
    def post(self, request: Request, counselor_id: UUID, body: dict[str, Any]) -> Answer:
        """Keep a time free of sessions. What is there already is named in the refusal, and stays."""
        counselor = access_counselor_to_block(reader_of(request), counselor_id)
        return Created(block_answer(add_block(counselor=counselor, actor=reader_of(request), **body)))


class BlockDetail(Endpoint):
    @operation(
        Action.AVAILABILITY_EDIT,
        body=BlockBody,
        answer=BlockShape,
        raises=(NotFound, PermissionDenied, ValidationFailed, Conflict),
    )
    def patch(self, request: Request, counselor_id: UUID, block_id: UUID, body: dict[str, Any]) -> Answer:
        """Move it, make it longer or shorter, or give it another title."""
        block = access_block(reader_of(request), counselor_id, block_id)
        return Answer(block_answer(change_block(block=block, actor=reader_of(request), **body)))

    @operation(Action.AVAILABILITY_EDIT, status=204, raises=(NotFound, PermissionDenied))
    def delete(self, request: Request, counselor_id: UUID, block_id: UUID) -> Answer:
        """Its time can be booked again, at once."""
        block = access_block(reader_of(request), counselor_id, block_id)
        remove_block(block=block, actor=reader_of(request))
        return NoContent()
