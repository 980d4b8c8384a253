"""What a counselor offers, for those who plan it; the public reads it with the counselor."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.access import access_counselor_to_plan, reader_of
from accounts.permissions import Action
from core.api.answers import Answer, Created, NoContent
from core.api.views import Endpoint, operation
from core.errors import NotFound, PermissionDenied, ValidationFailed
from sessions_app.access import access_session_type_to_edit
from sessions_app.models import SessionType
from sessions_app.models.types import USUAL_CAPACITY
from sessions_app.serializers.session_types import (
    SessionTypeBody,
    SessionTypeDetailShape,
    session_type_detail_answer,
)
from sessions_app.services.availability import save_session_type


class SessionTypeCollection(Endpoint):
    @operation(
        Action.AVAILABILITY_EDIT,
        body=SessionTypeBody,
        answer=SessionTypeDetailShape,
        status=201,
        raises=(NotFound, PermissionDenied, ValidationFailed),
        idempotent=True,
    )
    def post(self, request: Request, counselor_id: UUID, body: dict[str, Any]) -> Answer:
        """Offer a new kind of session. A free one has no fee, and one that is paid at the centre has one."""
        counselor = access_counselor_to_plan(reader_of(request), counselor_id)
        offered = SessionType(counselor=counselor, **_with_capacity(body, kind_before=None))
        save_session_type(session_type=offered, actor=reader_of(request))
        return Created(session_type_detail_answer(offered))


class SessionTypeDetail(Endpoint):
    @operation(
        Action.AVAILABILITY_EDIT,
        body=SessionTypeBody,
        answer=SessionTypeDetailShape,
        raises=(NotFound, PermissionDenied, ValidationFailed),
    )
    def patch(self, request: Request, counselor_id: UUID, type_id: UUID, body: dict[str, Any]) -> Answer:
        """Change it, or offer it again (is_active). Sessions that are booked keep their terms."""
        offered = access_session_type_to_edit(reader_of(request), counselor_id, type_id)
        for name, value in _with_capacity(body, kind_before=offered.kind).items():
            setattr(offered, name, value)
        save_session_type(session_type=offered, actor=reader_of(request))
        return Answer(session_type_detail_answer(offered))

    @operation(Action.AVAILABILITY_EDIT, status=204, raises=(NotFound, PermissionDenied))
    def delete(self, request: Request, counselor_id: UUID, type_id: UUID) -> Answer:
        """Offer it no longer. It is kept for the sessions that were booked as it, which stay."""
        offered = access_session_type_to_edit(reader_of(request), counselor_id, type_id)
        offered.is_active = False
        save_session_type(session_type=offered, actor=reader_of(request))
        return NoContent()


def _with_capacity(body: dict[str, Any], *, kind_before: str | None) -> dict[str, Any]:
    """Another kind brings its usual number of places, unless the body says how many."""
    if "capacity" in body or body.get("kind", kind_before) == kind_before:
        return body
    return body | {"capacity": USUAL_CAPACITY.get(body["kind"], 1)}
