"""Weekly hours and session types of a counselor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from django.core.exceptions import ValidationError

from accounts.models import CounselorProfile, StaffCentre, User
from core.errors import ValidationFailed
from core.facts import fact
from sessions_app.models import AvailabilityRule, SessionType
from sessions_app.models.availability import MIDNIGHT
from sessions_app.services.occupancy import lock

MAX_RULES = 100


@dataclass(frozen=True, slots=True)
class RuleInput:
    """One weekly rule; `start` and `end` are wall-clock times in `timezone`, `weekday` 0 is Monday."""

    weekday: int
    start: time
    end: time
    timezone: str
    centre_id: UUID | None = None
    valid_from: date | None = None
    valid_until: date | None = None


def replace_weekly_hours(
    *, counselor: CounselorProfile, rules: Sequence[RuleInput], actor: User
) -> list[AvailabilityRule]:
    """Put these rules in place of all others, or none of them. Sessions that are booked stay as they are.

    Raises ValidationFailed with what is wrong by rule and field: {"rules.0.end": ["…"]}.
    """
    rows = [_row(counselor, rule) for rule in rules]
    _refuse_invalid(rows)
    with fact(actor=actor) as current:
        lock(counselor.pk)
        _refuse_foreign_centres(counselor, rows)
        AvailabilityRule.objects.filter(counselor=counselor).delete()
        AvailabilityRule.objects.bulk_create(rows)
        current.audit("availability.replaced", counselor, centre_id=counselor.primary_centre_id)
    return rows


def save_session_type(*, session_type: SessionType, actor: User) -> SessionType:
    """Create or change what a counselor offers; booked sessions keep their terms.

    Raises Django's ValidationError, by field.
    """
    session_type.full_clean()
    with fact(actor=actor) as current:
        session_type.save()
        current.audit("session_type.saved", session_type)
    return session_type


def _row(counselor: CounselorProfile, rule: RuleInput) -> AvailabilityRule:
    return AvailabilityRule(
        counselor=counselor,
        weekday=rule.weekday,
        start=rule.start,
        end=rule.end,
        timezone=rule.timezone,
        centre_id=rule.centre_id,
        valid_from=rule.valid_from,
        valid_until=rule.valid_until,
    )


def _refuse_invalid(rows: list[AvailabilityRule]) -> None:
    if len(rows) > MAX_RULES:
        raise ValidationFailed(details={"rules": [f"At most {MAX_RULES} rules; these are {len(rows)}."]})
    problems: dict[str, list[str]] = {}
    for index, row in enumerate(rows):
        for field, sentences in _what_is_wrong(row).items():
            problems[f"rules.{index}.{field}"] = sentences
    for index in _overlapping_rows(rows):
        problems[f"rules.{index}.start"] = ["These hours overlap others on the same day."]
    if problems:
        raise ValidationFailed(details=problems)


def _what_is_wrong(row: AvailabilityRule) -> dict[str, list[str]]:
    """By field. Not full_clean, which asks the database about each constraint of each row."""
    try:
        row.clean_fields(exclude=["counselor", "centre"])
        row.clean()
    except ValidationError as error:
        return error.message_dict
    return {}


def _overlapping_rows(rows: list[AvailabilityRule]) -> list[int]:
    """Indices of rules that overlap an earlier one on the same weekday, zone and dates."""
    return [index for index, row in enumerate(rows) if any(_overlap(row, other) for other in rows[:index])]


def _overlap(one: AvailabilityRule, other: AvailabilityRule) -> bool:
    return (
        one.weekday == other.weekday
        and one.timezone == other.timezone
        and one.start < _end(other)
        and other.start < _end(one)
        and (one.valid_from or date.min) <= (other.valid_until or date.max)
        and (other.valid_from or date.min) <= (one.valid_until or date.max)
    )


def _end(rule: AvailabilityRule) -> time:
    return rule.end if rule.end != MIDNIGHT else time.max


def _refuse_foreign_centres(counselor: CounselorProfile, rows: list[AvailabilityRule]) -> None:
    own = set(StaffCentre.objects.filter(user=counselor.pk).values_list("centre_id", flat=True))
    own.add(counselor.primary_centre_id)
    problems = {
        f"rules.{index}.centre": ["The counselor does not work at this centre."]
        for index, row in enumerate(rows)
        if row.centre_id is not None and row.centre_id not in own
    }
    if problems:
        raise ValidationFailed(details=problems)
