"""What people fill in on pages. Limits are the models' own; the services decide."""

import zoneinfo
from datetime import UTC, datetime
from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.conf import settings
from django.http import HttpRequest

from accounts.browser_zone import zone_of_browser
from accounts.models import CounselorProfile, FontSize, PatientProfile, Theme, User
from accounts.roles import Role
from accounts.services.profiles import COUNSELOR_FIELDS, LISTS, NAMES, PATIENT_FIELDS
from accounts.services.sign_up import sign_up_patient
from core import request_context
from core.api.throttling import spend_sign_up
from core.zones import offered_timezones


class PatientSignupForm(SignupForm):
    """Signing up on the page. The zone is the browser's, and can be changed in the preferences."""

    first_name = forms.CharField(
        max_length=80, label="First name", widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        max_length=80, label="Last name", widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    field_order = ("first_name", "last_name", "email", "password1")

    def try_save(self, request: HttpRequest) -> tuple[User | None, Any]:
        """Raises Throttled at the limit that pages and API count together, and Unavailable while Redis is away."""
        spend_sign_up(address=request_context.ip.get())
        if self.account_already_exists:
            User().set_password(self.cleaned_data["password1"])  # as slow as making one, which hashes it too
        saved: tuple[User | None, Any] = super().try_save(request)
        return saved

    def save(self, request: HttpRequest) -> User:
        return sign_up_patient(
            email=self.cleaned_data["email"],
            password=self.cleaned_data["password1"],
            first_name=self.cleaned_data["first_name"],
            last_name=self.cleaned_data["last_name"],
            timezone=zone_of_browser(request) or settings.TIME_ZONE,
            language=getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE),
        )


def timezone_choices(*also: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The zones to offer, and `also` these, grouped by their part of the world, each with its offset from UTC now."""
    now = datetime.now(UTC)
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(offered_timezones().union(also)):
        region, _, city = name.partition("/")
        if not city:
            region, city = "Other", name
        offset = now.astimezone(zoneinfo.ZoneInfo(name)).strftime("%z")
        label = f"{city.replace('_', ' ')} (UTC{offset[:3]}:{offset[3:]})"
        groups.setdefault(region, []).append((name, label))
    return list(groups.items())


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(choices=lambda: settings.LANGUAGES, label="Language")
    timezone = forms.ChoiceField(
        label="Time zone",
        help_text="All times on your pages and in your mails are shown in this zone.",
    )
    theme = forms.ChoiceField(choices=Theme, widget=forms.RadioSelect, label="Colours")
    font_size = forms.ChoiceField(choices=FontSize, widget=forms.RadioSelect, label="Size of text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) == 1:
            del self.fields["language"]
        zone = self.fields["timezone"]
        if isinstance(zone, forms.ChoiceField):
            zone.choices = timezone_choices(self.initial["timezone"])


class LinesField(forms.Field):
    """A list, one item a line. How long items may be is the model's to say."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]


class ProfileForm(forms.Form):
    """The fields of one's role, filled with what they are now."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs["initial"] = profile_values(user)
        super().__init__(*args, **kwargs)
        self.fields.update(forms.fields_for_model(User, fields=NAMES))
        self.fields["phone"].help_text = "With its country code, such as +919812345678."
        self.fields["phone"].widget.input_type = "tel"
        self.fields["first_name"].required = True
        if user.role == Role.PATIENT:
            self.fields.update(forms.fields_for_model(PatientProfile, fields=PATIENT_FIELDS))
            self.fields["date_of_birth"].widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            self.fields["is_anonymous"].label = "Show counselors another name"
            self.fields["alias"].label = "The name they see"
        elif user.role == Role.COUNSELOR:
            self.fields.update(forms.fields_for_model(CounselorProfile, fields=COUNSELOR_FIELDS))
            for name in LISTS:
                self.fields[name] = LinesField(
                    required=False, label=self.fields[name].label, help_text="One a line."
                )


def profile_values(user: User) -> dict[str, Any]:
    """What the profile of `user` says, by field name; the fields are those of the role."""
    values = {name: getattr(user, name) for name in NAMES}
    if user.role == Role.PATIENT:
        values |= {name: getattr(user.patient_profile, name) for name in PATIENT_FIELDS}
    elif user.role == Role.COUNSELOR:
        values |= {name: getattr(user.counselor_profile, name) for name in COUNSELOR_FIELDS}
    return values
