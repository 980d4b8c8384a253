"""When sessions were to be before they were moved."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Centre, User
from core.ids import uuid7
from sessions_app.models.calendar import CalendarEntry
from sessions_app.models.sessions import Session


class SessionMove(models.Model):
    """An earlier time of a session, [start, end), UTC, and the entry that kept it; the session keeps its id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="moves")
    entry = models.OneToOneField(CalendarEntry, on_delete=models.PROTECT, related_name="+")
    start = models.DateTimeField()
    end = models.DateTimeField()
    centre = models.ForeignKey(
        Centre,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="At which it was; not known of moves before there was this.",
    )
    moved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    moved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["moved_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="session_move_ends_after_it_begins")
        ]

    def __str__(self) -> str:
        return f"{self.session_id} was at {self.start:%Y-%m-%d %H:%M} UTC"
