"""The forms of the page of hours, read, checked, saved or previewed as one."""

from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.access import reader_of
from accounts.models import CounselorProfile
from core.errors import NotFound, PermissionDenied, ValidationFailed
from sessions_app.forms.days import read_day
from sessions_app.forms.hours import ONLINE, BookingRulesForm, ExceptionFormSet, RuleFormSet, ZoneForm
from sessions_app.models import SessionType
from sessions_app.models.availability import MAX_EVERY_WEEKS
from sessions_app.services.availability import (
    BookingRulesInput,
    ExceptionInput,
    RuleInput,
    checked_rows,
    replace_availability,
)
from sessions_app.services.policies import policies_of
from sessions_app.services.slots import Slot, Wish, find_slots, slots_of
from sessions_app.services.typed_hours import TypedHours, typed_calendar
from sessions_app.views.days import start_of
from sessions_app.views.hours_rows import exception_rows, rows_by_day
from sessions_app.views.hours_saved import Saved
from sessions_app.views.month import month_of, wanted_month
from sessions_app.views.picker import DAYS_SHOWN, SlotPicker, slot_picker
from sessions_app.views.posts import posted

WEEK_CHOICES = [("1", "week"), ("2", "other week")] + [
    (str(number), f"{number} weeks") for number in range(3, MAX_EVERY_WEEKS + 1)
]
CHANGED_MEANWHILE = (
    "Your hours were changed in another window since you opened this page. "
    "To keep what stands here instead, save once more."
)


class HoursPage:
    def __init__(self, request: HttpRequest, counselor: CounselorProfile, *, is_own: bool) -> None:
        self.request, self.counselor, self.is_own = request, counselor, is_own
        self.name = "counselor_availability" if is_own else "counselor_hours"
        self.arguments: list[UUID] = [] if is_own else [counselor.pk]
        self.url = reverse(self.name, args=self.arguments)
        self.saved = saved = Saved.read(counselor, reader_of(request), now=timezone.now())
        data = posted(request)
        self.zone_form = ZoneForm(data, initial={"timezone": saved.zone, "known": saved.known})
        self.rules = RuleFormSet(
            data, prefix="rules", initial=saved.initial_rules(), form_kwargs={"places": saved.places}
        )
        self.exceptions = ExceptionFormSet(
            data,
            prefix="exceptions",
            initial=saved.initial_exceptions(),
            form_kwargs={"places": saved.places, "kinds": [kind for kind, _ in saved.kinds]},
        )
        self.booking = BookingRulesForm(data, prefix="booking", initial=saved.initial_booking())
        self.problems: list[str] = []

    def is_valid(self) -> bool:
        # Each of them, so that each says what is wrong.
        found = [self.zone_form.is_valid(), self.rules.is_valid(), self.exceptions.is_valid()]
        if self.saved.planner.plans_for_all:
            found.append(self.booking.is_valid())
        return all(found)

    def save(self) -> bool:
        """Whether it was saved; if not, what is wrong stands beside its row or among `problems`."""
        if self.zone_form.cleaned_data["known"] != self.saved.known:
            self.problems = [CHANGED_MEANWHILE]
            return False
        rules, exceptions, booking = self._inputs()
        try:
            replace_availability(
                counselor=self.counselor,
                rules=rules,
                exceptions=exceptions,
                booking=booking,
                actor=reader_of(self.request),
            )
        except (ValidationFailed, PermissionDenied) as error:
            self._put_beside_rows(error.details)
            return False
        return True

    def can_be_previewed(self) -> bool:
        """Whether what was typed could be saved, as far as it is wrong in itself; what is wrong stands beside it."""
        if not self.is_valid():
            return False
        rules, exceptions, booking = self._inputs()
        try:
            checked_rows(counselor=self.counselor, rules=rules, exceptions=exceptions, booking=booking)
        except ValidationFailed as error:
            self._put_beside_rows(error.details)
            return False
        return True

    def typed(self) -> TypedHours:
        """What was typed, with what is of other centres, as free times are found in it. The forms must be valid."""
        rules, exceptions, booking = self._inputs()
        return self._with_foreign(rules, exceptions, booking)

    def context(self, *, is_preview: bool) -> dict[str, Any]:
        saved = self.saved
        hours = self.typed() if is_preview else self._saved_hours()
        return {
            "is_own": self.is_own,
            "counselor_name": self.counselor.user.full_name,
            "counselor_id": self.counselor.pk,
            "plans_for_all": saved.planner.plans_for_all,
            "zone_form": self.zone_form,
            "zone_name": saved.zone,
            "formset": self.rules,
            "exception_formset": self.exceptions,
            "booking_form": self.booking,
            "week": rows_by_day(self.rules, saved),
            "exceptions": exception_rows(self.exceptions, saved),
            "kinds": saved.kinds,
            "week_choices": WEEK_CHOICES,
            "new_row": {"prefix": "rules-__prefix__", "every_weeks": "1"},
            "new_exception": {"prefix": "exceptions-__prefix__", "place": ONLINE},
            "foreign_rules": saved.foreign_rules,
            "places": saved.places,
            "has_hours": bool(saved.rules),
            "problems": self.problems,
            "has_problems": self._has_problems(),
            "known": self._known_to_reader(),
            "policies": policies_of(self.counselor.pk) if self.is_own else None,
            "month": month_of(wanted_month(self.request.GET.get("month", "")), hours),
            **self._offers(hours if is_preview else None),
        }

    def _has_problems(self) -> bool:
        forms = [self.zone_form, self.booking]
        counts = self.rules.total_error_count() + self.exceptions.total_error_count()
        return bool(self.problems or counts or any(form.errors for form in forms))

    def _inputs(self) -> tuple[list[RuleInput], list[ExceptionInput], BookingRulesInput | None]:
        saved, zone = self.saved, self.zone_form.cleaned_data["timezone"]
        rules = [
            form.rule(zone, rules=saved.rules, main_zone=saved.zone) for form in self.rules if form.is_kept
        ]
        exceptions = [
            form.exception(zone, exceptions=saved.exceptions, main_zone=saved.zone)
            for form in self.exceptions
            if form.is_kept
        ]
        booking = self.booking.booking(zone) if saved.planner.plans_for_all else None
        return rules, [*saved.past_inputs, *exceptions], booking

    def _saved_hours(self) -> TypedHours:
        saved = self.saved
        return self._with_foreign(
            [RuleInput(**_values(RuleInput, rule)) for rule in saved.rules.values()],
            [ExceptionInput(**_values(ExceptionInput, one)) for one in saved.exceptions.values()],
            None,
        )

    def _with_foreign(
        self, rules: list[RuleInput], exceptions: list[ExceptionInput], booking: BookingRulesInput | None
    ) -> TypedHours:
        saved = self.saved
        foreign_rules = [RuleInput(**_values(RuleInput, rule)) for rule in saved.foreign_rules]
        foreign = [ExceptionInput(**_values(ExceptionInput, one)) for one in saved.foreign_exceptions]
        kept = BookingRulesInput(**_values(BookingRulesInput, saved.booking))
        return TypedHours.of([*rules, *foreign_rules], [*exceptions, *foreign], booking or kept)

    def _known_to_reader(self) -> str:
        """The reader knows what is saved when the page was made of it, or when they were told that it changed."""
        if self.zone_form.is_bound and self.problems != [CHANGED_MEANWHILE]:
            return str(self.zone_form["known"].value() or "")
        return self.saved.known

    def _put_beside_rows(self, details: dict[str, list[str]]) -> None:
        """Gives each row what “rules.3.end” says of it; what belongs to none is said above."""
        kept: dict[str, list[Any]] = {
            "rules": [form for form in self.rules if form.is_kept],
            "exceptions": [None] * len(self.saved.past) + [form for form in self.exceptions if form.is_kept],
        }
        for place, sentences in details.items():
            kind, number, field = (*place.split("."), "", "")[:3]
            rows = kept.get(kind, [])
            form = rows[int(number)] if number.isdigit() and int(number) < len(rows) else None
            if form is None:
                self.problems += sentences
            else:
                form.add_error(field if field in form.fields else None, sentences)

    # --- What comes of it ----------------------------------------------------------------------------------

    def _offers(self, hours: TypedHours | None) -> dict[str, Any]:
        """The session types, and what people are shown of the one that `type` names, or of the first."""
        types = list(SessionType.objects.filter(counselor=self.counselor).order_by("position", "id"))
        offered = [session_type for session_type in types if session_type.is_active]
        asked = self.request.POST if hours else self.request.GET
        wanted = asked.get("type", "")
        previewed = next((one for one in offered if str(one.pk) == wanted), next(iter(offered), None))
        today = timezone.localdate()
        first_day = max(read_day(asked.get("from", "")) or today, today)
        context = {"types": types, "offered": offered, "previewed": previewed, "first_day": first_day}
        if previewed is None:
            return context
        if hours is not None:
            return context | {"preview_days": self._typed_days(previewed, first_day, hours)}
        return context | {"picker": self._picker(previewed, first_day)}

    def _typed_days(
        self, offered: SessionType, first_day: date, hours: TypedHours
    ) -> list[tuple[date, list[Slot]]]:
        """The free times of seven days as they would be."""
        start, end = start_of(first_day), start_of(first_day + timedelta(days=DAYS_SHOWN))
        names = {UUID(value): label for value, label in self.saved.places if value != ONLINE}
        calendar = typed_calendar(self.counselor, hours, start=start, end=end, centre_names=names)
        found = slots_of(calendar, wish=Wish(type_id=offered.pk), start=start, end=end, now=timezone.now())
        by_day = {day: list(slots) for day, slots in groupby(found, key=_local_day)}
        days = (first_day + timedelta(days=number) for number in range(DAYS_SHOWN))
        return [(day, by_day.get(day, [])) for day in days]

    def _picker(self, offered: SessionType, first_day: date) -> SlotPicker | None:
        """The slot picker as a patient would see it; None when nobody can book this counselor at all."""
        try:
            slots = find_slots(
                counselor_id=self.counselor.pk,
                start=start_of(first_day),
                end=start_of(first_day + timedelta(days=DAYS_SHOWN)),
                wish=Wish(type_id=offered.pk),
            )
        except NotFound:
            return None
        return slot_picker(
            slots,
            first_day=first_day,
            wanted_day=read_day(self.request.GET.get("day", "")),
            address=partial(self._preview_address, offered),
        )

    def _preview_address(self, offered: SessionType, first_day: date, day: date | None) -> str:
        values = {"type": offered.pk, "from": first_day} | ({"day": day} if day else {})
        return f"{self.url}?{urlencode(values)}"


def _local_day(slot: Slot) -> date:
    begins: datetime = timezone.localtime(slot.start)
    return begins.date()


def _values(kind: Any, row: Any) -> dict[str, Any]:
    """The fields of an input, from the row that is saved."""
    return {name: getattr(row, name) for name in kind.__dataclass_fields__}
