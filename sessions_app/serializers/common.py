"""Shapes that several answers share."""

from rest_framework import serializers

from accounts.zones import known_timezones
from core.api.serializers import Shape


class PersonShape(Shape):
    id = serializers.UUIDField()
    display_name = serializers.CharField()


class CentreNameShape(Shape):
    id = serializers.UUIDField()
    name = serializers.CharField()


class ZoneField(serializers.CharField):
    """An IANA time zone."""

    default_error_messages = {"zone": "“{name}” is not a time zone. Use one such as Asia/Kolkata."}

    def to_internal_value(self, data: str) -> str:
        name = super().to_internal_value(data)
        if name not in known_timezones():
            self.fail("zone", name=name[:60])
        return name
