"""A counselor's weekly hours: one row a span of time, all of them saved at once."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms import timezone_choices
from sessions_app.models import AvailabilityRule, Weekday
from sessions_app.services.availability import MAX_RULES, RuleInput

ONLINE = "online"
HALF_FILLED = "Fill in both times, or leave both empty."


class ZoneForm(forms.Form):
    """On whose clock the hours are. `known` says which rules the reader saw when the page was made."""

    timezone = forms.ChoiceField(
        label="Time zone of your hours",
        help_text="9:00 stays 9:00 on the clock there, also when the clocks change.",
    )
    known = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        timezone = self.fields["timezone"]
        assert isinstance(timezone, forms.ChoiceField)  # noqa: S101 - declared above
        timezone.choices = timezone_choices(self.initial["timezone"])


class RuleForm(forms.Form):
    """One span of hours. `id` is that of the rule it was, `place` a centre's id or “online”."""

    id = forms.CharField(required=False, widget=forms.HiddenInput)
    weekday = forms.TypedChoiceField(choices=Weekday.choices, coerce=int, widget=forms.HiddenInput)
    start = forms.TimeField(required=False, label="From")
    end = forms.TimeField(required=False, label="To")
    place = forms.CharField(required=False, label="Where")

    def __init__(self, *args: Any, places: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = {value for value, _ in places}

    def clean_place(self) -> uuid.UUID | None:
        place = self.cleaned_data["place"] or ONLINE
        if place not in self._places:
            raise ValidationError("Choose a place from the list.")
        return None if place == ONLINE else uuid.UUID(place)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and (values.get("start") is None) != (values.get("end") is None):
            self.add_error("start" if values.get("start") is None else "end", HALF_FILLED)
        return values

    @property
    def is_kept(self) -> bool:
        return not self.cleaned_data.get("DELETE") and self.cleaned_data.get("start") is not None

    def rule(self, zone: str, *, rules: Mapping[str, AvailabilityRule], main_zone: str) -> RuleInput:
        """What to save. A row that was a rule keeps what the page does not show to be changed.

        That is its dates, and its zone when that is another one than most of the week has.
        """
        values = self.cleaned_data
        was = rules.get(values["id"])
        return RuleInput(
            weekday=values["weekday"],
            start=values["start"],
            end=values["end"],
            timezone=was.timezone if was and was.timezone != main_zone else zone,
            centre_id=values["place"],
            valid_from=was.valid_from if was else None,
            valid_until=was.valid_until if was else None,
        )


RuleFormSet = forms.formset_factory(
    RuleForm, extra=len(Weekday), can_delete=True, max_num=MAX_RULES, absolute_max=MAX_RULES + len(Weekday)
)
