"""Centres: read by everybody who is signed in, changed by those who run them."""

import uuid
from typing import Any

from rest_framework.request import Request

from accounts.access import access_centre, access_centre_to_edit, reader_of
from accounts.models import Centre
from accounts.permissions import Action
from accounts.serializers import CentreBody, CentreListQuery, CentreShape
from accounts.services.centres import create_centre, delete_centre, set_centre_active, update_centre
from core.api.answers import Answer, Created, NoContent, PageAnswer
from core.api.paging import paginate
from core.api.views import Endpoint, operation
from core.errors import Conflict, NotFound, PermissionDenied

FIELDS = ("id", "name", "address", "city", "latitude", "longitude", "phone", "email", "timezone", "is_active")


def centre_answer(centre: Centre) -> dict[str, Any]:
    return {name: getattr(centre, name) for name in FIELDS}


class Centres(Endpoint):
    @operation(Action.CENTRE_READ, query=CentreListQuery, answer=CentreShape, paged=True)
    def get(self, request: Request, query: dict[str, Any]) -> Answer:
        """The open centres, and those closed ones that the reader runs."""
        centres = Centre.objects.visible_to(reader_of(request)).matching(
            city=query.get("city"), is_active=query.get("is_active")
        )
        page = paginate(centres.values(*FIELDS), query["page"])
        return PageAnswer(page, page.rows)

    @operation(
        Action.CENTRE_EDIT, body=CentreBody, answer=CentreShape, status=201, raises=(PermissionDenied,)
    )
    def post(self, request: Request, body: dict[str, Any]) -> Answer:
        """Open a centre (managers and admins)."""
        return Created(centre_answer(create_centre(values=body, actor=reader_of(request))))


class CentreDetail(Endpoint):
    @operation(Action.CENTRE_READ, answer=CentreShape, raises=(NotFound,))
    def get(self, request: Request, centre_id: uuid.UUID) -> Answer:
        """One centre."""
        return Answer(centre_answer(access_centre(reader_of(request), centre_id)))

    @operation(Action.CENTRE_EDIT, body=CentreBody, answer=CentreShape, raises=(NotFound, PermissionDenied))
    def put(self, request: Request, centre_id: uuid.UUID, body: dict[str, Any]) -> Answer:
        """Set all of a centre's fields."""
        return self._change(request, centre_id, body)

    @operation(Action.CENTRE_EDIT, body=CentreBody, answer=CentreShape, raises=(NotFound, PermissionDenied))
    def patch(self, request: Request, centre_id: uuid.UUID, body: dict[str, Any]) -> Answer:
        """Set some of a centre's fields."""
        return self._change(request, centre_id, body)

    @operation(Action.CENTRE_EDIT, status=204, raises=(NotFound, PermissionDenied, Conflict))
    def delete(self, request: Request, centre_id: uuid.UUID) -> Answer:
        """Remove a centre that nobody ever belonged to (managers and admins). Close one that is in use instead."""
        delete_centre(centre=access_centre(reader_of(request), centre_id), actor=reader_of(request))
        return NoContent()

    def _change(self, request: Request, centre_id: uuid.UUID, body: dict[str, Any]) -> Answer:
        centre = access_centre_to_edit(reader_of(request), centre_id)
        return Answer(centre_answer(update_centre(centre=centre, values=body, actor=reader_of(request))))


class CentreToggle(Endpoint):
    @operation(Action.CENTRE_EDIT, answer=CentreShape, raises=(NotFound, PermissionDenied))
    def patch(self, request: Request, centre_id: uuid.UUID) -> Answer:
        """Close an open centre, open a closed one."""
        centre = access_centre_to_edit(reader_of(request), centre_id)
        return Answer(
            centre_answer(
                set_centre_active(centre=centre, is_active=not centre.is_active, actor=reader_of(request))
            )
        )
