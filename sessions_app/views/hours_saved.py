"""What is saved of a counselor's availability, as the page of hours starts from it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Centre, CounselorProfile, User
from sessions_app.forms.hours import ONLINE
from sessions_app.models import AvailabilityException, AvailabilityRule, BookingRules, ExceptionKind
from sessions_app.services.availability import ExceptionInput
from sessions_app.services.planning import Planner


@dataclass(frozen=True, slots=True)
class Saved:
    """The rows that the reader plans, by id, and those of other centres. `zone` is the one of most rules.

    Exceptions that are over are no longer shown; they stay as they are.
    """

    planner: Planner
    rules: dict[str, AvailabilityRule]
    exceptions: dict[str, AvailabilityException]
    past: list[AvailabilityException]
    foreign_rules: list[AvailabilityRule]
    foreign_exceptions: list[AvailabilityException]
    booking: BookingRules
    zone: str
    places: list[tuple[str, str]]

    @classmethod
    def read(cls, counselor: CounselorProfile, reader: User, *, now: datetime) -> "Saved":
        planner = Planner.of(reader, counselor)
        rules = list(AvailabilityRule.objects.filter(counselor=counselor).select_related("centre"))
        exceptions = list(AvailabilityException.objects.filter(counselor=counselor).select_related("centre"))
        zones = Counter(rule.timezone for rule in rules).most_common(1)
        zone = zones[0][0] if zones else counselor.user.timezone
        own = [one for one in exceptions if planner.plans(one)]
        return cls(
            planner,
            {str(rule.pk): rule for rule in rules if planner.plans(rule)},
            {str(one.pk): one for one in own if not _is_over(one, now)},
            [one for one in own if _is_over(one, now)],
            [rule for rule in rules if not planner.plans(rule)],
            [one for one in exceptions if not planner.plans(one)],
            BookingRules.objects.filter(counselor=counselor).first() or BookingRules(timezone=zone),
            zone,
            _places(counselor, planner),
        )

    @property
    def counselor(self) -> CounselorProfile:
        return self.planner.counselor

    @property
    def known(self) -> str:
        """Changes with every save, since each writes new rows."""
        booking = self.booking
        says = (booking.minimum_notice_minutes, booking.horizon_days, booking.most_sessions_a_day)
        return sha256(
            "".join([*sorted(self.rules), *sorted(self.exceptions), str(says)]).encode()
        ).hexdigest()[:16]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Time away is for those who plan for all of the counselor's hours."""
        kinds = ExceptionKind if self.planner.plans_for_all else [ExceptionKind.EXTRA]
        return [(kind.value, kind.label) for kind in kinds]

    @property
    def past_inputs(self) -> list[ExceptionInput]:
        names = ("kind", "first_day", "last_day", "timezone", "start", "end", "centre_id")
        return [ExceptionInput(**{name: getattr(one, name) for name in names}) for one in self.past]

    def initial_rules(self) -> list[dict[str, Any]]:
        names = ("weekday", "start", "end", "every_weeks", "valid_from", "valid_until")
        return [_initial(rule, names) for rule in self.rules.values()]

    def initial_exceptions(self) -> list[dict[str, Any]]:
        found = []
        for one in self.exceptions.values():
            names = ("kind", "first_day", "last_day")
            found.append(_initial(one, names if one.is_whole_days else (*names, "start", "end")))
        return found

    def initial_booking(self) -> dict[str, Any]:
        booking = self.booking
        return {
            "notice": booking.minimum_notice_minutes,
            "horizon_days": booking.horizon_days,
            "most_sessions_a_day": booking.most_sessions_a_day,
        }


def _initial(row: AvailabilityRule | AvailabilityException, names: tuple[str, ...]) -> dict[str, Any]:
    return {"id": row.pk, "place": row.centre_id or ONLINE, **{name: getattr(row, name) for name in names}}


def _is_over(one: AvailabilityException, now: datetime) -> bool:
    return one.last_day < now.astimezone(ZoneInfo(one.timezone)).date()


def _places(counselor: CounselorProfile, planner: Planner) -> list[tuple[str, str]]:
    own = Centre.objects.filter(staff__user=counselor.pk)
    primary = Centre.objects.filter(pk=counselor.primary_centre_id)
    centres = (own | primary).distinct().order_by("name")
    places = [(str(centre.pk), centre.name) for centre in centres if planner.plans_at(centre.pk)]
    return [*places, (ONLINE, "Video and phone only")] if planner.plans_for_all else places
