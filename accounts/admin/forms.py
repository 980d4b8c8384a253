"""The console's forms. They check words; what somebody may do is the services' to say."""

from collections.abc import Collection
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.forms import LinesField, timezone_choices
from accounts.models import Centre, CounselorProfile, PatientProfile, User
from accounts.permissions import MANAGEABLE_ROLES
from accounts.roles import STAFF, Role
from accounts.services.people import NewAccount
from accounts.services.profiles import LISTS

ACCOUNT_FIELDS = ("first_name", "last_name", "email", "phone")


def account_of(values: dict[str, Any]) -> NewAccount:
    """The account that a form describes; it has no password, so its owner is invited to choose one."""
    names = (*ACCOUNT_FIELDS, "username", "timezone")
    return NewAccount(**{name: values[name] for name in names if name in values})


class AccountFields(forms.Form):
    """The account behind a new row."""

    first_name = forms.CharField(max_length=80, widget=UnfoldAdminTextInputWidget())
    last_name = forms.CharField(max_length=80, required=False, widget=UnfoldAdminTextInputWidget())
    email = forms.EmailField(required=False, widget=UnfoldAdminTextInputWidget())
    phone = forms.CharField(
        max_length=16, required=False, widget=UnfoldAdminTextInputWidget(), help_text="Such as +919812345678."
    )
    timezone = forms.ChoiceField(choices=timezone_choices, initial="UTC", widget=UnfoldAdminSelectWidget())

    def clean_email(self) -> str | None:
        address: str | None = User.objects.normalize_address(self.cleaned_data["email"])
        return address

    def clean_phone(self) -> str | None:
        return self.cleaned_data["phone"] or None

    def clean(self) -> dict[str, Any]:
        """What the account's own constraints say, beside the fields."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        names = [name for name in ("email", "phone", "username") if name in self.fields]
        account = User(**{name: values.get(name) for name in names})
        try:
            account.full_clean(exclude={field.name for field in User._meta.concrete_fields} - set(names))
        except forms.ValidationError as error:
            for name, sentences in error.message_dict.items():
                self.add_error(name if name in self.fields else None, sentences)
        return values


class CentresField(forms.ModelMultipleChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Centre.objects.all(), widget=UnfoldAdminSelect2MultipleWidget(), **kwargs)


class NewStaffForm(AccountFields, forms.ModelForm):
    """A new account of a staff role that the reader may manage."""

    reader: User

    role = forms.ChoiceField(widget=UnfoldAdminSelectWidget())
    centres = CentresField(required=False, help_text="At least one for centre staff.")

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "phone", "username", "role", "timezone")
        widgets = {"username": UnfoldAdminTextInputWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_roles(self, self.reader, STAFF)

    def clean_username(self) -> str | None:
        return self.cleaned_data["username"] or None


class UserForm(forms.ModelForm):
    """An account that exists. Its address is changed by its owner, who has to confirm it."""

    reader: User

    centres = CentresField(required=False)

    class Meta:
        model = User
        fields = ("first_name", "last_name", "phone", "role", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["centres"].initial = Centre.objects.filter(staff__user=self.instance)
        if "role" in self.fields:
            _offer_roles(self, self.reader, STAFF | {self.instance.role})


class NewPatientForm(AccountFields, forms.ModelForm):
    centre = forms.ModelChoiceField(Centre.objects.filter(is_active=True), widget=UnfoldAdminSelectWidget())

    class Meta:
        model = PatientProfile
        fields = ("lead_source",)


class CounselorLists(forms.Form):
    specializations = LinesField(required=False, widget=UnfoldAdminTextareaWidget(), help_text="One a line.")
    qualifications = LinesField(required=False, widget=UnfoldAdminTextareaWidget(), help_text="One a line.")
    languages = LinesField(
        required=False, widget=UnfoldAdminTextareaWidget(), help_text="One code a line, such as en."
    )


class NewCounselorForm(AccountFields, CounselorLists, forms.ModelForm):
    class Meta:
        model = CounselorProfile
        fields = (
            "primary_centre", "license_number", "title", "bio", "specializations", "qualifications", "languages",
            "years_of_experience",
        )  # fmt: skip


class CounselorForm(CounselorLists, forms.ModelForm):
    class Meta:
        model = CounselorProfile
        fields = ("title", "bio", *sorted(LISTS), "years_of_experience", "is_accepting")


def _offer_roles(form: forms.Form | forms.ModelForm, reader: User, among: Collection[str]) -> None:
    """Those of `among` that the reader may give."""
    allowed = MANAGEABLE_ROLES.get(reader.role, frozenset())
    field = form.fields["role"]
    if isinstance(field, forms.ChoiceField):
        field.choices = [(role.value, role.label) for role in Role if role in allowed and role in among]
