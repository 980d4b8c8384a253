"""Sessions that repeat: what was agreed. The sessions themselves are rows of their own."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.timezone import now as this_moment

from accounts.models import CounselorProfile, PatientProfile, StaffCentre, User
from accounts.models.users import validate_timezone
from accounts.permissions import Action, Scope, scope_for
from accounts.roles import Role
from core.ids import uuid7

MIN_OCCURRENCES, MAX_OCCURRENCES = 2, 52


class Rhythm(models.TextChoices):
    WEEKLY = "weekly", "Every week"
    FORTNIGHTLY = "fortnightly", "Every two weeks"
    MONTHLY = "monthly", "Every month"


class SeriesQuerySet(models.QuerySet["SessionSeries"]):
    def visible_to(self, user: User) -> Self:
        """Row “see a session” of the table: who sees its sessions sees the series."""
        if not user.is_authenticated:
            return self.none()
        return self.within(scope_for(user.role, Action.SESSION_SEE), user)

    def within(self, scope: Scope, user: User) -> Self:
        if scope is Scope.ALL:
            return self.all()
        if scope is Scope.CENTRE:
            centres = StaffCentre.objects.filter(user=user).values("centre")
            return self.filter(pk__in=self.model.objects.filter(sessions__centre__in=centres).values("pk"))
        if scope is Scope.OWN and user.role == Role.COUNSELOR:
            return self.filter(counselor=user.pk)
        if scope is Scope.OWN:
            return self.filter(patient=user.pk)
        return self.none()


class SessionSeries(models.Model):
    """`rhythm` by the clock on the wall in `timezone`, from `first_start` on; `asked_count` is how many were asked for.

    Monthly is the same weekday of the month: the second Tuesday; a fifth one is the last of its month.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(PatientProfile, on_delete=models.PROTECT, related_name="series")
    counselor = models.ForeignKey(CounselorProfile, on_delete=models.PROTECT, related_name="series")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    rhythm = models.CharField(max_length=11, choices=Rhythm)
    timezone = models.CharField(max_length=64, validators=[validate_timezone])
    first_start = models.DateTimeField()
    asked_count = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=this_moment)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "session series"
        constraints = [
            models.CheckConstraint(condition=Q(rhythm__in=Rhythm.values), name="series_rhythm_is_known"),
            models.CheckConstraint(
                condition=Q(asked_count__gte=MIN_OCCURRENCES, asked_count__lte=MAX_OCCURRENCES),
                name="series_count_is_sane",
            ),
        ]
        indexes = [models.Index(fields=["patient", "-created_at"], name="series_of_patient")]

    def __str__(self) -> str:
        return f"{self.rhythm} from {self.first_start:%Y-%m-%d %H:%M} UTC"
