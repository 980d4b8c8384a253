"""The directory's filters."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format

from core.language_names import language_name
from sessions_app.directory import ORDERINGS, DirectoryFilter
from sessions_app.forms.days import is_shown
from sessions_app.models import Mode

ANY = ("", "Any")
ORDERING_LABELS = {
    "next_free": "Soonest free time",
    "name": "Name",
    "-rating": "Rating",
    "-experience": "Experience",
}


class DirectoryForm(forms.Form):
    """The directory's filters, read from the address. What cannot be understood is left out, not refused."""

    q = forms.CharField(
        required=False,
        max_length=100,
        label="Search",
        widget=forms.SearchInput(attrs={"autocomplete": "off"}),
    )
    specialization = forms.ChoiceField(required=False, label="Help with")
    mode = forms.ChoiceField(required=False, label="How to meet", choices=[ANY, *Mode.choices])
    language = forms.ChoiceField(required=False, label="Language")
    centre = forms.ChoiceField(required=False, label="Centre")
    day = forms.DateField(
        required=False, label="Free on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ordering = forms.ChoiceField(required=False, label="Order", choices=list(ORDERING_LABELS.items()))

    def __init__(self, *args: Any, offered: dict[str, list[Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = sorted((language_name(code), code) for code in offered["languages"])
        self._set_choices("specialization", [(name, name) for name in offered["specializations"]])
        self._set_choices("language", [(code, name) for name, code in languages])
        self._set_choices("centre", [(str(centre.pk), centre.name) for centre in offered["centres"]])

    def clean_day(self) -> date | None:
        day: date | None = self.cleaned_data["day"]
        if day is not None and not is_shown(day):
            raise ValidationError("Choose a day that is still to come.")
        return day

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

    def asked_in_words(self) -> list[tuple[str, str]]:
        """(field, words) of each filter that is set: “Hindi”, “Free on 23 November”."""
        return [
            (name, self._in_words(name)) for name in self.fields if name != "ordering" and self._value(name)
        ]

    def asked_without(self, left_out: str) -> dict[str, str]:
        """The address's values without one of them."""
        return {
            name: str(self._value(name)) for name in self.fields if name != left_out and self._value(name)
        }

    def asked_to_wait(self) -> dict[str, str]:
        """What of it the waitlist can look for, as its page reads it."""
        names = ("specialization", "language", "centre", "mode")
        return {name: str(self._value(name)) for name in names if self._value(name)}

    def _in_words(self, name: str) -> str:
        value, field = self._value(name), self.fields[name]
        if isinstance(value, date):
            return f"Free on {date_format(value, 'j F')}"
        if isinstance(field, forms.ChoiceField):
            labels: Any = field.choices
            return str(dict(labels)[value])
        return f"“{value}”"

    def _set_choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [ANY, *choices]

    def _value(self, name: str) -> Any:
        if not self.is_bound:
            return None
        self.is_valid()
        return self.cleaned_data.get(name)
