"""A counselor's availability: weekly hours, exceptions and booking rules, all of them saved at once."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms import timezone_choices
from sessions_app.forms.days import is_shown
from sessions_app.models import AvailabilityException, AvailabilityRule, ExceptionKind, Weekday
from sessions_app.models.availability import MAX_EVERY_WEEKS, MIDNIGHT
from sessions_app.models.booking_rules import MAX_HORIZON_DAYS, MAX_SESSIONS_A_DAY
from sessions_app.services.availability import (
    MAX_EXCEPTIONS,
    MAX_RULES,
    BookingRulesInput,
    ExceptionInput,
    RuleInput,
)

ONLINE = "online"
HALF_FILLED = "Fill in both times, or leave both empty."
EXTRA_NEEDS_TIMES = "Extra hours need both times."
NOTICES = {0: "None", 60: "1 hour", 120: "2 hours", 240: "4 hours", 720: "12 hours"} | {
    1440 * days: f"{days} day{'' if days == 1 else 's'}" for days in (1, 2, 3, 7, 14)
}


class DayField(forms.DateField):
    """A calendar day of those that pages show."""

    widget = forms.DateInput(attrs={"type": "date"})

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not is_shown(day):
            raise ValidationError("Choose a day from 2000 to 2100.")
        return day


class ZoneForm(forms.Form):
    """On whose clock the hours are. `known` says what the reader saw when the page was made."""

    timezone = forms.ChoiceField(
        label="Time zone of these hours",
        help_text="9:00 stays 9:00 on the clock there, also when the clocks change.",
    )
    known = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        timezone = self.fields["timezone"]
        assert isinstance(timezone, forms.ChoiceField)  # noqa: S101 - declared above
        timezone.choices = timezone_choices(self.initial["timezone"])


class _PlacedForm(forms.Form):
    """A row with times and a place. `id` is that of the row it was, `place` a centre's id or “online”."""

    id = forms.CharField(required=False, widget=forms.HiddenInput)
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


class RuleForm(_PlacedForm):
    """One span of weekly hours."""

    weekday = forms.TypedChoiceField(choices=Weekday.choices, coerce=int, widget=forms.HiddenInput)
    every_weeks = forms.TypedChoiceField(
        choices=[(number, number) for number in range(1, MAX_EVERY_WEEKS + 1)],
        coerce=int,
        required=False,
    )
    valid_from = DayField(required=False)
    valid_until = DayField(required=False)

    @property
    def is_kept(self) -> bool:
        return not self.cleaned_data.get("DELETE") and self.cleaned_data.get("start") is not None

    def rule(self, zone: str, *, rules: Mapping[str, AvailabilityRule], main_zone: str) -> RuleInput:
        """What to save. A row that was a rule in another zone than most of the week keeps that zone."""
        values = self.cleaned_data
        was = rules.get(values["id"])
        return RuleInput(
            weekday=values["weekday"],
            start=values["start"],
            end=values["end"],
            timezone=was.timezone if was and was.timezone != main_zone else zone,
            centre_id=values["place"],
            valid_from=values["valid_from"],
            valid_until=values["valid_until"],
            every_weeks=values["every_weeks"] or 1,
        )


class ExceptionForm(_PlacedForm):
    """Time away, or extra hours. Without times: whole days; without a last day: one day."""

    kind = forms.ChoiceField(choices=ExceptionKind.choices, required=False)
    first_day = DayField(required=False)
    last_day = DayField(required=False)

    def __init__(self, *args: Any, kinds: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kinds = set(kinds)

    def clean_kind(self) -> str:
        kind = self.cleaned_data["kind"] or ExceptionKind.UNAVAILABLE
        if self.data.get(self.add_prefix("first_day")) and kind not in self._kinds:
            raise ValidationError("Choose what it is from the list.")
        return str(kind)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        says_something = any(values.get(name) for name in ("last_day", "start", "end"))
        if not self.errors and says_something and values.get("first_day") is None:
            self.add_error("first_day", "Say on which day.")
        is_extra = not self.errors and values["kind"] == ExceptionKind.EXTRA and self.is_filled
        if is_extra and values.get("start") is None:
            self.add_error("start", EXTRA_NEEDS_TIMES)
        return values

    @property
    def is_filled(self) -> bool:
        return self.cleaned_data.get("first_day") is not None

    @property
    def is_kept(self) -> bool:
        return not self.cleaned_data.get("DELETE") and self.is_filled

    def exception(
        self, zone: str, *, exceptions: Mapping[str, AvailabilityException], main_zone: str
    ) -> ExceptionInput:
        """What to save; the zone as for a rule."""
        values = self.cleaned_data
        was = exceptions.get(values["id"])
        is_extra = values["kind"] == ExceptionKind.EXTRA
        return ExceptionInput(
            kind=values["kind"],
            first_day=values["first_day"],
            last_day=values["last_day"] or values["first_day"],
            timezone=was.timezone if was and was.timezone != main_zone else zone,
            start=_or_midnight(values["start"]),
            end=_or_midnight(values["end"]),
            centre_id=values["place"] if is_extra else None,
        )


class BookingRulesForm(forms.Form):
    notice = forms.TypedChoiceField(
        coerce=int, label="Notice", help_text="How long before a session it can still be booked."
    )
    horizon_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_HORIZON_DAYS,
        label="How many days ahead",
        help_text="Empty: as far as the platform allows.",
    )
    most_sessions_a_day = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_SESSIONS_A_DAY,
        label="Most sessions a day",
        help_text="Empty: no limit.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        notice = self.fields["notice"]
        assert isinstance(notice, forms.ChoiceField)  # noqa: S101 - declared above
        saved = self.initial.get("notice") or 0
        known = NOTICES if saved in NOTICES else NOTICES | {saved: f"{saved} minutes"}
        notice.choices = sorted(known.items())

    def booking(self, zone: str) -> BookingRulesInput:
        values = self.cleaned_data
        return BookingRulesInput(
            timezone=zone,
            minimum_notice_minutes=values["notice"],
            horizon_days=values["horizon_days"],
            most_sessions_a_day=values["most_sessions_a_day"],
        )


def _or_midnight(moment: time | None) -> time:
    return MIDNIGHT if moment is None else moment


RuleFormSet = forms.formset_factory(
    RuleForm, extra=len(Weekday), can_delete=True, max_num=MAX_RULES, absolute_max=MAX_RULES + len(Weekday)
)
ExceptionFormSet = forms.formset_factory(
    ExceptionForm, extra=1, can_delete=True, max_num=MAX_EXCEPTIONS, absolute_max=MAX_EXCEPTIONS + 1
)
