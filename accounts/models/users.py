"""The account: one a person, with one of the seven roles."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from accounts.permissions import MANAGEABLE_ROLES, Action, Scope, scope_for
from accounts.roles import Role
from core.ids import uuid7
from core.zones import known_timezones


class Theme(models.TextChoices):
    SYSTEM = "system", "Like my device"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class FontSize(models.TextChoices):
    SMALL = "small", "Small"
    MEDIUM = "medium", "Medium"
    LARGE = "large", "Large"


def validate_timezone(name: str) -> None:
    """Raises ValidationError unless `name` is an IANA zone such as Asia/Kolkata."""
    if name not in known_timezones():
        raise ValidationError(
            f"“{name}” is not a time zone. Choose one such as Europe/London or Asia/Kolkata."
        )


def validate_language(code: str) -> None:
    """Raises ValidationError unless our pages speak `code` (settings.LANGUAGES)."""
    if code not in dict(settings.LANGUAGES):
        raise ValidationError(
            "Our pages do not speak this language yet. Known: " + ", ".join(dict(settings.LANGUAGES))
        )


# Three kinds of names to sign in with, which no two people can share: one holds @, one begins with +, one neither.
PHONE_PATTERN = r"^\+[1-9][0-9]{6,14}$"
USERNAME_PATTERN = r"^[a-z][a-z0-9._-]{2,59}$"
validate_phone = RegexValidator(
    PHONE_PATTERN, "Write the number with its country code, such as +919812345678.", code="phone"
)
validate_username = RegexValidator(
    USERNAME_PATTERN, "Use three or more small letters, digits, dots, dashes or underscores.", code="username"
)


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: "User") -> Self:
        """The accounts that `user` may look at: their own, the patients of their register, the staff they manage.

        To a counselor an anonymous patient is an alias: whoever shows an account asks `PatientProfile.name_for`.
        """
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(pk=user.pk) | self._in_register(user) | self._managed(user))

    def manageable_by(self, user: "User") -> Self:
        """The accounts that `user` may change, deactivate and give roles to: row “staff and counselor accounts”."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(self._managed(user))

    @staticmethod
    def _in_register(user: "User") -> Q:
        match scope_for(user.role, Action.PATIENT_REGISTER):
            case Scope.ALL:
                return Q(role=Role.PATIENT)
            case Scope.CENTRE:
                return _among(patient_profile__patient_centres__centre__staff__user=user)
            case Scope.CARE:
                return _among(
                    patient_profile__care_relationships__counselor_id=user.pk,
                    patient_profile__care_relationships__until=None,
                )
        return Q(pk__in=[])

    @staticmethod
    def _managed(user: "User") -> Q:
        roles = MANAGEABLE_ROLES.get(user.role, frozenset())
        match scope_for(user.role, Action.STAFF_MANAGE):
            case Scope.ALL:
                return Q(role__in=roles)
            case Scope.CENTRE:
                return Q(role__in=roles) & _among(staff_centres__centre__staff__user=user)
        return Q(pk__in=[])


def _among(**conditions: Any) -> Q:
    """A join as a sub-query, so that nobody is found twice and the result can be locked, updated and combined."""
    return Q(pk__in=User.objects.filter(**conditions).values("pk"))


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Creates accounts for the services; a door never calls it."""

    def create_user(self, *, password: str | None = None, **fields: Any) -> "User":
        fields["email"] = self.normalize_address(fields.get("email"))
        user: User = self.model(**fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    @staticmethod
    def normalize_address(email: str | None) -> str | None:
        """E-mail addresses are compared whole and in lower case; an empty one is no address."""
        return email.strip().lower() if email and email.strip() else None

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(email=self.normalize_address(username))
        return user


class User(AbstractBaseUser):
    """An account. Instants of it are UTC; `timezone` is the IANA zone in which its owner reads times."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(
        null=True, blank=True, unique=True, error_messages={"unique": "There is an account with this e-mail."}
    )
    phone = models.CharField(
        max_length=16,
        null=True,
        blank=True,
        unique=True,
        validators=[validate_phone],
        error_messages={"unique": "There is an account with this phone number."},
    )
    username = models.CharField(
        max_length=60,
        null=True,
        blank=True,
        unique=True,
        validators=[validate_username],
        help_text="Staff may sign in with it.",
        error_messages={"unique": "There is an account with this username."},
    )
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=20, choices=Role, default=Role.PATIENT)
    is_active = models.BooleanField(default=True)
    security_version = models.PositiveIntegerField(
        default=1, help_text="In every token; raising it ends every token and device session."
    )
    language = models.CharField(max_length=10, default="en", validators=[validate_language])
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    font_size = models.CharField(max_length=6, choices=FontSize, default=FontSize.MEDIUM)
    date_joined = models.DateTimeField(db_default=Now(), editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(phone__isnull=False),
                name="user_has_email_or_phone",
                violation_error_message="Give an e-mail address or a phone number.",
            ),
            models.CheckConstraint(
                condition=Q(email=models.functions.Lower("email")),
                name="user_email_is_lower_case",
                violation_error_message="Write the e-mail address in lower case.",
            ),
            models.CheckConstraint(
                condition=Q(phone__isnull=True) | Q(phone__regex=PHONE_PATTERN),
                name="user_phone_has_country_code",
                violation_error_message="Write the number with its country code, such as +919812345678.",
            ),
            models.CheckConstraint(
                condition=Q(username__isnull=True) | Q(username__regex=USERNAME_PATTERN),
                name="username_is_no_address_or_number",
                violation_error_message="Use three or more small letters, digits, dots, dashes or underscores.",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_is_known"),
        ]
        indexes = [models.Index(fields=["role", "is_active"], name="user_role")]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or "Unnamed"

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.first_name or self.full_name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a page session is bound to: raising security_version ends the sessions of pages too."""
        return salted_hmac(
            "accounts.User.session",
            f"{self.password}:{self.security_version}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    def may(self, action: Action) -> bool:
        """Whether the role may do `action` to anything at all; which objects is `visible_to`'s to say."""
        return scope_for(self.role, action) is not Scope.NONE

    # The admin site asks these. Only roles with ADMIN_SITE get in; what they may change there is the services' answer.
    @property
    def is_staff(self) -> bool:
        return self.is_active and self.may(Action.ADMIN_SITE)

    @property
    def is_superuser(self) -> bool:
        return self.is_active and self.role == Role.ADMIN

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        return self.is_staff

    def has_perms(self, perms: list[str], obj: object | None = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff
