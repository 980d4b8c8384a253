"""What takes time, and whose time it takes. Here double bookings are impossible, by constraint."""

from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone

from core.ids import uuid7


class EntryKind(models.TextChoices):
    HOLD = "hold", "Hold"
    OFFER = "offer", "Offer"
    SESSION = "session", "Session"
    BLOCK = "block", "Block"


class CalendarEntry(models.Model):
    """One thing in the calendar. `expires_at` is set for what must be confirmed by then or is void."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8, choices=EntryKind)
    start = models.DateTimeField()
    end = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    room = models.ForeignKey(
        "sessions_app.Room", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "calendar entries"
        constraints = [
            models.CheckConstraint(
                condition=Q(end__gt=F("start")), name="calendar_entry_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=~Q(kind=EntryKind.HOLD) | Q(expires_at__isnull=False), name="calendar_hold_expires"
            ),
            models.CheckConstraint(
                condition=~Q(kind=EntryKind.OFFER) | Q(expires_at__isnull=False),
                name="calendar_offer_expires",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="calendar_entries_that_expire",
                condition=Q(is_active=True, expires_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.start:%Y-%m-%d %H:%M} UTC"

    def is_live_at(self, now: datetime) -> bool:
        return self.is_active and (self.expires_at is None or self.expires_at > now)


class UuidRange(Func):
    """A uuid as a range of one, so that GiST can compare it without the btree_gist extension."""

    function = "uuidrange"
    template = "%(function)s(%(expressions)s, %(expressions)s, '[]')"
    arity = 1


class Occupancy(models.Model):
    """An entry takes the time of a resource: the id of a counselor, a patient or a room.

    `busy` is half open, [start, end), UTC; with the session's buffers for a counselor and a room, without them for a
    patient. `expires_at` and `is_active` repeat the entry's, so that the constraint and the search for free time
    read one table.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(CalendarEntry, on_delete=models.CASCADE, related_name="occupancies")
    resource = models.UUIDField()
    busy = DateTimeRangeField()
    expires_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "occupancies"
        constraints = [
            ExclusionConstraint(
                name="nobody_is_busy_twice_at_once",
                expressions=[
                    (UuidRange("resource"), RangeOperators.OVERLAPS),
                    ("busy", RangeOperators.OVERLAPS),
                ],
                condition=Q(is_active=True),
                violation_error_message="This time has just been taken.",
            )
        ]
        indexes = [
            models.Index(
                F("resource"),
                Func(F("busy"), function="upper"),
                Func(F("busy"), function="lower"),
                name="occupancy_busy_of_resource",
                condition=Q(is_active=True),
            ),
            models.Index(
                fields=["resource"],
                name="occupancy_that_expires",
                condition=Q(is_active=True, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.busy}"
