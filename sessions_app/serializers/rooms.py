"""Rooms over the API."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import Body, Shape
from sessions_app.models import Room


class NewRoomBody(Body):
    name = serializers.CharField(max_length=60, help_text="As it stands on the door, such as “Room 2”.")


class RoomBody(NewRoomBody):
    is_active = serializers.BooleanField(required=False, help_text="Whether new sessions may take it.")


class RoomShape(Shape):
    id = serializers.UUIDField()
    name = serializers.CharField()
    is_active = serializers.BooleanField()


def room_answer(room: Room) -> dict[str, Any]:
    return {"id": room.pk, "name": room.name, "is_active": room.is_active}
