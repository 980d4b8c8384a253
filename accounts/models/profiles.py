"""What is known of a patient and of a counselor. A profile's key is its account's id."""

import re
from functools import reduce
from operator import or_
from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, NullIf, Round

from accounts.models.centres import Centre
from accounts.models.users import User, validate_phone
from accounts.permissions import Action, Scope, scope_for
from accounts.roles import Role

MAX_WORDS = 6
"""Of a search; more say nothing new."""


class PatientQuerySet(models.QuerySet["PatientProfile"]):
    def visible_to(self, user: User) -> Self:
        """The patients whose identity `user` may see: row “patient register” of the table."""
        if not user.is_authenticated:
            return self.none()
        return self.within(scope_for(user.role, Action.PATIENT_REGISTER), user)

    def bookable_by(self, user: User) -> Self:
        """The patients for whom `user` may hold and book a session."""
        if not user.is_authenticated:
            return self.none()
        return self.within(scope_for(user.role, Action.SESSION_BOOK), user).filter(user__is_active=True)

    def matching(self, text: str, *, viewer: User) -> Self:
        """Those whom `text` finds, as far as `viewer` may know them: an id, a phone number, words of name and e-mail.

        Every word has to fit. To a counselor an anonymous patient is found by the alias and by nothing else, or a
        search would tell whose alias it is.
        """
        found = self._by_text(text.strip())
        if viewer.role != Role.COUNSELOR:
            return self.filter(found)
        return self.filter(Q(is_anonymous=False) & found | Q(is_anonymous=True) & _by_words(text, ("alias",)))

    @staticmethod
    def _by_text(text: str) -> Q:
        try:
            return Q(pk=UUID(text))
        except ValueError:
            pass
        digits = re.sub(r"[\s()./-]", "", text)
        if re.fullmatch(r"(\+|00)?[0-9]{4,15}", digits):
            # Without what stands before it: a country code for some, a zero for those at home.
            return Q(user__phone__contains=digits.lstrip("+0"))
        return _by_words(text, ("user__first_name", "user__last_name", "user__email", "alias"))

    def within(self, scope: Scope, user: User) -> Self:
        match scope:
            case Scope.ALL:
                return self.all()
            case Scope.CENTRE:
                return self.filter(
                    pk__in=PatientProfile.objects.filter(patient_centres__centre__staff__user=user).values(
                        "pk"
                    )
                )
            case Scope.CARE:
                in_care = PatientProfile.objects.filter(
                    care_relationships__counselor=user.pk, care_relationships__until=None
                )
                return self.filter(pk__in=in_care.values("pk"))
            case Scope.OWN:
                return self.filter(pk=user.pk)
        return self.none()


def _by_words(text: str, fields: tuple[str, ...]) -> Q:
    """Every word of `text` is somewhere in one of the fields; no word finds nobody."""
    words = text.split()[:MAX_WORDS]
    found = Q() if words else Q(pk__in=[])
    for word in words:
        found &= reduce(or_, (Q(**{f"{field}__icontains": word}) for field in fields))
    return found


class BloodGroup(models.TextChoices):
    A_POSITIVE = "A+", "A+"
    A_NEGATIVE = "A-", "A-"
    B_POSITIVE = "B+", "B+"
    B_NEGATIVE = "B-", "B-"
    AB_POSITIVE = "AB+", "AB+"
    AB_NEGATIVE = "AB-", "AB-"
    O_POSITIVE = "O+", "O+"
    O_NEGATIVE = "O-", "O-"


class PatientProfile(models.Model):
    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="patient_profile"
    )
    date_of_birth = models.DateField(null=True, blank=True)
    gender = models.CharField(max_length=40, blank=True)
    blood_group = models.CharField(max_length=3, blank=True, choices=BloodGroup)
    emergency_contact_name = models.CharField(max_length=120, blank=True)
    emergency_contact_phone = models.CharField(max_length=16, blank=True, validators=[validate_phone])
    is_premium = models.BooleanField(default=False)
    is_anonymous = models.BooleanField(
        default=False, help_text="Counselors see the alias only, on every page and in every message."
    )
    alias = models.CharField(max_length=60, blank=True)
    lead_source = models.CharField(max_length=60, blank=True)
    centres = models.ManyToManyField(Centre, through="accounts.PatientCentre", related_name="patients")

    objects = PatientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_anonymous=False) | ~Q(alias=""),
                name="anonymous_patient_has_alias",
                violation_error_message="Choose a name that counselors will see instead of yours.",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def is_hidden_from(self, viewer: User | None) -> bool:
        """Whether `viewer` may know the alias only: no name, e-mail address, phone number or picture."""
        return self.is_anonymous and (viewer is None or viewer.role == Role.COUNSELOR)

    def name_for(self, viewer: User | None) -> str:
        """The name that `viewer` may read: to a counselor an anonymous patient is their alias, and nothing else."""
        return patient_display_name(
            full_name=self.user.full_name,
            is_anonymous=self.is_anonymous,
            alias=self.alias,
            viewer_role=viewer.role if viewer is not None else None,
        )


def patient_display_name(*, full_name: str, is_anonymous: bool, alias: str, viewer_role: str | None) -> str:
    """The one place that decides which name of a patient a reader gets (docs/access.md).

    `viewer_role` None is a reader without a role (a message to nobody in particular): the alias too.
    """
    if is_anonymous and viewer_role in (None, Role.COUNSELOR):
        return alias
    return full_name


class Presence(models.TextChoices):
    AVAILABLE = "available", "Available"
    BUSY = "busy", "Busy"
    OFFLINE = "offline", "Offline"


class CounselorQuerySet(models.QuerySet["CounselorProfile"]):
    def listed(self) -> Self:
        """Those whom the public may find and book: approved, active and accepting."""
        return self.filter(self._listed_condition())

    def visible_to(self, user: User) -> Self:
        """The public directory, and for those who plan availability also the unlisted ones that they plan for."""
        return self.filter(self._listed_condition() | self._reach(user))

    def availability_editable_by(self, user: User) -> Self:
        """The counselors whose weekly hours `user` may change."""
        if not user.is_authenticated or scope_for(user.role, Action.AVAILABILITY_EDIT) is Scope.NONE:
            return self.none()
        return self.filter(self._reach(user))

    @staticmethod
    def _listed_condition() -> Q:
        return Q(is_approved=True, is_accepting=True, user__is_active=True, user__role=Role.COUNSELOR)

    @staticmethod
    def _reach(user: User) -> Q:
        if not user.is_authenticated:
            return Q(pk__in=[])
        match scope_for(user.role, Action.AVAILABILITY_EDIT):
            case Scope.ALL:
                return ~Q(pk=None)
            case Scope.CENTRE:
                at_their_centres = CounselorProfile.objects.filter(
                    user__staff_centres__centre__staff__user=user
                )
                return Q(pk__in=at_their_centres.values("pk"))
            case Scope.OWN:
                return Q(pk=user.pk)
        return Q(pk__in=[])


def average_of(total: str | Combinable, count: str | Combinable) -> Round:
    """SQL for the average, to two digits; NULL when there is nothing to average."""
    return Round(
        Cast(total, models.DecimalField(max_digits=12, decimal_places=2)) / NullIf(count, Value(0)), 2
    )


class CounselorProfile(models.Model):
    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="counselor_profile"
    )
    license_number = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=80, blank=True, help_text="Such as: Clinical psychologist.")
    specializations = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    qualifications = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    languages = ArrayField(
        models.CharField(max_length=10), default=list, blank=True, help_text="BCP 47 codes."
    )
    years_of_experience = models.PositiveSmallIntegerField(default=0)
    bio = models.TextField(blank=True, max_length=4000)
    primary_centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="counselors")
    presence = models.CharField(max_length=9, choices=Presence, default=Presence.OFFLINE)
    rating_average = models.DecimalField(max_digits=3, decimal_places=2, null=True, blank=True)
    rating_count = models.PositiveIntegerField(default=0)
    rating_sum = models.PositiveIntegerField(default=0, db_default=0, help_text="All stars together.")
    sessions_completed = models.PositiveIntegerField(default=0)
    is_approved = models.BooleanField(default=False)
    is_accepting = models.BooleanField(default=True, help_text="Takes new bookings.")

    objects = CounselorQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(fields=["specializations"], name="counselor_specializations"),
            GinIndex(fields=["languages"], name="counselor_languages"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating_count=0, rating_sum=0, rating_average__isnull=True)
                | Q(
                    rating_count__gt=0,
                    rating_average__isnull=False,
                    rating_average=average_of("rating_sum", "rating_count"),
                ),
                name="counselor_rating_adds_up",
            )
        ]

    def __str__(self) -> str:
        return self.user.full_name
