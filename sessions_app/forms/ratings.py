"""What a patient thought of a session."""

from django import forms

from sessions_app.models import SessionRating
from sessions_app.models.ratings import MAX_COMMENT

STARS = (
    (5, "5 – very helpful"),
    (4, "4 – helpful"),
    (3, "3 – in between"),
    (2, "2 – not very helpful"),
    (1, "1 – not helpful"),
)


class RatingForm(forms.Form):
    stars = forms.TypedChoiceField(
        choices=STARS,
        coerce=int,
        widget=forms.RadioSelect,
        label="How helpful was it?",
        help_text="Your counselor and others see only the average of all marks.",
    )
    comment = forms.CharField(
        required=False,
        max_length=MAX_COMMENT,
        label="Is there something you would like to tell your counselor about it?",
        help_text="You may leave this empty. Only you and your counselor can read it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @classmethod
    def showing(cls, rating: SessionRating | None) -> "RatingForm":
        return cls(initial={"stars": rating.stars, "comment": rating.comment} if rating else {})
