"""Who waits for a time, and the times that they were offered."""

from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now as this_moment

from accounts.models import Centre, CounselorProfile, PatientCentre, PatientProfile, StaffCentre, User
from accounts.models.users import validate_timezone
from accounts.permissions import Action, Scope, scope_for
from accounts.roles import Role
from core.ids import uuid7
from sessions_app.models.availability import MIDNIGHT, Weekday
from sessions_app.models.holds import SlotHold
from sessions_app.models.types import MAX_DURATION_MINUTES, Mode, SessionType

MAX_WAITING = 10
"""How much one patient may wait for at once."""
MINUTES_A_DAY = 24 * 60


class WaitlistStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    BOOKED = "booked", "Booked"
    LEFT = "left", "Left"
    EXPIRED = "expired", "Over"


class Priority(models.IntegerChoices):
    NORMAL = 0, "In turn"
    SOON = 1, "Soon"
    URGENT = 2, "First"


class WaitlistQuerySet(models.QuerySet["WaitlistEntry"]):
    def visible_to(self, user: User) -> Self:
        """Row “waitlist” of the table. A counselor sees who waits for them, not who looks for anybody."""
        if not user.is_authenticated:
            return self.none()
        return self.within(scope_for(user.role, Action.WAITLIST), user)

    def within(self, scope: Scope, user: User) -> Self:
        if scope is Scope.ALL:
            return self.all()
        if scope is Scope.CENTRE:
            centres = StaffCentre.objects.filter(user=user).values("centre")
            registered = PatientCentre.objects.filter(centre__in=centres).values("patient")
            return self.filter(
                Q(counselor__primary_centre__in=centres) | Q(centre__in=centres) | Q(patient__in=registered)
            )
        if scope is Scope.OWN and user.role == Role.COUNSELOR:
            return self.filter(counselor=user.pk)
        if scope is Scope.OWN:
            return self.filter(patient=user.pk)
        return self.none()

    def waiting(self, now: datetime) -> Self:
        return self.filter(status=WaitlistStatus.WAITING, expires_at__gt=now)

    def in_turn(self) -> Self:
        return self.order_by("-priority", "waiting_since", "id")


class WaitlistEntry(models.Model):
    """A patient waits for a time with one counselor, or, without one, with anybody who fits the search.

    The window is on the wall in `timezone`: from `first_day` to `last_day`, on `weekdays` (0 is Monday), and inside
    `earliest`–`latest` (00:00 as `latest` means midnight). `expires_at` is the end of `last_day`, as an instant.
    What is empty is left open.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(PatientProfile, on_delete=models.CASCADE, related_name="waitlist_entries")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    counselor = models.ForeignKey(
        CounselorProfile, on_delete=models.CASCADE, null=True, related_name="waitlist_entries"
    )
    session_type = models.ForeignKey(SessionType, on_delete=models.CASCADE, null=True, related_name="+")
    specialization = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=10, blank=True)
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, null=True, related_name="+")
    mode = models.CharField(max_length=10, choices=Mode, blank=True)
    fee_max_minor = models.PositiveIntegerField(null=True)
    duration_minutes = models.PositiveSmallIntegerField(null=True)
    timezone = models.CharField(max_length=64, validators=[validate_timezone])
    first_day = models.DateField()
    last_day = models.DateField()
    weekdays = ArrayField(models.PositiveSmallIntegerField(choices=Weekday))
    earliest = models.TimeField(default=MIDNIGHT)
    latest = models.TimeField(default=MIDNIGHT)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    status = models.CharField(max_length=8, choices=WaitlistStatus, default=WaitlistStatus.WAITING)
    waiting_since = models.DateTimeField(default=this_moment)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = WaitlistQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "waitlist entries"
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="waitlist_days_in_order"),
            models.CheckConstraint(
                condition=Q(latest__gt=F("earliest")) | Q(latest=MIDNIGHT), name="waitlist_hours_in_order"
            ),
            models.CheckConstraint(
                condition=Q(weekdays__len__gt=0, weekdays__contained_by=list(range(7))),
                name="waitlist_weekdays_are_known",
            ),
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="waitlist_priority_is_known"
            ),
            models.CheckConstraint(
                condition=Q(duration_minutes__isnull=True)
                | Q(duration_minutes__gte=10, duration_minutes__lte=MAX_DURATION_MINUTES),
                name="waitlist_duration_is_sane",
            ),
            models.CheckConstraint(
                condition=Q(session_type__isnull=True) | Q(counselor__isnull=False),
                name="waitlist_type_is_a_counselors",
            ),
            models.CheckConstraint(
                condition=Q(status__in=WaitlistStatus.values), name="waitlist_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status=WaitlistStatus.WAITING, ended_at__isnull=True)
                | (~Q(status=WaitlistStatus.WAITING) & Q(ended_at__isnull=False)),
                name="waitlist_ended_says_when",
            ),
        ]
        indexes = [
            models.Index(
                F("counselor"),
                F("priority").desc(),
                F("waiting_since"),
                name="waitlist_in_turn",
                condition=Q(status="waiting"),
            ),
            models.Index(fields=["patient", "-waiting_since"], name="waitlist_of_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.status} since {self.waiting_since:%Y-%m-%d}"

    def has_room_for(self, start: datetime, end: datetime) -> bool:
        """Whether a session from `start` to `end` (aware) lies inside the window, on the patient's wall."""
        zone = ZoneInfo(self.timezone)
        begins, ends = start.astimezone(zone), end.astimezone(zone)
        if not self.first_day <= begins.date() <= self.last_day or begins.weekday() not in self.weekdays:
            return False
        until = _minute(self.latest) or MINUTES_A_DAY
        over = _minute(ends.time()) + MINUTES_A_DAY * (ends.date() - begins.date()).days
        return _minute(self.earliest) <= _minute(begins.time()) and over <= until


class OfferOutcome(models.TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Not answered in time"


class WaitlistOffer(models.Model):
    """A freed time that is kept for somebody who waits, until they answer or `expires_at`.

    The time is kept by a hold of theirs (`SlotHold.is_offer`), so that accepting is booking a hold. Nobody is offered
    the same time twice, and nobody has two open offers.
    """

    hold = models.OneToOneField(SlotHold, on_delete=models.CASCADE, primary_key=True, related_name="offer")
    waitlist_entry = models.ForeignKey(WaitlistEntry, on_delete=models.CASCADE, related_name="offers")
    patient = models.ForeignKey(PatientProfile, on_delete=models.CASCADE, related_name="+")
    counselor = models.ForeignKey(CounselorProfile, on_delete=models.CASCADE, related_name="+")
    start = models.DateTimeField()
    made_at = models.DateTimeField(default=this_moment)
    expires_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=OfferOutcome, default=OfferOutcome.OPEN)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "counselor", "start"],
                name="same_time_offered_once",
                violation_error_message="This time was offered to this patient already.",
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(outcome=OfferOutcome.OPEN),
                name="one_open_offer_a_patient",
                violation_error_message="Another time is being offered to this patient already.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], name="waitlist_offer_expires", condition=Q(outcome=OfferOutcome.OPEN)
            )
        ]

    def __str__(self) -> str:
        return f"{self.outcome} offer of {self.start:%Y-%m-%d %H:%M} UTC"

    def is_open_at(self, now: datetime) -> bool:
        return self.outcome == OfferOutcome.OPEN and self.expires_at > now


def end_of(day: date, zone: str) -> datetime:
    """The instant at which the day is over on the wall of the zone."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))


def _minute(clock: time) -> int:
    return 60 * clock.hour + clock.minute
