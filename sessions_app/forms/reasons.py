"""A time about which somebody asks why it is not offered."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from sessions_app.forms.hours import DayField
from sessions_app.models import Mode, SessionType


class ReasonForm(forms.Form):
    """Day and time are on the reader's clock."""

    day = DayField(label="Day")
    time = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    type = forms.ModelChoiceField(queryset=SessionType.objects.none(), label="Session", empty_label=None)
    mode = forms.ChoiceField(choices=[("", "Any way"), *Mode.choices], required=False, label="Way to meet")

    def __init__(self, *args: Any, types: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = self.fields["type"]
        assert isinstance(offered, forms.ModelChoiceField)  # noqa: S101 - declared above
        offered.queryset = types

    @property
    def instant(self) -> datetime:
        zone = timezone.get_current_timezone()
        assert isinstance(zone, ZoneInfo)  # noqa: S101 - the reader's zone is an IANA zone
        values = self.cleaned_data
        return datetime.combine(values["day"], values["time"], zone)
