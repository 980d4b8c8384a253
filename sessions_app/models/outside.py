"""Calendars that counselors keep elsewhere, and the busy spans that were read there."""

from datetime import datetime
from urllib.parse import urlsplit

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import CounselorProfile
from core.crypto.fields import EncryptedTextField
from core.ids import uuid7
from core.outbound import MAX_ADDRESS


class Problem(models.TextChoices):
    """Why a calendar could not be read, in words for its owner. The first are core.outbound.Trouble's."""

    ADDRESS = "address", "This is no address that can be read. It has to begin with https://."
    HOST_UNKNOWN = "host_unknown", "There is no server of this name. Look whether the address is whole."
    NOT_PUBLIC = "not_public", "The address leads into a private network, which cannot be read from here."
    UNREACHABLE = "unreachable", "The server did not answer. We go on trying."
    CERTIFICATE = "certificate", "The server could not prove that it is the right one. We go on trying."
    TOO_SLOW = "too_slow", "The server took too long to answer. We go on trying."
    MOVED = "moved", "The calendar has moved to another address. Remove it here and add it with the new one."
    REFUSED = "refused", "The server does not give this calendar out any more. Make a new address there."
    SERVER = "server", "The server has trouble of its own. We go on trying."
    TOO_LARGE = "too_large", "The calendar is too large to read. Give out one with fewer events."
    UNREADABLE = "unreadable", "The answer broke off, or came in a form that we do not know. We go on trying."
    NO_CALENDAR = (
        "no_calendar",
        "What is at this address is no calendar. It should be one in iCal (.ics) form.",
    )
    TOO_MUCH = "too_much", "The calendar has too many events to read. Give out one with fewer."


class OutsideCalendar(models.Model):
    """The address is a secret: whoever has it reads the calendar. Sealed under the counselor's own key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    counselor = models.ForeignKey(
        CounselorProfile, on_delete=models.CASCADE, related_name="outside_calendars"
    )
    name = models.CharField(max_length=60)
    address = EncryptedTextField(owner_attribute="counselor_id", max_length=MAX_ADDRESS)
    created_at = models.DateTimeField(default=timezone.now)
    next_reading_at = models.DateTimeField(default=timezone.now)
    last_tried_at = models.DateTimeField(null=True)
    last_read_at = models.DateTimeField(null=True)
    problem = models.CharField(
        max_length=20, choices=Problem, blank=True, help_text="Of the last try; empty when it went well."
    )
    failures = models.PositiveSmallIntegerField(default=0, help_text="How often in a row.")
    fingerprint = models.BinaryField(
        max_length=32, null=True, help_text="Of what was read last, so that the same is not worked out again."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(problem="", failures=0) | (~Q(problem="") & Q(failures__gt=0)),
                name="outside_calendar_fails_with_a_problem",
            )
        ]
        indexes = [models.Index(fields=["next_reading_at"], name="outside_calendar_due")]

    def __str__(self) -> str:
        return f"outside calendar {self.pk}"

    @property
    def host(self) -> str:
        """The server's name: enough to tell calendars apart, and no secret."""
        return urlsplit(self.address).hostname or ""

    def was_tried_since(self, moment: datetime) -> bool:
        return self.last_tried_at is not None and self.last_tried_at > moment


class OutsideBusy(models.Model):
    """The counselor is busy in [start, end), UTC. What with is not kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    calendar = models.ForeignKey(OutsideCalendar, on_delete=models.CASCADE, related_name="spans")
    counselor = models.ForeignKey(
        CounselorProfile, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    start = models.DateTimeField()
    end = models.DateTimeField()

    class Meta:
        verbose_name_plural = "outside busy spans"
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="outside_busy_ends_after_it_begins")
        ]
        indexes = [models.Index(fields=["counselor", "end", "start"], name="outside_busy_of_counselor")]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} UTC"
