"""What patients thought of a session afterwards."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import PatientProfile
from core.crypto.fields import EncryptedTextField
from core.ids import uuid7
from sessions_app.models.sessions import Session

MIN_STARS, MAX_STARS = 1, 5
MAX_COMMENT = 2000


class SessionRating(models.Model):
    """One to five, once for each patient of a completed session, changed as often as they like.

    It counts for the counselor while the session is completed. The stars of one session are shown to the patient
    alone; the comment is theirs and their counselor's to read (services/notes.py).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="ratings")
    patient = models.ForeignKey(PatientProfile, on_delete=models.PROTECT, related_name="ratings")
    stars = models.PositiveSmallIntegerField()
    comment = EncryptedTextField(owner_attribute="patient_id", null=True, max_length=MAX_COMMENT)
    rated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "patient"], name="session_rated_once_a_patient"),
            models.CheckConstraint(
                condition=Q(stars__gte=MIN_STARS, stars__lte=MAX_STARS), name="session_rated_one_to_five"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stars} of {MAX_STARS} for {self.session_id}"
