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


class ParticipantStatus(models.TextChoices):
    """What became of one of several. `confirmed` says no more than the session's own status does."""

    CONFIRMED = "confirmed", "Takes part"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "Missed"


OPEN_STATES = (SessionStatus.CONFIRMED, SessionStatus.IN_PROGRESS)
"""Nobody has said yet how it ended."""


def taking_part(user: User) -> models.QuerySet["SessionParticipant"]:
    """Where `user` takes part as a patient: the sessions that are a patient's own."""
    return SessionParticipant.objects.filter(patient=user.pk)


def _ended_for(user: User) -> models.QuerySet["SessionParticipant"]:
    """The participations that a patient cancelled for themselves or missed, while others went on."""
    return taking_part(user).exclude(status=ParticipantStatus.CONFIRMED)


def _is_coming(now: datetime, viewer: User) -> Q:
    is_coming = Q(status__in=OPEN_STATES, end__gt=now)
    if viewer.role != Role.PATIENT:
        return is_coming
    return is_coming & ~Q(pk__in=_ended_for(viewer).values("session"))


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: User) -> Self:
        """The sessions that `user` may see: row “see a session” of the table."""
        if not user.is_authenticated:
            return self.none()
        return self.within(scope_for(user.role, Action.SESSION_SEE), user)

    def in_state(self, *statuses: str, viewer: User) -> Self:
        """In one of these for `viewer`: who cancelled for themselves has a cancelled session, though others go on."""
        if viewer.role != Role.PATIENT:
            return self.filter(status__in=statuses)
        ended = _ended_for(viewer)
        alike = Q(status__in=statuses) & ~Q(pk__in=ended.values("session"))
        return self.filter(alike | Q(pk__in=ended.filter(status__in=statuses).values("session")))

    def coming(self, now: datetime, *, viewer: User) -> Self:
        """Still to take place, or under way."""
        return self.filter(_is_coming(now, viewer))

    def over(self, now: datetime, *, viewer: User) -> Self:
        """All others: taken place, cancelled, missed, or past and not yet marked."""
        return self.filter(~_is_coming(now, viewer))

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
    series = models.ForeignKey(
        SessionSeries, on_delete=models.PROTECT, null=True, related_name="sessions", db_index=False
    )
    series_number = models.PositiveSmallIntegerField(null=True, editable=False)
    session_type = models.ForeignKey(SessionType, on_delete=models.PROTECT, related_name="sessions")
    # Found by the indexes below, which begin with them: one of their own would only make each booking dearer.
    counselor = models.ForeignKey(
        CounselorProfile, on_delete=models.PROTECT, related_name="sessions", db_index=False
    )
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="sessions", db_index=False)
    mode = models.CharField(max_length=10, choices=Mode)
    kind = models.CharField(max_length=10, choices=SessionKind)
    status = models.CharField(max_length=15, choices=SessionStatus, default=SessionStatus.CONFIRMED)
    start = models.DateTimeField()
    end = models.DateTimeField()
    fee_minor = models.PositiveIntegerField(default=0)
    currency = models.CharField(max_length=3)
    payment_policy = models.CharField(max_length=10, choices=PaymentPolicy)
    cancelled_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
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
    capacity = models.PositiveSmallIntegerField(default=1, db_default=1)
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
            # The key of participant_has_the_capacity_of_the_session (migration of groups).
            models.UniqueConstraint(fields=["id", "capacity"], name="session_and_its_capacity"),
        ]
        indexes = [
            models.Index(fields=["counselor", "-start"], name="session_of_counselor"),
            models.Index(fields=["centre", "-start"], name="session_of_centre"),
            models.Index(fields=["-start", "id"], name="session_by_start"),
            models.Index(fields=["series"], name="session_of_series", condition=Q(series__isnull=False)),
            models.Index(
                fields=["counselor", "start"],
                name="group_of_counselor",
                condition=Q(kind=SessionKind.GROUP, status=SessionStatus.CONFIRMED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} UTC, {self.status}"

    @property
    def duration_minutes(self) -> int:
        return int((self.end - self.start).total_seconds()) // 60

    @property
    def taking_part(self) -> list["SessionParticipant"]:
        """Who has not cancelled for themselves. Reads the participants: fetch them along."""
        return [each for each in self.participants.all() if each.status != ParticipantStatus.CANCELLED]

    def is_cancelled_for(self, user: User) -> bool:
        """Whether it is off for this reader: for all, or because they cancelled for themselves."""
        if self.status == SessionStatus.CANCELLED or self.capacity == 1:
            return self.status == SessionStatus.CANCELLED
        return user.pk in {each.patient_id for each in self.participants.all()} - {
            each.patient_id for each in self.taking_part
        }


class SessionParticipant(models.Model):
    """A patient takes part in a session. One for most; couples and groups have several, each on a seat of their own.

    `start` is the session's, so that one index gives a patient's sessions in order (docs/performance.md). A foreign key
    on both keeps it so: it follows the session's (migration 0011). So does `capacity`, the session's where that has
    several seats: no seat has a higher number and none is taken twice, so there are never too many. Who cancels for
    themselves gives the seat back. `joined_at` is when somebody came to a session that others had booked.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Both are found by the constraint and the index below. That there is such a session is said by the foreign key on
    # session and start.
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="participants", db_index=False, db_constraint=False
    )
    patient = models.ForeignKey(
        PatientProfile, on_delete=models.PROTECT, related_name="participations", db_index=False
    )
    start = models.DateTimeField(editable=False)
    arrived_at = models.DateTimeField(
        null=True, editable=False, help_text="When the desk noted that they are there."
    )
    status = models.CharField(
        max_length=10,
        choices=ParticipantStatus,
        default=ParticipantStatus.CONFIRMED,
        db_default=ParticipantStatus.CONFIRMED,
    )
    seat = models.PositiveSmallIntegerField(null=True, default=1, db_default=1)
    capacity = models.PositiveSmallIntegerField(null=True, editable=False)
    joined_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
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
            models.UniqueConstraint(fields=["session", "patient"], name="patient_once_per_session"),
            models.UniqueConstraint(fields=["session", "seat"], name="seat_once_per_session"),
            models.CheckConstraint(
                condition=Q(status=ParticipantStatus.CANCELLED, seat=None, cancelled_at__isnull=False)
                | Q(
                    Q(seat=1) | Q(seat__gt=1, capacity__isnull=False, seat__lte=F("capacity")),
                    status__in=[ParticipantStatus.CONFIRMED, ParticipantStatus.NO_SHOW],
                    seat__isnull=False,
                    cancelled_at=None,
                ),
                name="participant_has_a_seat_of_the_session",
            ),
        ]
        indexes = [models.Index(fields=["patient", "-start", "-session"], name="session_of_patient")]

    def __str__(self) -> str:
        return f"{self.patient_id} in {self.session_id}"
