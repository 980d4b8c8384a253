"""Repeating a session, what to do about times that cannot be had, and cancelling several."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime

from sessions_app.forms.booking import BookingForm
from sessions_app.models import Mode, Rhythm
from sessions_app.models.series import MAX_OCCURRENCES, MIN_OCCURRENCES
from sessions_app.services.repeats import Repeat
from sessions_app.services.series import SeriesScope

LEAVE_OUT = "leave-out"
ANSWER = "answer-"


class RepeatForm(BookingForm):
    """What stands beside the note when a time is to repeat."""

    rhythm = forms.ChoiceField(choices=Rhythm.choices, initial=Rhythm.WEEKLY, label="How often?")
    count = forms.IntegerField(
        min_value=MIN_OCCURRENCES,
        max_value=MAX_OCCURRENCES,
        initial=6,
        label="How many sessions?",
        help_text="This one included.",
    )

    def repeat(self) -> Repeat:
        return Repeat(self.cleaned_data["rhythm"], count=self.cleaned_data["count"])


class NewSeriesForm(forms.Form):
    """What was chosen so far of a series for a patient, as the address of its page says it.

    What cannot be read is not chosen.
    """

    patient = forms.UUIDField(required=False)
    counselor = forms.UUIDField(required=False)
    type = forms.UUIDField(required=False)
    mode = forms.ChoiceField(required=False, choices=Mode.choices)
    start = forms.CharField(required=False)

    def clean_start(self) -> datetime | None:
        return read_instant(self.cleaned_data["start"].replace(" ", "+"))

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name in self.fields if (value := self.cleaned_data.get(name))}


class RepeatForPatientForm(RepeatForm):
    """The same, as staff and counselors read it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        note = self.fields["note"]
        note.label = "Is there something the counselor should know before?"
        note.help_text = "You may leave this empty. Only the patient and the counselor can read it."


def read_answers(posted: Mapping[str, Any]) -> dict[datetime, datetime | None]:
    """The answers of the page of conflicts: fields “answer-…” with “<start>|<start of another time or leave-out>”.

    What cannot be read is no answer: the conflict is asked about again.
    """
    answers = {}
    for name, value in posted.items():
        asked, _, instead = str(value).partition("|")
        start, other = read_instant(asked), read_instant(instead)
        if name.startswith(ANSWER) and start is not None and (other is not None or instead == LEAVE_OUT):
            answers[start] = other
    return answers


def read_instant(text: str) -> datetime | None:
    """An instant as an address or a form carries it; None for what is none."""
    try:
        instant = parse_datetime(text)
    except ValueError:
        return None
    return instant if instant is not None and instant.utcoffset() is not None else None


class CancelSeriesForm(forms.Form):
    """Which sessions of a series, with what the reader was shown that it costs."""

    scope = forms.ChoiceField(label="Which ones?", widget=forms.RadioSelect)
    charge_minor = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = self.fields["scope"]
        assert isinstance(scope, forms.ChoiceField)  # noqa: S101 - declared above
        scope.choices = choices

    def chosen(self) -> SeriesScope:
        return SeriesScope(self.cleaned_data["scope"])
