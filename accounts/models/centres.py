"""Centres, and who belongs to them."""

from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models.users import User, validate_phone, validate_timezone
from accounts.permissions import Action, Scope, scope_for
from core.ids import uuid7


class CentreQuerySet(models.QuerySet["Centre"]):
    def visible_to(self, user: User) -> Self:
        """Everybody who is signed in reads active centres; those who may edit one also see it when it is closed."""
        if not user.is_authenticated or scope_for(user.role, Action.CENTRE_READ) is Scope.NONE:
            return self.none()
        return self.filter(Q(is_active=True) | self._edited(user))

    def editable_by(self, user: User) -> Self:
        """The centres whose name, address and state `user` may change."""
        return self.filter(self._edited(user)) if user.is_authenticated else self.none()

    def matching(self, *, city: str | None = None, is_active: bool | None = None) -> Self:
        """Those in `city` (whatever its capitals) and in this state; None asks for neither."""
        found = self if city is None else self.filter(city__iexact=city)
        return found if is_active is None else found.filter(is_active=is_active)

    @staticmethod
    def _edited(user: User) -> Q:
        match scope_for(user.role, Action.CENTRE_EDIT):
            case Scope.ALL:
                return ~Q(pk=None)
            case Scope.CENTRE:
                return Q(pk__in=StaffCentre.objects.filter(user=user).values("centre"))
        return Q(pk__in=[])


class Centre(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=240, blank=True)
    city = models.CharField(max_length=80)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    phone = models.CharField(max_length=16, blank=True, validators=[validate_phone])
    email = models.EmailField(blank=True)
    timezone = models.CharField(max_length=64, validators=[validate_timezone])
    is_active = models.BooleanField(default=True)

    objects = CentreQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class StaffCentre(models.Model):
    """A staff member or counselor works at a centre; centre staff act only within theirs."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="staff_centres")
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="staff")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "centre"], name="staff_once_per_centre")]

    def __str__(self) -> str:
        return f"{self.user} at {self.centre}"


class PatientCentre(models.Model):
    """A patient is known at a centre: its staff see them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(
        "accounts.PatientProfile", on_delete=models.CASCADE, related_name="patient_centres", db_index=False
    )
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="patient_centres")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "centre"], name="patient_once_per_centre")]

    def __str__(self) -> str:
        return f"{self.patient_id} at {self.centre}"
