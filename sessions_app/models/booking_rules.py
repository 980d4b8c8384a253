"""How a counselor lets themselves be booked: how soon, how far ahead, how often a day."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import CounselorProfile
from accounts.models.users import validate_timezone

MAX_NOTICE_MINUTES = 60 * 24 * 60
MAX_HORIZON_DAYS = 730
MAX_SESSIONS_A_DAY = 50


class BookingRules(models.Model):
    """At most one row a counselor; without one there is no notice, no limit a day, and the platform's horizon.

    They bind everybody who books, staff too. A day is a day on the clock of `timezone`.
    """

    counselor = models.OneToOneField(
        CounselorProfile, on_delete=models.CASCADE, primary_key=True, related_name="booking_rules"
    )
    minimum_notice_minutes = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(MAX_NOTICE_MINUTES)]
    )
    horizon_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_HORIZON_DAYS)],
        help_text="Never further ahead than the platform allows, which is also what none means.",
    )
    most_sessions_a_day = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MAX_SESSIONS_A_DAY)]
    )
    timezone = models.CharField(max_length=64, validators=[validate_timezone])

    class Meta:
        verbose_name_plural = "booking rules"
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum_notice_minutes__lte=MAX_NOTICE_MINUTES),
                name="booking_notice_is_sane",
                violation_error_message="The notice is at most 60 days.",
            ),
            models.CheckConstraint(
                condition=Q(horizon_days__isnull=True)
                | Q(horizon_days__gte=1, horizon_days__lte=MAX_HORIZON_DAYS),
                name="booking_horizon_is_sane",
                violation_error_message=f"The horizon is from 1 to {MAX_HORIZON_DAYS} days.",
            ),
            models.CheckConstraint(
                condition=Q(most_sessions_a_day__isnull=True)
                | Q(most_sessions_a_day__gte=1, most_sessions_a_day__lte=MAX_SESSIONS_A_DAY),
                name="booking_most_a_day_is_sane",
                violation_error_message=f"The most sessions a day are from 1 to {MAX_SESSIONS_A_DAY}.",
            ),
        ]

    def __str__(self) -> str:
        return f"booking rules of {self.counselor_id}"
