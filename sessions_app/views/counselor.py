"""The counselor's day, hours and offers."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import access_counselor_to_plan, reader_of
from accounts.models import Centre, CounselorProfile, User
from core.errors import NotFound, ValidationFailed
from sessions_app.forms import ONLINE, RuleForm, RuleFormSet, SessionTypeForm
from sessions_app.listing import SessionRow, session_rows
from sessions_app.models import AvailabilityRule, Session, SessionStatus, SessionType, Weekday
from sessions_app.services.availability import replace_weekly_hours, save_session_type
from sessions_app.services.slots import Wish, find_slots
from sessions_app.views.shown import SessionCard, card

SHORTEST_GAP = timedelta(minutes=15)


@require_safe
def counselor_today(request: HttpRequest) -> HttpResponse:
    """One day (?day=, today without it) in the order of time."""
    counselor = access_counselor_to_plan(reader_of(request), reader_of(request).pk)
    day = wanted_day(request)
    start, end = day_bounds(day)
    now = timezone.now()
    sessions = (
        Session.objects.visible_to(reader_of(request))
        .filter(counselor=counselor, start__gte=start, start__lt=end)
        .order_by("start", "id")
    )
    rows = session_rows(sessions, viewer=reader_of(request), now=now)
    context = {
        "day": day,
        "is_today": day == timezone.localdate(),
        "day_before": day - timedelta(days=1),
        "day_after": day + timedelta(days=1),
        "entries": day_plan(rows, reader_of(request), now),
        "count": sum(row.status != SessionStatus.CANCELLED for row in rows),
    }
    return render(request, "sessions_app/counselor_today.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def counselor_availability(request: HttpRequest) -> HttpResponse:
    """The weekly hours, all saved at once, and the free times of the next seven days that come of them."""
    counselor = access_counselor_to_plan(reader_of(request), reader_of(request).pk)
    rules = list(AvailabilityRule.objects.filter(counselor=counselor))
    zone = rules[0].timezone if rules else reader_of(request).timezone
    places = _places(counselor)
    formset = RuleFormSet(
        request.POST or None, prefix="rules", initial=_initial(rules), form_kwargs={"places": places}
    )
    problems: list[str] = []
    if request.method == "POST" and formset.is_valid():
        wanted = [form.rule(zone) for form in formset if form.is_kept]
        try:
            replace_weekly_hours(counselor=counselor, rules=wanted, actor=reader_of(request))
        except ValidationFailed as error:
            problems = _sentences(error.details)
        else:
            messages.success(request, "Your hours are saved. Sessions that are booked stay as they are.")
            return redirect("counselor_availability")
    context = {
        "formset": formset,
        "management_form": formset.management_form,
        "week": _week(formset),
        "places": places,
        "zone_name": zone,
        "problems": problems,
        "types": list(SessionType.objects.filter(counselor=counselor).order_by("position", "id")),
        "free_days": _free_days(counselor),
    }
    return render(request, "sessions_app/counselor_availability.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def session_type_edit(request: HttpRequest, type_id: UUID | None = None) -> HttpResponse:
    counselor = access_counselor_to_plan(reader_of(request), reader_of(request).pk)
    offered = SessionType(counselor=counselor)
    if type_id is not None:
        found = SessionType.objects.filter(counselor=counselor, pk=type_id).first()
        if found is None:
            raise NotFound("There is no such session type among yours.")
        offered = found
    form = SessionTypeForm(request.POST or None, instance=offered)
    if request.method == "POST" and form.is_valid():
        save_session_type(session_type=form.save(commit=False), actor=reader_of(request))
        messages.success(request, "Saved. Sessions that are booked keep their terms.")
        return redirect("counselor_availability")
    return render(request, "sessions_app/session_type_edit.html", {"form": form, "is_new": type_id is None})


def wanted_day(request: HttpRequest) -> date:
    """?day=YYYY-MM-DD in the reader's zone; today when there is none or it cannot be one."""
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return timezone.localdate()
    return day if 2000 <= day.year <= 2100 else timezone.localdate()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The instants, half open, of a day in the reader's zone."""
    zone = timezone.get_current_timezone()
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    return start, datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def day_plan(rows: list[SessionRow], viewer: User, now: datetime) -> list[SessionCard | dict[str, Any]]:
    """Sessions and the gaps between them, as the fragment _day_plan.html shows them."""
    entries: list[SessionCard | dict[str, Any]] = []
    busy_until: datetime | None = None
    for row in rows:
        if busy_until is not None and row.start - busy_until >= SHORTEST_GAP:
            entries.append({"kind": "gap", "start": busy_until, "end": row.start})
        entries.append(card(row, viewer=viewer, now=now))
        if row.status != SessionStatus.CANCELLED:
            busy_until = max(busy_until or row.end, row.end)
    return entries


def _initial(rules: list[AvailabilityRule]) -> list[dict[str, Any]]:
    return [
        {
            "id": rule.pk,
            "weekday": rule.weekday,
            "start": rule.start,
            "end": rule.end,
            "place": rule.centre_id or ONLINE,
        }
        for rule in rules
    ]


def _places(counselor: CounselorProfile) -> list[tuple[str, str]]:
    own = Centre.objects.filter(staff__user=counselor.pk) | Centre.objects.filter(
        pk=counselor.primary_centre_id
    )
    centres = own.distinct().order_by("name")
    return [*((str(centre.pk), centre.name) for centre in centres), (ONLINE, "Video and phone only")]


def _week(formset: Any) -> list[dict[str, Any]]:
    """The formset's rows by weekday, as the fragment _hours_editor.html shows them.

    Each day's blank row is for readers without scripts; others add rows as they need them.
    """
    week: list[dict[str, Any]] = [
        {"weekday": day.value, "name": day.label, "rows": [], "blank": None} for day in Weekday
    ]
    blank_days = iter(Weekday)
    for number, form in enumerate(formset):
        if not formset.is_bound and number >= formset.initial_form_count():
            weekday = next(blank_days)
            week[weekday]["blank"] = {"prefix": form.prefix}
        elif str(form["weekday"].value()) in {str(day.value) for day in Weekday}:
            week[int(form["weekday"].value())]["rows"].append(_hours_row(form))
    return week


def _hours_row(form: RuleForm) -> dict[str, Any]:
    return {
        "prefix": form.prefix,
        "pk": form["id"].value() or "",
        "start": _on_the_wall(form["start"].value()),
        "end": _on_the_wall(form["end"].value()),
        "place": str(form["place"].value() or ONLINE),
        "errors": [sentence for sentences in form.errors.values() for sentence in sentences],
        "is_removed": bool(form["DELETE"].value()),
    }


def _on_the_wall(value: Any) -> str:
    return value.strftime("%H:%M") if isinstance(value, time) else str(value or "")


def _free_days(counselor: CounselorProfile) -> list[dict[str, Any]]:
    """The free times of the next seven days for the first session type; none when nothing can be booked."""
    start, _ = day_bounds(timezone.localdate())
    try:
        slots = find_slots(counselor_id=counselor.pk, start=start, end=start + timedelta(days=7), wish=Wish())
    except NotFound:
        return []
    by_day: dict[date, list[Any]] = {}
    for slot in slots:
        by_day.setdefault(timezone.localdate(slot.start), []).append(slot)
    return [{"date": day, "slots": found} for day, found in by_day.items()]


def _sentences(details: Any) -> list[str]:
    """Every sentence of a refusal's details, however deep."""
    if isinstance(details, dict):
        return [sentence for value in details.values() for sentence in _sentences(value)]
    return list(dict.fromkeys(details)) if isinstance(details, list) else [str(details)]
