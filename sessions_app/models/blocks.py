"""Time that a counselor keeps for something else than sessions: a team meeting, the dentist."""

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from accounts.models import CounselorProfile, User
from core.crypto.fields import EncryptedTextField
from core.ids import uuid7
from sessions_app.models.calendar import CalendarEntry

MAX_TITLE = 120
SHORTEST_BLOCK = timedelta(minutes=5)
LONGEST_BLOCK = timedelta(hours=24)
"""For more there is time away, in the counselor's hours."""


class CalendarBlock(models.Model):
    """It keeps its id when it moves; its time is its entry's, and the entry is another one after each move.

    The title is for the counselor and those who plan for them: sealed under the counselor's own key.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.OneToOneField(CalendarEntry, on_delete=models.PROTECT, related_name="block")
    counselor = models.ForeignKey(CounselorProfile, on_delete=models.CASCADE, related_name="blocks")
    title = EncryptedTextField(owner_attribute="counselor_id", null=True, max_length=MAX_TITLE)
    sequence = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"block {self.pk}"

    @property
    def start(self) -> datetime:
        return self.entry.start

    @property
    def end(self) -> datetime:
        return self.entry.end
