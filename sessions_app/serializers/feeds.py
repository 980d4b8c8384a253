"""One's own calendar feed over the API."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import Body, Shape
from sessions_app.models import CalendarFeed


class FeedBody(Body):
    shows_names = serializers.BooleanField(
        default=False, help_text="Titles name the other person. Otherwise they say “Appointment” only."
    )


class FeedShape(Shape):
    shows_names = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_read_at = serializers.DateTimeField(
        allow_null=True, help_text="When a program last asked, to the hour."
    )


class NewFeedShape(FeedShape):
    address = serializers.URLField(help_text="Told this once.")


def feed_answer(feed: CalendarFeed) -> dict[str, Any]:
    return {
        "shows_names": feed.shows_names,
        "created_at": feed.created_at,
        "last_read_at": feed.last_read_at,
    }
