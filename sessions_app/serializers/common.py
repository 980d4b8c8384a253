"""Shapes that several answers share."""

from rest_framework import serializers

from core.api.serializers import Shape


class PersonShape(Shape):
    id = serializers.UUIDField()
    display_name = serializers.CharField()


class RoomNameShape(Shape):
    id = serializers.UUIDField()
    name = serializers.CharField()


class CentreNameShape(Shape):
    id = serializers.UUIDField()
    name = serializers.CharField()
