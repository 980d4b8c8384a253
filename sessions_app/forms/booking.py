"""Choosing a time, booking it, giving it back."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime

from sessions_app.models import Mode
from sessions_app.models.sessions import MAX_NOTE, MAX_REASON
from sessions_app.services.reservations import Choice


class StartForm(forms.Form):
    """When, as the slot picker sends it."""

    start = forms.CharField(widget=forms.HiddenInput)

    def clean_start(self) -> datetime:
        try:
            # In an address a “+” that nobody escaped arrives as a space.
            start = parse_datetime(self.cleaned_data["start"].replace(" ", "+"))
        except ValueError:
            start = None
        if start is None or start.utcoffset() is None:
            raise ValidationError("This time cannot be read. Choose one of the offered times.")
        return start


class TimeForm(StartForm):
    """One offered time, and what is to be booked."""

    session_type = forms.UUIDField(widget=forms.HiddenInput)
    mode = forms.ChoiceField(choices=Mode.choices, widget=forms.HiddenInput)
    note = forms.CharField(required=False, max_length=MAX_NOTE, widget=forms.HiddenInput)

    def choice(self, counselor_id: uuid.UUID) -> Choice:
        return Choice(
            counselor_id=counselor_id,
            start=self.cleaned_data["start"],
            mode=self.cleaned_data["mode"],
            type_id=self.cleaned_data["session_type"],
        )


class BookingForm(forms.Form):
    note = forms.CharField(
        required=False,
        max_length=MAX_NOTE,
        strip=True,
        label="Is there something your counselor should know before?",
        help_text="You may leave this empty. Only you and your counselor can read it.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class CancelForm(forms.Form):
    reason = forms.CharField(
        required=False,
        max_length=MAX_REASON,
        label="Would you like to say why?",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    charge_minor = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, is_patient: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        readers = "Only you and your counselor" if is_patient else "The patient and the counselor"
        self.fields["reason"].help_text = f"You may leave this empty. {readers} can read it."
