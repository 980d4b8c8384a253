"""When a counselor is there: weekly rules on the wall clock of a zone."""

from datetime import time

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import Centre, CounselorProfile
from accounts.models.users import validate_timezone
from core.ids import uuid7

MAX_EVERY_WEEKS = 12

ENDS_BEFORE_IT_BEGINS = "The end must be after the start (00:00 as the end means midnight)."
ENDS_BEFORE_IT_APPLIES = "“Valid until” must not be before “valid from”."
NO_FIRST_WEEK = "Say from which day on (“valid from”), so that it is clear which weeks are meant."
MIDNIGHT = time(0, 0)


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class AvailabilityRule(models.Model):
    """Every week on `weekday` from `start` to `end`, as the clock on the wall in `timezone` shows it.

    An `end` of 00:00 is midnight at the end of the day. With a centre, sessions in person take place there (video
    and phone stay possible); without one the hours are for video and phone only. With `every_weeks` above 1 only every
    so-many-th week counts, from the week (Monday to Sunday) of `valid_from` on.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    counselor = models.ForeignKey(
        CounselorProfile, on_delete=models.CASCADE, related_name="availability_rules"
    )
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    start = models.TimeField()
    end = models.TimeField()
    timezone = models.CharField(max_length=64, validators=[validate_timezone])
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    every_weeks = models.PositiveSmallIntegerField(
        default=1, db_default=1, validators=[MinValueValidator(1), MaxValueValidator(MAX_EVERY_WEEKS)]
    )

    class Meta:
        ordering = ["weekday", "start", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="availability_weekday_is_known"),
            models.CheckConstraint(
                condition=Q(end__gt=F("start")) | Q(end=MIDNIGHT),
                name="availability_ends_after_it_begins",
                violation_error_message=ENDS_BEFORE_IT_BEGINS,
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="availability_validity_in_order",
                violation_error_message=ENDS_BEFORE_IT_APPLIES,
            ),
            models.CheckConstraint(
                condition=Q(every_weeks=1)
                | Q(every_weeks__gte=2, every_weeks__lte=MAX_EVERY_WEEKS, valid_from__isnull=False),
                name="availability_weeks_are_counted_from_a_day",
                violation_error_message=NO_FIRST_WEEK,
            ),
        ]
        indexes = [models.Index(fields=["counselor", "weekday"], name="availability_of_counselor")]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.start:%H:%M}–{self.end:%H:%M} {self.timezone}"

    def clean(self) -> None:
        """The constraints that compare two fields, without asking the database; the field to blame is named."""
        problems = {}
        if self.start is not None and self.end is not None and self.start >= self.end != MIDNIGHT:
            problems["end"] = ENDS_BEFORE_IT_BEGINS
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            problems["valid_until"] = ENDS_BEFORE_IT_APPLIES
        if self.every_weeks and self.every_weeks > 1 and self.valid_from is None:
            problems["valid_from"] = NO_FIRST_WEEK
        if problems:
            raise ValidationError(problems)
