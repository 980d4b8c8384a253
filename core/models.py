"""What every app stands on: effects to come, requests that must not happen twice, keys of what is sealed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from core.ids import uuid7


class OutboxEntry(models.Model):
    """One event and who still has to hear of it. Payloads hold ids and codes, never text."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.CharField(max_length=80)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    available_at = models.DateTimeField(
        db_default=Now(), help_text="Due from then on; moved forward by each lease."
    )
    attempts = models.PositiveIntegerField(default=0)
    pending = ArrayField(models.CharField(max_length=80), help_text="Handlers that have not succeeded yet.")
    done_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "outbox entries"
        indexes = [
            models.Index(
                fields=["available_at", "id"], name="outbox_due", condition=models.Q(done_at__isnull=True)
            ),
            models.Index(fields=["done_at"], name="outbox_done", condition=models.Q(done_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"


class IdempotencyKey(models.Model):
    """The first answer to a request, kept so that its repetition gets the same one (docs/api.md)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user_id = models.UUIDField()
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


class DataKey(models.Model):
    """Seals one person's clinical text, and is itself sealed by a key of the environment (docs/encryption.md).

    Deleting the row is what erases the text, wherever copies of it lie. `owner_id` is an account's id and no foreign
    key: core stands below accounts, and a deleted account must not take its key along unnoticed.
    """

    owner_id = models.UUIDField(primary_key=True, editable=False)
    wrapped_key = models.BinaryField()
    wrapping_key_id = models.CharField(max_length=64, help_text="Which of the environment's keys opens it.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["wrapping_key_id"], name="data_key_wrapping")]

    def __str__(self) -> str:
        return f"data key of {self.owner_id}"
