"""What is due before a session. A row for each (session, person, kind, channel): the reason it is told once."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from core.ids import uuid7
from notifications.models import Channel
from sessions_app.models.sessions import Session


class ReminderKind(models.TextChoices):
    DAY = "24h", "A day before"
    HOUR = "1h", "An hour before"

    @property
    def before_start(self) -> timedelta:
        return timedelta(days=1) if self is ReminderKind.DAY else timedelta(hours=1)

    @property
    def useful_until(self) -> timedelta:
        """Before the start: the day's reminder gives way to the hour's, and nobody is reminded of what has begun."""
        return timedelta(hours=1) if self is ReminderKind.DAY else timedelta(0)


class ReminderState(models.TextChoices):
    PENDING = "pending", "Waiting"
    SENT = "sent", "Handed to notifications"
    VOID = "void", "Not needed"


class Reminder(models.Model):
    """`session_start` is the start that `due_at` was reckoned from; a session that moved voids the row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="reminders")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=3, choices=ReminderKind)
    channel = models.CharField(max_length=10, choices=Channel)
    session_start = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=ReminderState, default=ReminderState.PENDING)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "user", "kind", "channel"],
                name="one_reminder_a_session_person_kind_and_channel",
                violation_error_message="There is such a reminder already.",
            )
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="reminder_due", condition=Q(state="pending"))]

    def __str__(self) -> str:
        return f"{self.kind} before {self.session_id}"
