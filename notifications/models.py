"""What is to be told to whom. The words are made when it is sent, not when it is written down."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.ids import uuid7


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"


class DeliveryStatus(models.TextChoices):
    PENDING = "pending", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"
    OBSOLETE = "obsolete", "No longer needed"


class Delivery(models.Model):
    """One message of one type to one person by one channel, about the object `about_id`.

    Holds no text and no address: both are looked up when it is sent. `dedupe` names the event, so that hearing of it
    twice makes one row.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deliveries")
    type = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel)
    about_id = models.UUIDField()
    dedupe = models.CharField(max_length=120)
    status = models.CharField(max_length=8, choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=80, blank=True, help_text="The kind of error, never its text.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "type", "channel", "dedupe"],
                name="told_once_per_event",
                violation_error_message="This person has been told of it.",
            ),
            models.CheckConstraint(
                condition=Q(status="sent", sent_at__isnull=False)
                | (~Q(status="sent") & Q(sent_at__isnull=True)),
                name="delivery_sent_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="delivery_of_user"),
            models.Index(fields=["about_id"], name="delivery_about"),
            models.Index(
                fields=["created_at"],
                name="delivery_unfinished",
                condition=Q(status__in=["pending", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
