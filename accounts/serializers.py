"""What the endpoints of this app accept, and what their answers look like in the reference."""

from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from rest_framework import serializers

from accounts.models import FontSize, Theme
from accounts.models.profiles import BloodGroup
from accounts.models.users import PHONE_PATTERN, validate_timezone
from accounts.roles import Role
from accounts.services.sign_in import NameKind, SignInName
from core.api.fields import DayField
from core.api.serializers import Body, ListQuery, Shape

MAX_PASSWORD_LENGTH = 1000


class PasswordField(serializers.CharField):
    """Taken as it is written: spaces count. The bound keeps the hash from being given work for hours."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False, write_only=True, **kwargs)


class PhoneField(serializers.RegexField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            PHONE_PATTERN,
            max_length=16,
            error_messages={"invalid": "Write the number with its country code, such as +919812345678."},
            **kwargs,
        )


class TimezoneField(serializers.CharField):
    def __init__(self, *, help_text: str = "IANA zone, such as Asia/Kolkata.", **kwargs: Any) -> None:
        super().__init__(max_length=64, validators=[validate_timezone], help_text=help_text, **kwargs)


class LanguageField(serializers.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=settings.LANGUAGES, **kwargs)


class SignUpBody(Body):
    """A patient's account; nobody becomes anything else by signing up."""

    email = serializers.EmailField(max_length=254)
    password = PasswordField(help_text=" ".join(map(str, password_validators_help_texts())))
    first_name = serializers.CharField(max_length=80)
    last_name = serializers.CharField(max_length=80)
    timezone = TimezoneField(default="UTC")
    language = LanguageField(default="en")
    phone = PhoneField(required=False)


class SignInBody(Body):
    """One of the three names, and the password. The checked values carry `name`: a SignInName."""

    email = serializers.CharField(max_length=254, required=False)
    phone = serializers.CharField(max_length=20, required=False)
    username = serializers.CharField(max_length=60, required=False)
    password = PasswordField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [kind for kind in NameKind if kind.value in attrs]
        if len(given) != 1:
            raise serializers.ValidationError("Give one of email, phone and username.")
        return {"name": SignInName(given[0], attrs[given[0].value]), "password": attrs["password"]}


class RefreshBody(Body):
    refresh = serializers.CharField(max_length=100)


class PreferencesBody(Body):
    language = LanguageField()
    timezone = TimezoneField()
    theme = serializers.ChoiceField(choices=Theme.choices)
    font_size = serializers.ChoiceField(choices=FontSize.choices)


class ProfileBody(Body):
    """The fields of one's role: names and phone for everybody, the rest for patients or for counselors.

    PUT sends all of them, PATCH some; a field of another role is refused.
    """

    first_name = serializers.CharField(max_length=80)
    last_name = serializers.CharField(max_length=80, allow_blank=True)
    phone = PhoneField(allow_null=True)


class PatientProfileBody(ProfileBody):
    date_of_birth = DayField(allow_null=True)
    gender = serializers.CharField(max_length=40, allow_blank=True)
    blood_group = serializers.ChoiceField(choices=BloodGroup.choices, allow_blank=True)
    emergency_contact_name = serializers.CharField(max_length=120, allow_blank=True)
    emergency_contact_phone = PhoneField(allow_blank=True)
    is_anonymous = serializers.BooleanField()
    alias = serializers.CharField(max_length=60, allow_blank=True)


class CounselorProfileBody(ProfileBody):
    title = serializers.CharField(max_length=80, allow_blank=True)
    bio = serializers.CharField(max_length=4000, allow_blank=True)
    specializations = serializers.ListField(child=serializers.CharField(max_length=60), max_length=20)
    qualifications = serializers.ListField(child=serializers.CharField(max_length=120), max_length=20)
    languages = serializers.ListField(child=serializers.CharField(max_length=10), max_length=20)
    years_of_experience = serializers.IntegerField(min_value=0, max_value=80)
    is_accepting = serializers.BooleanField()


class AnyProfileBody(PatientProfileBody, CounselorProfileBody):
    """What any role may send, for the reference; the own role's body above is what checks it."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields


PROFILE_BODIES: dict[str, type[ProfileBody]] = {
    Role.PATIENT: PatientProfileBody,
    Role.COUNSELOR: CounselorProfileBody,
}


class CentreListQuery(ListQuery):
    orderings = {"name": ("name", "id"), "-name": ("-name", "-id"), "city": ("city", "name", "id")}
    city = serializers.CharField(max_length=80, required=False)
    is_active = serializers.BooleanField(required=False)


class DegreesField(serializers.DecimalField):
    """A latitude or longitude, at most `bound` degrees from zero."""

    def __init__(self, *, bound: int) -> None:
        self.bound = bound
        super().__init__(
            max_digits=9, decimal_places=6, min_value=-bound, max_value=bound, required=False, allow_null=True
        )

    def __deepcopy__(self, memo: Any) -> "DegreesField":
        return DegreesField(bound=self.bound)


class CentreBody(Body):
    name = serializers.CharField(max_length=120)
    address = serializers.CharField(max_length=240, required=False, allow_blank=True)
    city = serializers.CharField(max_length=80)
    latitude = DegreesField(bound=90)
    longitude = DegreesField(bound=180)
    phone = PhoneField(required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    timezone = TimezoneField()


class PatientsQuery(ListQuery):
    orderings = {
        "name": ("user__first_name", "user__last_name", "pk"),
        "-name": ("-user__first_name", "-user__last_name", "-pk"),
    }
    q = serializers.CharField(
        required=False,
        max_length=120,
        help_text="An id, a phone number, or words of the name and e-mail address.",
    )
    centre = serializers.UUIDField(required=False)


class NewPatientBody(Body):
    """Whoever stands at the desk; at least one of e-mail and phone."""

    first_name = serializers.CharField(max_length=80)
    last_name = serializers.CharField(max_length=80, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False)
    phone = PhoneField(required=False)
    centre = serializers.UUIDField(help_text="On whose register they are from now on.")
    timezone = TimezoneField(required=False, help_text="Left out: the centre's.")
    lead_source = serializers.CharField(max_length=60, required=False, allow_blank=True)
    is_someone_else = serializers.BooleanField(
        required=False, help_text="Though somebody of this name is on the register."
    )


class AccountShape(Shape):
    id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=Role.choices)
    display_name = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    email = serializers.EmailField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    username = serializers.CharField(allow_null=True)
    language = serializers.CharField()
    timezone = serializers.CharField()
    theme = serializers.ChoiceField(choices=Theme.choices)
    font_size = serializers.ChoiceField(choices=FontSize.choices)


class NamedShape(Shape):
    id = serializers.UUIDField()
    name = serializers.CharField()


class MeShape(AccountShape):
    centres = NamedShape(many=True, help_text="Where the account works.")


class TokensShape(Shape):
    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds until the access token expires.")


class SignedInShape(TokensShape):
    user = AccountShape()


class SignedUpShape(Shape):
    """Tokens and account as in signing in, or only `verification_required` while the address must be confirmed."""

    access = serializers.CharField(required=False)
    refresh = serializers.CharField(required=False)
    expires_in = serializers.IntegerField(required=False)
    user = AccountShape(required=False)
    verification_required = serializers.BooleanField(required=False)


class PreferencesShape(Shape):
    language = serializers.CharField()
    timezone = serializers.CharField()
    theme = serializers.ChoiceField(choices=Theme.choices)
    font_size = serializers.ChoiceField(choices=FontSize.choices)


class ProfileShape(Shape):
    """Fields of other roles are left out; to a counselor an anonymous patient is an alias and nothing else."""

    id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=Role.choices)
    display_name = serializers.CharField()
    first_name = serializers.CharField(required=False)
    last_name = serializers.CharField(required=False)
    email = serializers.EmailField(allow_null=True, required=False)
    phone = serializers.CharField(allow_null=True, required=False)
    date_of_birth = serializers.DateField(allow_null=True, required=False)
    gender = serializers.CharField(required=False)
    blood_group = serializers.CharField(required=False)
    emergency_contact_name = serializers.CharField(required=False)
    emergency_contact_phone = serializers.CharField(required=False)
    is_anonymous = serializers.BooleanField(required=False)
    alias = serializers.CharField(required=False)
    title = serializers.CharField(required=False)
    bio = serializers.CharField(required=False)
    specializations = serializers.ListField(child=serializers.CharField(), required=False)
    qualifications = serializers.ListField(child=serializers.CharField(), required=False)
    languages = serializers.ListField(child=serializers.CharField(), required=False)
    years_of_experience = serializers.IntegerField(required=False)
    is_accepting = serializers.BooleanField(required=False)
    is_approved = serializers.BooleanField(required=False)


class PatientShape(Shape):
    """To a counselor an anonymous patient is an alias, and the rest is null."""

    id = serializers.UUIDField()
    display_name = serializers.CharField()
    email = serializers.EmailField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    date_of_birth = serializers.DateField(allow_null=True)


class CentreShape(Shape):
    id = serializers.UUIDField()
    name = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    latitude = serializers.CharField(allow_null=True)
    longitude = serializers.CharField(allow_null=True)
    phone = serializers.CharField()
    email = serializers.CharField()
    timezone = serializers.CharField()
    is_active = serializers.BooleanField()
