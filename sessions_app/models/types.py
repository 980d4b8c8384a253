"""What a counselor offers: how long, how, and for how much."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from accounts.models import CounselorProfile
from core.ids import uuid7

MAX_DURATION_MINUTES = 480
MAX_BUFFER_MINUTES = 120
MAX_CAPACITY = 50


class Mode(models.TextChoices):
    VIDEO = "video", "Video"
    IN_PERSON = "in_person", "In person"
    PHONE = "phone", "Phone"


class SessionKind(models.TextChoices):
    INTAKE = "intake", "First session"
    FOLLOW_UP = "follow_up", "Session"
    COUPLE = "couple", "Couple"
    GROUP = "group", "Group"


USUAL_CAPACITY: dict[str, int] = {SessionKind.COUPLE: 2, SessionKind.GROUP: 8}
"""How many take part when nobody says how many; one in all other kinds."""


class PaymentPolicy(models.TextChoices):
    FREE = "free", "Free"
    AT_CENTRE = "at_centre", "Paid at the centre"


class SessionTypeQuerySet(models.QuerySet["SessionType"]):
    def offered(self) -> Self:
        return self.filter(is_active=True).order_by("position", "id")


class SessionType(models.Model):
    """Durations and buffers are minutes; `fee_minor` is each participant's, in the minor unit of `currency` (ISO 4217).

    `capacity` is how many patients take part at most. The places of a group are booked one by one, by whoever comes; a
    couple is booked by one of the two.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    counselor = models.ForeignKey(CounselorProfile, on_delete=models.CASCADE, related_name="session_types")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=SessionKind, default=SessionKind.FOLLOW_UP)
    duration_minutes = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(10), MaxValueValidator(MAX_DURATION_MINUTES)]
    )
    modes = ArrayField(models.CharField(max_length=10, choices=Mode))
    fee_minor = models.PositiveIntegerField(default=0)
    currency = models.CharField(
        max_length=3,
        default="USD",
        validators=[RegexValidator(r"^[A-Z]{3}$", "Use the three letters of the currency, such as EUR.")],
    )
    payment_policy = models.CharField(max_length=10, choices=PaymentPolicy, default=PaymentPolicy.FREE)
    buffer_before_minutes = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(MAX_BUFFER_MINUTES)]
    )
    buffer_after_minutes = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(MAX_BUFFER_MINUTES)]
    )
    capacity = models.PositiveSmallIntegerField(
        default=1, db_default=1, validators=[MinValueValidator(1), MaxValueValidator(MAX_CAPACITY)]
    )
    position = models.PositiveSmallIntegerField(
        default=0, help_text="The first is offered when nothing is chosen."
    )
    is_active = models.BooleanField(default=True)

    objects = SessionTypeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=10, duration_minutes__lte=MAX_DURATION_MINUTES),
                name="session_type_duration_is_sane",
                violation_error_message=f"A session takes from 10 to {MAX_DURATION_MINUTES} minutes.",
            ),
            models.CheckConstraint(
                condition=Q(modes__len__gt=0),
                name="session_type_has_a_mode",
                violation_error_message="Choose at least one way to meet.",
            ),
            models.CheckConstraint(
                condition=Q(payment_policy=PaymentPolicy.FREE, fee_minor=0)
                | (~Q(payment_policy=PaymentPolicy.FREE) & Q(fee_minor__gt=0)),
                name="session_type_fee_matches_policy",
                violation_error_message="A free session costs nothing, and one that is paid has a fee.",
            ),
            models.CheckConstraint(
                condition=Q(capacity__gte=1, capacity__lte=MAX_CAPACITY),
                name="session_type_capacity_is_sane",
                violation_error_message=f"From 1 to {MAX_CAPACITY} people take part in a session.",
            ),
            models.CheckConstraint(
                condition=Q(capacity=1) | Q(kind=SessionKind.GROUP) | Q(kind=SessionKind.COUPLE, capacity=2),
                name="session_type_capacity_fits_kind",
                violation_error_message="A group has as many places as you like, a couple two, all others one.",
            ),
        ]
        indexes = [models.Index(fields=["counselor", "position"], name="session_type_of_counselor")]

    def __str__(self) -> str:
        return self.name
