"""What departs from the weekly hours: days and hours away, and extra hours."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from accounts.models import Centre, CounselorProfile
from accounts.models.users import validate_timezone
from core.ids import uuid7
from sessions_app.models.availability import ENDS_BEFORE_IT_BEGINS, MIDNIGHT

LASTS_BEFORE_IT_BEGINS = "The last day must not be before the first."
EXTRA_IS_ONE_DAY = "Extra hours are of one day. Add the other days each for itself."
AWAY_HAS_NO_PLACE = "Who is away is away everywhere: leave the place out."


class ExceptionKind(models.TextChoices):
    UNAVAILABLE = "unavailable", "Away"
    EXTRA = "extra", "Extra hours"


class AvailabilityException(models.Model):
    """From `start` on `first_day` to `end` on `last_day`, as the clock on the wall in `timezone` shows it.

    A `start` of 00:00 is midnight at the beginning of the first day, an `end` of 00:00 midnight at the end of the last:
    both together are whole days. UNAVAILABLE goes before hours of every kind, extra ones too. EXTRA hours are like a
    rule that holds on one day only; their `centre` means what it means for a rule.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    counselor = models.ForeignKey(
        CounselorProfile, on_delete=models.CASCADE, related_name="availability_exceptions"
    )
    kind = models.CharField(max_length=11, choices=ExceptionKind)
    first_day = models.DateField()
    last_day = models.DateField()
    start = models.TimeField(default=MIDNIGHT)
    end = models.TimeField(default=MIDNIGHT)
    timezone = models.CharField(max_length=64, validators=[validate_timezone])
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["first_day", "start", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ExceptionKind.values), name="availability_exception_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="availability_exception_days_in_order",
                violation_error_message=LASTS_BEFORE_IT_BEGINS,
            ),
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day")) | Q(end__gt=F("start")) | Q(end=MIDNIGHT),
                name="availability_exception_ends_after_it_begins",
                violation_error_message=ENDS_BEFORE_IT_BEGINS,
            ),
            models.CheckConstraint(
                condition=Q(kind=ExceptionKind.UNAVAILABLE) | Q(last_day=F("first_day")),
                name="availability_extra_hours_are_of_one_day",
                violation_error_message=EXTRA_IS_ONE_DAY,
            ),
            models.CheckConstraint(
                condition=Q(kind=ExceptionKind.EXTRA) | Q(centre__isnull=True),
                name="availability_away_has_no_place",
                violation_error_message=AWAY_HAS_NO_PLACE,
            ),
        ]
        indexes = [models.Index(fields=["counselor", "last_day"], name="exception_of_counselor")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.first_day}–{self.last_day} {self.timezone}"

    @property
    def is_whole_days(self) -> bool:
        return self.start == self.end == MIDNIGHT

    def clean(self) -> None:
        """The constraints that compare two fields, without asking the database; the field to blame is named."""
        problems = {}
        if self.first_day and self.last_day:
            if self.last_day < self.first_day:
                problems["last_day"] = LASTS_BEFORE_IT_BEGINS
            elif self.last_day == self.first_day and self.start >= self.end != MIDNIGHT:
                problems["end"] = ENDS_BEFORE_IT_BEGINS
            elif self.kind == ExceptionKind.EXTRA and self.last_day != self.first_day:
                problems["last_day"] = EXTRA_IS_ONE_DAY
        if self.kind == ExceptionKind.UNAVAILABLE and self.centre_id is not None:
            problems["centre"] = AWAY_HAS_NO_PLACE
        if problems:
            raise ValidationError(problems)
