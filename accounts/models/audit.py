"""Who did what, and why. Append-only: a trigger refuses to change or remove a row."""

from django.db import models
from django.db.models.functions import Now

from core.ids import uuid7


class AuditEvent(models.Model):
    """One act. Holds ids instead of foreign keys, so that a row outlives what it speaks of and never changes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(db_default=Now())
    actor_id = models.UUIDField(null=True, help_text="NULL: the system itself.")
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField()
    patient_id = models.UUIDField(null=True, help_text="Whose data it was about.")
    centre_id = models.UUIDField(null=True)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    why = models.CharField(max_length=400, blank=True, help_text="A reason that the actor stated.")

    class Meta:
        indexes = [
            models.Index(fields=["patient_id", "at"], name="audit_patient"),
            models.Index(fields=["object_id"], name="audit_object"),
            models.Index(fields=["actor_id", "at"], name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"
