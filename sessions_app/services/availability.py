"""When a counselor is there: weekly hours, exceptions and booking rules, replaced together. And what they offer."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, time
from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from accounts.models import CounselorProfile, StaffCentre, User
from core.errors import PermissionDenied, ValidationFailed
from core.facts import fact
from sessions_app.models import AvailabilityException, AvailabilityRule, BookingRules, SessionType
from sessions_app.models.availability import MIDNIGHT
from sessions_app.rule_overlaps import overlapping_rules
from sessions_app.services.occupancy import lock
from sessions_app.services.planning import OF_ANOTHER_CENTRE, Planner

MAX_RULES = 100
MAX_EXCEPTIONS = 200

Dated = TypeVar("Dated", AvailabilityRule, AvailabilityException)


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
    every_weeks: int = 1


@dataclass(frozen=True, slots=True)
class ExceptionInput:
    """Time away, or extra hours; times on the wall in `timezone`. 00:00 to 00:00 is whole days."""

    kind: str
    first_day: date
    last_day: date
    timezone: str
    start: time = MIDNIGHT
    end: time = MIDNIGHT
    centre_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class BookingRulesInput:
    """How counselors are booked; None means no limit of their own. Days are those on the clock of `timezone`."""

    timezone: str
    minimum_notice_minutes: int = 0
    horizon_days: int | None = None
    most_sessions_a_day: int | None = None


def replace_availability(
    *,
    counselor: CounselorProfile,
    rules: Sequence[RuleInput],
    exceptions: Sequence[ExceptionInput] | None = None,
    booking: BookingRulesInput | None = None,
    actor: User,
) -> None:
    """Put these in place of all others, or none of them; what is None stays as it is. No booked session is touched.

    Somebody who plans for some of the counselor's centres replaces what is of those; the rest stays, whether it is sent
    back as it was or left out. Raises ValidationFailed with what is wrong by rule and field: {"rules.0.end": ["…"]},
    and PermissionDenied, likewise, for what is new at a centre that is not the actor's.
    """
    rule_rows, exception_rows, booking_row = checked_rows(
        counselor=counselor, rules=rules, exceptions=exceptions, booking=booking
    )
    with fact(actor=actor) as current:
        lock(counselor.pk)
        _refuse_foreign_centres(counselor, rule_rows, exception_rows)
        planner = Planner.of(actor, counselor)
        kept = _replace(AvailabilityRule, rule_rows, planner, place="rules")
        _refuse_overlaps(kept, rule_rows)
        if exceptions is not None:
            _replace(AvailabilityException, exception_rows, planner, place="exceptions")
        if booking_row is not None:
            _save_booking_rules(booking_row, planner)
        current.audit("availability.replaced", counselor, centre_id=counselor.primary_centre_id)


def checked_rows(
    *,
    counselor: CounselorProfile,
    rules: Sequence[RuleInput],
    exceptions: Sequence[ExceptionInput] | None,
    booking: BookingRulesInput | None,
) -> tuple[list[AvailabilityRule], list[AvailabilityException], BookingRules | None]:
    """The rows that these would be, not saved. Raises ValidationFailed as `replace_availability` does."""
    rule_rows = [AvailabilityRule(counselor=counselor, **asdict(rule)) for rule in rules]
    exception_rows = [AvailabilityException(counselor=counselor, **asdict(one)) for one in exceptions or ()]
    booking_row = BookingRules(counselor=counselor, **asdict(booking)) if booking else None
    _refuse_invalid(rule_rows, exception_rows, booking_row)
    return rule_rows, exception_rows, booking_row


def save_session_type(*, session_type: SessionType, actor: User) -> SessionType:
    """Create or change what a counselor offers; booked sessions keep their terms.

    Raises Django's ValidationError, by field.
    """
    session_type.full_clean()
    with fact(actor=actor) as current:
        session_type.save()
        current.audit("session_type.saved", session_type)
    return session_type


def _replace(model: type[Dated], wanted: list[Dated], planner: Planner, *, place: str) -> list[Dated]:
    """The planner's rows are replaced by the wanted ones; returns those of other centres, which stay."""
    rows = list(model._default_manager.filter(counselor=planner.counselor))
    foreign = [row for row in rows if not planner.plans(row)]
    known = {_what_it_says(row) for row in foreign}
    refused = {
        f"{place}.{index}.centre": [OF_ANOTHER_CENTRE]
        for index, row in enumerate(wanted)
        if not planner.plans(row) and _what_it_says(row) not in known
    }
    if refused:
        raise PermissionDenied(OF_ANOTHER_CENTRE, details=refused)
    model._default_manager.filter(pk__in=[row.pk for row in rows if planner.plans(row)]).delete()
    model._default_manager.bulk_create([row for row in wanted if planner.plans(row)])
    return foreign


def _save_booking_rules(wanted: BookingRules, planner: Planner) -> None:
    if planner.plans_for_all:
        BookingRules.objects.update_or_create(
            counselor=planner.counselor, defaults=_fields(wanted, without=("counselor",))
        )
        return
    kept = BookingRules.objects.filter(counselor=planner.counselor).first()
    if kept is None or _what_it_says(kept) != _what_it_says(wanted):
        raise PermissionDenied(OF_ANOTHER_CENTRE, details={"booking": [OF_ANOTHER_CENTRE]})


def _what_it_says(row: models.Model) -> tuple[object, ...]:
    """Two rows that say the same are the same to people."""
    return tuple(_fields(row, without=("id",)).values())


def _fields(row: models.Model, *, without: tuple[str, ...]) -> dict[str, object]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in without
    }


# --- What cannot be ------------------------------------------------------------------------------------------


def _refuse_invalid(
    rules: list[AvailabilityRule], exceptions: list[AvailabilityException], booking: BookingRules | None
) -> None:
    if len(rules) > MAX_RULES:
        raise ValidationFailed(details={"rules": [f"At most {MAX_RULES} rules; these are {len(rules)}."]})
    if len(exceptions) > MAX_EXCEPTIONS:
        sentence = (
            f"At most {MAX_EXCEPTIONS} exceptions; these are {len(exceptions)}. Leave out what is past."
        )
        raise ValidationFailed(details={"exceptions": [sentence]})
    named: dict[str, models.Model] = {f"rules.{index}": row for index, row in enumerate(rules)}
    named |= {f"exceptions.{index}": row for index, row in enumerate(exceptions)}
    if booking is not None:
        named["booking"] = booking
    problems = {
        f"{place}.{field}": sentences
        for place, row in named.items()
        for field, sentences in _what_is_wrong(row).items()
    }
    problems |= _overlaps(rules, {row.pk: index for index, row in enumerate(rules)})
    if problems:
        raise ValidationFailed(details=problems)


def _what_is_wrong(row: models.Model) -> dict[str, list[str]]:
    """By field. Not full_clean, which asks the database about each constraint of each row."""
    try:
        row.clean_fields(exclude=["counselor", "centre"])
        row.clean()
    except ValidationError as error:
        return error.message_dict
    return {}


def _refuse_overlaps(kept: list[AvailabilityRule], wanted: list[AvailabilityRule]) -> None:
    """The wanted rules against those of other centres, which the sender may not even have looked at."""
    says = {_what_it_says(row) for row in kept}
    new = {row.pk: index for index, row in enumerate(wanted) if _what_it_says(row) not in says}
    problems = _overlaps([*kept, *(row for row in wanted if row.pk in new)], new)
    if problems:
        raise ValidationFailed(details=problems)


def _overlaps(rows: list[AvailabilityRule], indices: dict[UUID, int]) -> dict[str, list[str]]:
    return {
        f"rules.{indices[row.pk]}.start": ["These hours overlap others on the same day."]
        for row in overlapping_rules(rows)
        if row.pk in indices
    }


def _refuse_foreign_centres(
    counselor: CounselorProfile, rules: list[AvailabilityRule], exceptions: list[AvailabilityException]
) -> None:
    own = set(StaffCentre.objects.filter(user=counselor.pk).values_list("centre_id", flat=True))
    own.add(counselor.primary_centre_id)
    places = {f"rules.{index}": row.centre_id for index, row in enumerate(rules)}
    places |= {f"exceptions.{index}": row.centre_id for index, row in enumerate(exceptions)}
    problems = {
        f"{place}.centre": ["The counselor does not work at this centre."]
        for place, centre_id in places.items()
        if centre_id is not None and centre_id not in own
    }
    if problems:
        raise ValidationFailed(details=problems)
