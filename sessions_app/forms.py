"""What people fill in on the scheduling pages. Limits are the models' own; the services decide."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language_info

from sessions_app.directory import ORDERINGS, DirectoryFilter
from sessions_app.models import Mode, SessionType, Weekday
from sessions_app.models.sessions import MAX_NOTE, MAX_REASON
from sessions_app.services.availability import MAX_RULES, RuleInput
from sessions_app.services.reservations import Choice

ANY = ("", "Any")
ORDERING_LABELS = {
    "next_free": "Soonest free time",
    "name": "Name",
    "-rating": "Rating",
    "-experience": "Experience",
}
ONLINE = "online"


def language_name(code: str) -> str:
    """“Hindi” for hi; the code itself when its name is not known."""
    try:
        return str(get_language_info(code)["name"])
    except KeyError:
        return code


class DirectoryForm(forms.Form):
    """The directory's filters, read from the address. What cannot be understood is left out, not refused."""

    q = forms.CharField(required=False, max_length=100, label="Search", widget=forms.SearchInput())
    specialization = forms.ChoiceField(required=False, label="Help with")
    language = forms.ChoiceField(required=False, label="Language")
    mode = forms.ChoiceField(required=False, label="How to meet", choices=[ANY, *Mode.choices])
    centre = forms.ChoiceField(required=False, label="Centre")
    day = forms.DateField(
        required=False, label="Free on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ordering = forms.ChoiceField(required=False, label="Order", choices=list(ORDERING_LABELS.items()))

    def __init__(self, *args: Any, offered: dict[str, list[Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._set_choices("specialization", [(name, name) for name in offered["specializations"]])
        self._set_choices("language", [(code, language_name(code)) for code in offered["languages"]])
        self._set_choices("centre", [(str(centre.pk), centre.name) for centre in offered["centres"]])

    def chosen_order(self) -> tuple[str, ...]:
        return ORDERINGS[self._value("ordering") or "next_free"]

    def wanted(self, zone: Any) -> DirectoryFilter:
        """`zone` is the reader's: a wanted day is a day on their wall."""
        day: date | None = self._value("day") or None
        free_from = datetime(day.year, day.month, day.day, tzinfo=zone) if day else None
        return DirectoryFilter(
            q=self._value("q") or "",
            specialization=self._value("specialization") or "",
            language=self._value("language") or "",
            centre_id=uuid.UUID(self._value("centre")) if self._value("centre") else None,
            mode=self._value("mode") or None,
            free_from=free_from.astimezone(UTC) if free_from else None,
            free_until=(free_from + timedelta(days=1)).astimezone(UTC) if free_from else None,
        )

    def _set_choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [ANY, *choices]

    def _value(self, name: str) -> Any:
        if not self.is_bound:
            return None
        self.is_valid()
        return self.cleaned_data.get(name)


class TimeForm(forms.Form):
    """One offered time, as the slot picker sends it."""

    start = forms.CharField(widget=forms.HiddenInput)
    session_type = forms.UUIDField(widget=forms.HiddenInput)
    mode = forms.ChoiceField(choices=Mode.choices, widget=forms.HiddenInput)
    note = forms.CharField(required=False, max_length=MAX_NOTE, widget=forms.HiddenInput)

    def clean_start(self) -> datetime:
        try:
            # In an address a “+” that nobody escaped arrives as a space.
            start = parse_datetime(self.cleaned_data["start"].replace(" ", "+"))
        except ValueError:
            start = None
        if start is None or start.utcoffset() is None:
            raise ValidationError("This time cannot be read. Choose one of the offered times.")
        return start

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
        help_text="You may leave this empty.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RuleForm(forms.Form):
    """One span of hours. `place` is a centre's id, or “online”."""

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
        if (values.get("start") is None) != (values.get("end") is None) and not self.errors:
            missing = "start" if values.get("start") is None else "end"
            self.add_error(missing, "Fill in both times, or leave both empty.")
        return values

    @property
    def is_kept(self) -> bool:
        return not self.cleaned_data.get("DELETE") and self.cleaned_data.get("start") is not None

    def rule(self, zone: str) -> RuleInput:
        values = self.cleaned_data
        return RuleInput(
            weekday=values["weekday"],
            start=values["start"],
            end=values["end"],
            timezone=zone,
            centre_id=values["place"],
        )


RuleFormSet = forms.formset_factory(
    RuleForm, extra=len(Weekday), can_delete=True, max_num=MAX_RULES, absolute_max=MAX_RULES + len(Weekday)
)


class SessionTypeForm(forms.ModelForm):
    """What a counselor offers. The fee is typed in the currency's major unit."""

    modes = forms.MultipleChoiceField(
        choices=Mode.choices, widget=forms.CheckboxSelectMultiple, label="Ways to meet"
    )

    class Meta:
        model = SessionType
        fields = (
            "name",
            "kind",
            "duration_minutes",
            "modes",
            "payment_policy",
            "fee_minor",
            "currency",
            "buffer_before_minutes",
            "buffer_after_minutes",
            "is_active",
        )
        labels = {
            "duration_minutes": "Length in minutes",
            "payment_policy": "Payment",
            "fee_minor": "Fee, in the smallest unit of the currency",
            "buffer_before_minutes": "Minutes kept free before",
            "buffer_after_minutes": "Minutes kept free after",
            "is_active": "Offered at present",
        }
        help_texts = {"fee_minor": "For 40.00 GBP write 4000. For a free session write 0."}
