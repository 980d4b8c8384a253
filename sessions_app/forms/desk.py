"""Booking at the desk: what was chosen so far, whoever is new, and a time that is overbooked."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models.users import validate_phone
from sessions_app.forms.hours import DayField
from sessions_app.models import Mode
from sessions_app.models.sessions import MAX_NOTE, MAX_WHY

MAX_SEARCH = 120


class DeskForm(forms.Form):
    """What was chosen so far, as the address of the page says it. What cannot be read is not chosen."""

    centre = forms.UUIDField(required=False, widget=forms.HiddenInput)
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    counselor = forms.UUIDField(required=False, widget=forms.HiddenInput)
    type = forms.UUIDField(required=False, widget=forms.HiddenInput)
    mode = forms.ChoiceField(required=False, choices=[("", ""), *Mode.choices], widget=forms.HiddenInput)
    start = forms.CharField(required=False, widget=forms.HiddenInput)
    day = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)

    def clean_start(self) -> datetime | None:
        try:
            start = parse_datetime(self.cleaned_data["start"].replace(" ", "+"))
        except ValueError:
            return None
        return start if start is not None and start.utcoffset() is not None else None

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name in self.fields if (value := self.cleaned_data.get(name))}


def as_query(chosen: dict[str, Any]) -> str:
    """The choices as an address carries them from page to page."""
    values = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in chosen.items()
    }
    return urlencode(values)


class TakeOnForm(forms.Form):
    """Whoever stands at the desk for the first time."""

    first_name = forms.CharField(max_length=80, label="First name")
    last_name = forms.CharField(max_length=80, label="Last name", required=False)
    phone = forms.CharField(
        max_length=24,
        required=False,
        label="Phone number",
        help_text="With its country code, such as +919812345678.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        max_length=254,
        required=False,
        label="E-mail address",
        help_text="One of the two is enough. By e-mail they are invited to choose a password.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    is_someone_else = forms.BooleanField(
        required=False, label="It is somebody else, who has the same name", widget=forms.HiddenInput
    )

    def clean_phone(self) -> str:
        """As people write it: spaces, dashes and brackets do not count."""
        phone = "".join(sign for sign in self.cleaned_data["phone"] if sign not in " -()./")
        if phone:
            validate_phone(phone)
        return phone

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and not values.get("phone") and not values.get("email"):
            self.add_error("phone", "Give a phone number or an e-mail address.")
        return values

    def ask_whether_somebody_else(self) -> None:
        self.fields["is_someone_else"].widget = forms.CheckboxInput()


class NoteForm(forms.Form):
    note = forms.CharField(
        required=False,
        max_length=MAX_NOTE,
        label="Is there something the counselor should know before?",
        help_text="You may leave this empty. Only the patient and the counselor can read it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class OverbookForm(forms.Form):
    """A time on the reader's clock, and why."""

    over_day = DayField(label="Day")
    over_time = forms.TimeField(
        label="Time", widget=forms.TimeInput(attrs={"type": "time", "step": 300}, format="%H:%M")
    )
    reason = forms.CharField(
        max_length=MAX_WHY,
        label="Why is it overbooked?",
        help_text="Kept on record with your name. Write nothing about health.",
    )

    @property
    def instant(self) -> datetime:
        zone = timezone.get_current_timezone()
        assert isinstance(zone, ZoneInfo)  # noqa: S101 - the reader's zone is an IANA zone
        return datetime.combine(self.cleaned_data["over_day"], self.cleaned_data["over_time"], zone)
