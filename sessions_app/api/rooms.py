"""The rooms of a centre."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.access import access_centre_to_edit, reader_of
from accounts.permissions import Action
from core.api.answers import Answer, Created
from core.api.views import Endpoint, operation
from core.errors import NotFound, PermissionDenied, ValidationFailed
from sessions_app.access import access_room_to_edit
from sessions_app.models import Room
from sessions_app.serializers.rooms import NewRoomBody, RoomBody, RoomShape, room_answer
from sessions_app.services.rooms import add_room, change_room


class RoomCollection(Endpoint):
    @operation(Action.CENTRE_EDIT, answer=RoomShape, many=True, raises=(NotFound, PermissionDenied))
    def get(self, request: Request, centre_id: UUID) -> Answer:
        """The rooms of a centre that the reader runs, by name; those that take no new sessions too."""
        centre = access_centre_to_edit(reader_of(request), centre_id)
        return Answer([room_answer(room) for room in Room.objects.filter(centre=centre)])

    @operation(
        Action.CENTRE_EDIT,
        body=NewRoomBody,
        answer=RoomShape,
        status=201,
        raises=(NotFound, PermissionDenied, ValidationFailed),
        idempotent=True,
    )
    def post(self, request: Request, centre_id: UUID, body: dict[str, Any]) -> Answer:
        """Add a room. With its first one, sessions in person at the centre are had only while a room is free."""
        centre = access_centre_to_edit(reader_of(request), centre_id)
        return Created(room_answer(add_room(centre=centre, name=body["name"], actor=reader_of(request))))


class RoomDetail(Endpoint):
    @operation(
        Action.CENTRE_EDIT,
        body=RoomBody,
        answer=RoomShape,
        raises=(NotFound, PermissionDenied, ValidationFailed),
    )
    def patch(self, request: Request, centre_id: UUID, room_id: UUID, body: dict[str, Any]) -> Answer:
        """Rename it, or take it out of use (is_active). Sessions that have it keep it."""
        room = access_room_to_edit(reader_of(request), centre_id, room_id)
        return Answer(room_answer(change_room(room=room, values=body, actor=reader_of(request))))
