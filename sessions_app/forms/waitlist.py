"""Waiting for a time."""

from datetime import time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from sessions_app.models import Mode, Priority, Weekday

USUAL_WAIT = timedelta(days=60)


class WaitedForForm(forms.Form):
    """Whom or what somebody waits for, as the address of the page says it. What cannot be read is left open."""

    counselor = forms.UUIDField(required=False, widget=forms.HiddenInput)
    session_type = forms.UUIDField(required=False, widget=forms.HiddenInput)
    specialization = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    language = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)
    centre = forms.UUIDField(required=False, widget=forms.HiddenInput)
    mode = forms.ChoiceField(required=False, choices=[("", "Any"), *Mode.choices], widget=forms.HiddenInput)

    def values(self) -> dict[str, Any]:
        """The fields of a Wanted that say what is waited for."""
        self.is_valid()
        found = self.cleaned_data
        counselor = found.get("counselor")
        return {
            "counselor_id": counselor,
            "session_type_id": found.get("session_type") if counselor else None,
            "specialization": "" if counselor else found.get("specialization", ""),
            "language": "" if counselor else found.get("language", ""),
            "centre_id": found.get("centre"),
            "mode": found.get("mode", ""),
        }


class WindowForm(forms.Form):
    """When it would suit somebody, on the clock of their own zone."""

    weekdays = forms.TypedMultipleChoiceField(
        choices=Weekday.choices,
        coerce=int,
        initial=Weekday.values,
        label="On which days?",
        widget=forms.CheckboxSelectMultiple,
    )
    earliest = forms.TimeField(
        required=False,
        label="Not before",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    latest = forms.TimeField(
        required=False, label="Over by", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    first_day = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last_day = forms.DateField(
        label="Until",
        help_text="After this day you no longer wait.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.initial.setdefault("first_day", today)
        self.initial.setdefault("last_day", today + USUAL_WAIT)

    def values(self) -> dict[str, Any]:
        """The fields of a Wanted that say when."""
        found = self.cleaned_data
        return {
            "timezone": timezone.get_current_timezone_name(),
            "first_day": found["first_day"],
            "last_day": found["last_day"],
            "weekdays": found["weekdays"],
            "earliest": found["earliest"] or time(0),
            "latest": found["latest"] or time(0),
        }


class PriorityForm(forms.Form):
    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int, label="Turn")
