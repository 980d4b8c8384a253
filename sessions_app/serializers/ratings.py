"""A patient's rating of a session."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import Body, Shape
from sessions_app.models import SessionRating
from sessions_app.models.ratings import MAX_COMMENT, MAX_STARS, MIN_STARS


class RateBody(Body):
    rating = serializers.IntegerField(min_value=MIN_STARS, max_value=MAX_STARS)
    comment = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_COMMENT,
        help_text="For the counselor; kept encrypted. Left out: there is none.",
    )


class RatingShape(Shape):
    rating = serializers.IntegerField()
    comment = serializers.CharField()
    rated_at = serializers.DateTimeField()


def rating_answer(rating: SessionRating) -> dict[str, Any]:
    return {"rating": rating.stars, "comment": rating.comment or "", "rated_at": rating.rated_at}
