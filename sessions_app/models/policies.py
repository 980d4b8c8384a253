"""What cancelling costs: a counselor's notice policy, version by version, and the charges that followed from it."""

from datetime import datetime, timedelta
from typing import Self

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import CounselorProfile, User
from core.ids import uuid7
from sessions_app.models.sessions import Session, SessionParticipant

MAX_NOTICE_HOURS = 336
IN_FORCE_AFTER = timedelta(minutes=15)
"""A new version holds for what is booked from then on: whoever is reading the terms now can still book under them."""


class NoticePolicyQuerySet(models.QuerySet["NoticePolicy"]):
    def in_force_at(self, at: datetime) -> Self:
        """The versions that have come into force by then, the newest first."""
        return self.filter(in_force_from__lte=at).order_by("-version")


class NoticePolicy(models.Model):
    """Cancelling is free until `free_until_hours` before the start; after that it costs `late_percent` of the fee.

    A version is never changed or removed (the database refuses it). A session keeps the one that was in force when
    its time was taken; no version then means that cancelling is free.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    counselor = models.ForeignKey(CounselorProfile, on_delete=models.PROTECT, related_name="notice_policies")
    version = models.PositiveIntegerField()
    free_until_hours = models.PositiveSmallIntegerField(validators=[MaxValueValidator(MAX_NOTICE_HOURS)])
    late_percent = models.PositiveSmallIntegerField(validators=[MaxValueValidator(100)])
    in_force_from = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = NoticePolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "notice policies"
        constraints = [
            models.UniqueConstraint(fields=["counselor", "version"], name="notice_policy_version_once"),
            models.CheckConstraint(condition=Q(late_percent__lte=100), name="notice_policy_share_of_the_fee"),
            models.CheckConstraint(
                condition=Q(free_until_hours__lte=MAX_NOTICE_HOURS), name="notice_policy_hours_are_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.version}: {self.late_percent} % within {self.free_until_hours} h"


class CancellationCharge(models.Model):
    """What the patient owes for having cancelled late, and under which version. A waived one is owed no longer.

    `amount_minor` is in the minor unit of the session's currency. `participant` is None where the release before groups
    wrote it: then it is the only one's. Why it was waived stands in the audit trail.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="charges", db_index=False)
    participant = models.ForeignKey(
        SessionParticipant, on_delete=models.PROTECT, null=True, related_name="charges", db_index=False
    )
    policy = models.ForeignKey(NoticePolicy, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.PositiveIntegerField()
    waived_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    waived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "participant"], name="charged_once_a_participant", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="cancellation_charge_is_something"),
            models.CheckConstraint(
                condition=Q(waived_at__isnull=True, waived_by__isnull=True)
                | Q(waived_at__isnull=False, waived_by__isnull=False),
                name="cancellation_charge_waived_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} for {self.session_id}"
