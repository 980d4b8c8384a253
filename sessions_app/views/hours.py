"""The counselor's weekly hours, what they offer, and the free times that come of it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods

from accounts.access import reader_of
from accounts.models import Centre, CounselorProfile
from core.errors import NotFound, ValidationFailed
from sessions_app.access import access_own_practice
from sessions_app.forms.days import read_day
from sessions_app.forms.hours import ONLINE, RuleForm, RuleFormSet, ZoneForm
from sessions_app.models import AvailabilityRule, SessionType, Weekday
from sessions_app.services.availability import replace_availability
from sessions_app.services.policies import policies_of
from sessions_app.services.slots import Wish, find_slots
from sessions_app.views.days import start_of
from sessions_app.views.picker import DAYS_SHOWN, SlotPicker, slot_picker
from sessions_app.views.posts import posted

CHANGED_MEANWHILE = (
    "Your hours were changed in another window since you opened this page. "
    "To keep what stands here instead, save once more."
)


@require_http_methods(["GET", "HEAD", "POST"])
def counselor_availability(request: HttpRequest) -> HttpResponse:
    """The weekly hours, all saved at once."""
    counselor = access_own_practice(reader_of(request))
    week = _Week.read(counselor, zone=reader_of(request).timezone)
    zone_form = ZoneForm(posted(request), initial={"timezone": week.zone, "known": week.known})
    formset = RuleFormSet(
        posted(request),
        prefix="rules",
        initial=[_initial(rule) for rule in week.rules.values()],
        form_kwargs={"places": week.places},
    )
    problems: list[str] = []
    if request.method == "POST" and zone_form.is_valid() and formset.is_valid():
        problems = _save(request, week, zone_form, formset)
        if not problems and not formset.total_error_count():
            messages.success(request, "Your hours are saved. Sessions that are booked stay as they are.")
            return redirect("counselor_availability")
    context = {
        "zone_form": zone_form,
        "zone_name": week.zone,
        "formset": formset,
        "week": _rows_by_day(formset, week),
        "new_row": {"prefix": "rules-__prefix__"},
        "places": week.places,
        "has_hours": bool(week.rules),
        "problems": problems,
        "known": _known_to_reader(zone_form, week, problems),
        "policies": policies_of(counselor.pk),
        **_offers(request, counselor),
    }
    status = 200 if request.method != "POST" else 422
    return render(request, "sessions_app/counselor_availability.html", context, status=status)


@dataclass(frozen=True, slots=True)
class _Week:
    """What is saved at present. `zone` is the one of most rules, and for a first week the reader's."""

    counselor: CounselorProfile
    rules: dict[str, AvailabilityRule]
    zone: str
    places: list[tuple[str, str]]

    @classmethod
    def read(cls, counselor: CounselorProfile, *, zone: str) -> "_Week":
        rules = list(AvailabilityRule.objects.filter(counselor=counselor))
        zones = Counter(rule.timezone for rule in rules).most_common(1)
        by_id = {str(rule.pk): rule for rule in rules}
        return cls(counselor, by_id, zones[0][0] if zones else zone, _places(counselor))

    @property
    def known(self) -> str:
        """Changes with every save, since each writes new rules."""
        return sha256("".join(sorted(self.rules)).encode()).hexdigest()[:16]


def _save(request: HttpRequest, week: _Week, zone_form: ZoneForm, formset: Any) -> list[str]:
    """Problems that belong to no row; those of a row are put there."""
    if zone_form.cleaned_data["known"] != week.known:
        return [CHANGED_MEANWHILE]
    zone = zone_form.cleaned_data["timezone"]
    kept = [form for form in formset if form.is_kept]
    wanted = [form.rule(zone, rules=week.rules, main_zone=week.zone) for form in kept]
    try:
        replace_availability(counselor=week.counselor, rules=wanted, actor=reader_of(request))
    except ValidationFailed as error:
        return _put_beside_rows(kept, error.details)
    return []


def _known_to_reader(zone_form: ZoneForm, week: _Week, problems: list[str]) -> str:
    """The reader knows what is saved when the page was made of it, or when they were told that it changed."""
    if zone_form.is_bound and problems != [CHANGED_MEANWHILE]:
        return str(zone_form["known"].value() or "")
    return week.known


def _put_beside_rows(kept: list[RuleForm], details: dict[str, list[str]]) -> list[str]:
    """Gives each row what “rules.3.end” says of it; returns what belongs to none."""
    elsewhere: list[str] = []
    for place, sentences in details.items():
        _, number, field = (*place.split("."), "", "")[:3]
        if not number.isdigit():
            elsewhere += sentences
            continue
        form = kept[int(number)]
        form.add_error(field if field in form.fields else None, sentences)
    return elsewhere


def _places(counselor: CounselorProfile) -> list[tuple[str, str]]:
    own = Centre.objects.filter(staff__user=counselor.pk)
    primary = Centre.objects.filter(pk=counselor.primary_centre_id)
    centres = (own | primary).distinct().order_by("name")
    return [*((str(centre.pk), centre.name) for centre in centres), (ONLINE, "Video and phone only")]


def _initial(rule: AvailabilityRule) -> dict[str, Any]:
    place = rule.centre_id or ONLINE
    return {
        "id": rule.pk,
        "weekday": rule.weekday,
        "start": rule.start,
        "end": rule.end,
        "place": place,
    }


# --- As the fragment _hours_editor.html shows it ---------------------------------------------------------------


def _rows_by_day(formset: Any, week: _Week) -> list[dict[str, Any]]:
    """The formset's rows by weekday.

    Each day's blank row is for readers without scripts; others add rows as they need them.
    """
    days: list[dict[str, Any]] = [
        {"weekday": day.value, "name": day.label, "rows": [], "blank": None} for day in Weekday
    ]
    blank_days = iter(Weekday)
    for number, form in enumerate(formset):
        weekday = str(form["weekday"].value())
        if not formset.is_bound and number >= formset.initial_form_count():
            days[next(blank_days)]["blank"] = {"prefix": form.prefix}
        elif weekday.isdigit() and int(weekday) < len(days):
            days[int(weekday)]["rows"].append(_row(form, week))
    return days


def _row(form: RuleForm, week: _Week) -> dict[str, Any]:
    rule_id = str(form["id"].value() or "")
    return {
        "prefix": form.prefix,
        "pk": rule_id,
        "start": _on_the_wall(form["start"].value()),
        "end": _on_the_wall(form["end"].value()),
        "place": str(form["place"].value() or ONLINE),
        "errors": [sentence for sentences in form.errors.values() for sentence in sentences],
        "is_removed": bool(form["DELETE"].value()),
        **_peculiarities(week.rules.get(rule_id), week),
    }


def _peculiarities(rule: AvailabilityRule | None, week: _Week) -> dict[str, Any]:
    """What a row keeps although nothing on the page changes it: dates, and a zone of its own."""
    if rule is None:
        return {"dates": "", "own_zone": ""}
    since = f"from {date_format(rule.valid_from, 'j F Y')}" if rule.valid_from else ""
    until = f"until {date_format(rule.valid_until, 'j F Y')}" if rule.valid_until else ""
    own_zone = rule.timezone if rule.timezone != week.zone else ""
    return {"dates": " ".join(part for part in (since, until) if part), "own_zone": own_zone}


def _on_the_wall(value: Any) -> str:
    return value.strftime("%H:%M") if isinstance(value, time) else str(value or "")


# --- What comes of it ------------------------------------------------------------------------------------------


def _offers(request: HttpRequest, counselor: CounselorProfile) -> dict[str, Any]:
    """The session types, and what people are shown of the one that ?type= names, or of the first."""
    types = list(SessionType.objects.filter(counselor=counselor).order_by("position", "id"))
    offered = [session_type for session_type in types if session_type.is_active]
    wanted = request.GET.get("type", "")
    previewed = next((one for one in offered if str(one.pk) == wanted), next(iter(offered), None))
    preview = _preview(request, counselor, previewed) if previewed else None
    return {"types": types, "offered": offered, "previewed": previewed, "picker": preview}


def _preview(request: HttpRequest, counselor: CounselorProfile, offered: SessionType) -> SlotPicker | None:
    """The slot picker as a patient would see it; None when nobody can book this counselor at all."""
    today = timezone.localdate()
    first_day = max(read_day(request.GET.get("from", "")) or today, today)
    try:
        slots = find_slots(
            counselor_id=counselor.pk,
            start=start_of(first_day),
            end=start_of(first_day + timedelta(days=DAYS_SHOWN)),
            wish=Wish(type_id=offered.pk),
        )
    except NotFound:
        return None
    return slot_picker(
        slots,
        first_day=first_day,
        wanted_day=read_day(request.GET.get("day", "")),
        address=partial(_preview_address, offered),
    )


def _preview_address(offered: SessionType, first_day: date, day: date | None) -> str:
    values = {"type": offered.pk, "from": first_day} | ({"day": day} if day else {})
    return f"{reverse('counselor_availability')}?{urlencode(values)}"
