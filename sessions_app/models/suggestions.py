"""New times that a counselor or the centre suggests for a session that they cannot keep."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from core.ids import uuid7
from sessions_app.models.sessions import Session


class SuggestedTimeQuerySet(models.QuerySet["SuggestedTime"]):
    def standing(self, session: Session) -> Self:
        """Those that were suggested instead of the time that the session still has."""
        return self.filter(session=session, instead_of=session.start)


class SuggestedTime(models.Model):
    """[start, end), UTC, instead of the session's start at that time. Nothing is kept for the patient: who comes first
    has it. Once the session has moved, none of them stands any more."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="suggested_times", db_index=False
    )
    instead_of = models.DateTimeField()
    start = models.DateTimeField()
    end = models.DateTimeField()
    suggested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    suggested_at = models.DateTimeField(default=timezone.now)

    objects = SuggestedTimeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "instead_of", "start"], name="same_time_suggested_once"
            ),
            models.CheckConstraint(
                condition=Q(end__gt=F("start")), name="suggested_time_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} UTC for {self.session_id}"
