"""Counselling sessions: appointments, not sign-ins."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Centre, CounselorProfile, PatientProfile, StaffCentre, User
from accounts.permissions import Action, Scope, scope_for
from accounts.roles import Role
from core.crypto.fields import EncryptedTextField
from core.ids import uuid7
from sessions_app.models.calendar import CalendarEntry
from sessions_app.models.series import SessionSeries
from sessions_app.models.types import Mode, PaymentPolicy, SessionKind, SessionType

MAX_REASON = 1000
MAX_NOTE = 2000
MAX_WHY = 400
"""Of a reason for the audit trail."""


class SessionStatus(models.TextChoices):
    CONFIRMED = "confirmed", "Confirmed"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "Missed"


ALLOWED_TRANSITIONS: dict[str, frozenset[str]] = {
    SessionStatus.CONFIRMED: frozenset(
        {
            SessionStatus.IN_PROGRESS,
            SessionStatus.COMPLETED,
            SessionStatus.CANCELLED,
            SessionStatus.NO_SHOW,
        }
    ),
    SessionStatus.IN_PROGRESS: frozenset(
        {SessionStatus.COMPLETED, SessionStatus.CANCELLED, SessionStatus.NO_SHOW}
    ),
    SessionStatus.COMPLETED: frozenset(),
    SessionStatus.CANCELLED: frozenset(),
    SessionStatus.NO_SHOW: frozenset(),
}
CORRECTIONS: dict[str, frozenset[str]] = {
    SessionStatus.COMPLETED: frozenset({SessionStatus.NO_SHOW, SessionStatus.CONFIRMED}),
    SessionStatus.NO_SHOW: frozenset({SessionStatus.COMPLETED, SessionStatus.CONFIRMED}),
}
"""What staff may put right. A cancelled session is not among them: its time was given back, perhaps to somebody."""
OPEN_STATES = (SessionStatus.CONFIRMED, SessionStatus.IN_PROGRESS)
"""Nobody has said yet how it ended."""


def taking_part(user: User) -> models.QuerySet["SessionParticipant"]:
    """Where `user` takes part as a patient: the sessions that are a patient's own."""
    return SessionParticipant.objects.filter(patient=user.pk)


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: User) -> Self:
        """The sessions that `user` may see: row “see a session” of the table."""
        if not user.is_authenticated:
            return self.none()
        return self.within(scope_for(user.role, Action.SESSION_SEE), user)

    def coming(self, now: datetime) -> Self:
        """Still to take place, or under way."""
        return self.filter(status__in=OPEN_STATES, end__gt=now)

    def over(self, now: datetime) -> Self:
        """All others: taken place, cancelled, missed, or past and not yet marked."""
        return self.exclude(status__in=OPEN_STATES, end__gt=now)

    def within(self, scope: Scope, user: User) -> Self:
        if scope is Scope.ALL:
            return self.all()
        if scope is Scope.CENTRE:
            return self.filter(centre__in=StaffCentre.objects.filter(user=user).values("centre"))
        if scope is Scope.OWN and user.role == Role.COUNSELOR:
            return self.filter(counselor=user.pk)
        if scope is Scope.OWN:
            return self.filter(pk__in=taking_part(user).values("session"))
        return self.none()


class Session(models.Model):
    """`start` and `end` are instants, UTC, without buffers; `sequence` counts what calendar files must hear of.

    Only an `overbooked` one leaves its counselor's time out of its occupancies: a trigger says so (migration 0014).

    `series_number` is the place in the rhythm of its series, from 1: it stays when the session moves, and where a time
    was left out a number is missing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.OneToOneField(CalendarEntry, on_delete=models.PROTECT, related_name="session")
    series = models.ForeignKey(SessionSeries, on_delete=models.PROTECT, null=True, related_name="sessions")
    series_number = models.PositiveSmallIntegerField(null=True, editable=False)
    session_type = models.ForeignKey(SessionType, on_delete=models.PROTECT, related_name="sessions")
    counselor = models.ForeignKey(CounselorProfile, on_delete=models.PROTECT, related_name="sessions")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="sessions")
    mode = models.CharField(max_length=10, choices=Mode)
    kind = models.CharField(max_length=10, choices=SessionKind)
    status = models.CharField(max_length=15, choices=SessionStatus, default=SessionStatus.CONFIRMED)
    start = models.DateTimeField()
    end = models.DateTimeField()
    fee_minor = models.PositiveIntegerField(default=0)
    currency = models.CharField(max_length=3)
    payment_policy = models.CharField(max_length=10, choices=PaymentPolicy)
    cancelled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    overbooked = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Booked over what the counselor has or offers: it takes none of the counselor's time.",
    )
    overbooked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="session_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(status__in=SessionStatus.values), name="session_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status=SessionStatus.CANCELLED, cancelled_at__isnull=False)
                | (~Q(status=SessionStatus.CANCELLED) & Q(cancelled_at__isnull=True)),
                name="session_cancelled_says_when",
            ),
            models.CheckConstraint(
                condition=Q(overbooked=True, overbooked_by__isnull=False)
                | Q(overbooked=False, overbooked_by__isnull=True),
                name="session_overbooked_says_by_whom",
            ),
            models.UniqueConstraint(
                fields=["series", "series_number"],
                condition=Q(series_number__isnull=False),
                name="series_number_once",
            ),
        ]
        indexes = [
            models.Index(fields=["counselor", "-start"], name="session_of_counselor"),
            models.Index(fields=["centre", "-start"], name="session_of_centre"),
            models.Index(fields=["-start", "id"], name="session_by_start"),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} UTC, {self.status}"

    @property
    def duration_minutes(self) -> int:
        return int((self.end - self.start).total_seconds()) // 60


class SessionParticipant(models.Model):
    """A patient takes part in a session. One for most; couples and groups have several.

    `start` is the session's, so that one index gives a patient's sessions in order (docs/performance.md). A foreign key
    on both keeps it so: it follows the session's (migration 0011).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Both are found by the constraint and the index below.
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="participants", db_index=False
    )
    patient = models.ForeignKey(
        PatientProfile, on_delete=models.PROTECT, related_name="participations", db_index=False
    )
    start = models.DateTimeField(null=True, editable=False)
    arrived_at = models.DateTimeField(
        null=True, editable=False, help_text="When the desk noted that they are there."
    )
    note = EncryptedTextField(
        owner_attribute="patient_id",
        null=True,
        max_length=MAX_NOTE,
        help_text="What was written when booking.",
    )
    cancellation_reason = EncryptedTextField(
        owner_attribute="patient_id",
        null=True,
        max_length=MAX_REASON,
        help_text="What was written when cancelling.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "patient"], name="patient_once_per_session")
        ]
        indexes = [models.Index(fields=["patient", "-start", "-session"], name="session_of_patient")]

    def __str__(self) -> str:
        return f"{self.patient_id} in {self.session_id}"
