"""Who is in whose care: the only source of “in care” for every access rule."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models.profiles import CounselorProfile, PatientProfile
from core.ids import uuid7


class CareReason(models.TextChoices):
    SESSION = "session", "First session"
    CONVERSATION = "conversation", "First conversation"
    TRANSFER = "transfer", "Transfer"


class CareRelationship(models.Model):
    """Opened by the first session or conversation, closed by transfer or discharge."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(PatientProfile, on_delete=models.CASCADE, related_name="care_relationships")
    counselor = models.ForeignKey(
        CounselorProfile, on_delete=models.CASCADE, related_name="care_relationships", db_index=False
    )
    since = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=12, choices=CareReason)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "counselor"],
                condition=Q(until__isnull=True),
                name="one_open_care_relationship",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="care_ends_after_it_begins"
            ),
        ]
        indexes = [models.Index(fields=["counselor", "until"], name="care_of_counselor")]

    def __str__(self) -> str:
        return f"{self.patient_id} in the care of {self.counselor_id}"
