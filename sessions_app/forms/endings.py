"""What staff put right, and let off."""

from typing import Any

from django import forms

from sessions_app.models import CORRECTIONS, SessionStatus
from sessions_app.models.sessions import MAX_WHY

IN_WORDS = {
    SessionStatus.COMPLETED: "The session took place",
    SessionStatus.NO_SHOW: "Nobody came",
    SessionStatus.CONFIRMED: "Nothing is known yet: leave it open",
}


def reason_field() -> forms.CharField:
    return forms.CharField(
        max_length=MAX_WHY,
        label="Why",
        help_text="It is kept on record with your name. Write nothing about anybody's health.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class CorrectForm(forms.Form):
    status = forms.ChoiceField(widget=forms.RadioSelect, label="What is right")
    reason = reason_field()

    def __init__(self, *args: Any, status: str, **kwargs: Any) -> None:
        """`status`: as which the session stands now."""
        super().__init__(*args, **kwargs)
        wanted = self.fields["status"]
        assert isinstance(wanted, forms.ChoiceField)  # noqa: S101 - declared above
        wanted.choices = [
            (target, words) for target, words in IN_WORDS.items() if target in CORRECTIONS.get(status, ())
        ]


class WaiveForm(forms.Form):
    reason = reason_field()
