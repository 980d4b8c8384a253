"""What every app stands on: effects to come, and requests that must not happen twice."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from core.ids import uuid7


class OutboxEntry(models.Model):
    """One event whose handlers still have to hear of it. Payloads hold ids and codes, never text."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.CharField(max_length=80)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    available_at = models.DateTimeField(db_default=Now(), help_text="Due from then on; moved forward by each lease.")
    attempts = models.PositiveIntegerField(default=0)
    handled = ArrayField(models.CharField(max_length=80), default=list, help_text="Handlers that have succeeded.")
    done_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "outbox entries"
        indexes = [
            models.Index(
                fields=["available_at", "id"], name="outbox_due", condition=models.Q(done_at__isnull=True)
            ),
            models.Index(fields=["done_at"], name="outbox_done"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"


class IdempotencyKey(models.Model):
    """The first answer to a request, kept so that its repetition gets the same one (docs/api.md)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user_id: uuid.UUID = models.UUIDField()
    key = models.CharField(max_length=255)
    route = models.CharField(max_length=200)
    fingerprint = models.BinaryField(max_length=32, help_text="SHA-256 of the body.")
    response_status = models.PositiveSmallIntegerField(null=True)
    response_body = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "route", "key"],
                name="one_answer_per_idempotency_key",
                violation_error_message="This Idempotency-Key was used before.",
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
