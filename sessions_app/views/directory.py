"""Finding a counselor and choosing a time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import access_counselor
from accounts.roles import Role
from core.api.paging import PageRequest
from sessions_app.directory import Listed, choices, find_counselors, show_counselor
from sessions_app.forms import DirectoryForm, language_name
from sessions_app.models import Mode, SessionType
from sessions_app.paging import page_number, pages_of
from sessions_app.services.slots import Slot, Wish, find_slots

CARDS_A_PAGE = 12
DAYS_SHOWN = 7


@login_not_required
@require_safe
def counselor_directory(request: HttpRequest) -> HttpResponse:
    form = DirectoryForm(request.GET or None, offered=choices())
    found = find_counselors(
        form.wanted(timezone.get_current_timezone()),
        PageRequest(number=page_number(request), size=CARDS_A_PAGE, ordering=form.chosen_order()),
    )
    context = {
        "form": form,
        "cards": [_card(listed) for listed in found.rows],
        "total": found.total,
        "page": pages_of(found),
        "is_filtered": bool(request.GET),
    }
    return render(request, "sessions_app/counselor_directory.html", context)


@login_not_required
@require_safe
def counselor_profile(request: HttpRequest, counselor_id: UUID) -> HttpResponse:
    listed = show_counselor(access_counselor(request.user, counselor_id))
    chosen = _Chosen.read(request, listed)
    context = {
        "counselor": _profile(listed),
        "types": listed.types,
        "chosen": chosen,
        "modes": [(mode, Mode(mode).label) for mode in chosen.type.modes] if chosen.type else [],
        "can_hold": not request.user.is_authenticated or request.user.role == Role.PATIENT,
    }
    if chosen.type is not None:
        context |= _slot_picker(request, listed, chosen)
    return render(request, "sessions_app/counselor_profile.html", context)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What the address of a profile asks to see: a session type, a way to meet, and the first of seven days."""

    type: SessionType | None
    mode: str
    first_day: date

    @classmethod
    def read(cls, request: HttpRequest, listed: Listed) -> "_Chosen":
        wanted_type, wanted_mode = request.GET.get("type"), request.GET.get("mode")
        by_id = {str(offered.pk): offered for offered in listed.types}
        offered = by_id.get(wanted_type or "") or next(iter(listed.types), None)
        modes = offered.modes if offered else []
        mode = wanted_mode if wanted_mode in modes else (modes[0] if modes else "")
        return cls(offered, mode, _first_day(request.GET.get("from", ""), listed))

    def address(self, **changes: Any) -> str:
        values = {"type": self.type.pk if self.type else "", "mode": self.mode, "from": self.first_day}
        return "?" + urlencode(values | changes)


def _first_day(given: str, listed: Listed) -> date:
    """The day that was asked for if it can be one, else that of the next free time, else today."""
    today = timezone.localdate()
    try:
        return max(date.fromisoformat(given), today)
    except ValueError:
        return timezone.localdate(listed.next_slot.start) if listed.next_slot else today


def _slot_picker(request: HttpRequest, listed: Listed, chosen: _Chosen) -> dict[str, Any]:
    zone = timezone.get_current_timezone()
    days = [chosen.first_day + timedelta(days=number) for number in range(DAYS_SHOWN)]
    after = days[-1] + timedelta(days=1)
    is_patient = request.user.is_authenticated and request.user.role == Role.PATIENT
    slots = find_slots(
        counselor_id=listed.counselor.pk,
        start=datetime.combine(days[0], time(), zone).astimezone(UTC),
        end=datetime.combine(after, time(), zone).astimezone(UTC),
        wish=Wish(type_id=chosen.type.pk if chosen.type else None, mode=chosen.mode),
        for_patient=request.user.pk if is_patient else None,
    )
    today = timezone.localdate()
    earlier = max(chosen.first_day - timedelta(days=DAYS_SHOWN), today)
    page = reverse("counselor_profile", args=[listed.counselor.pk])
    hold_url = reverse("hold_slot", args=[listed.counselor.pk])
    asked = urlencode({"session_type": chosen.type.pk if chosen.type else "", "mode": chosen.mode})
    return {
        "days": [
            {"date": day, "is_today": day == today, "slots": [slot for slot in slots if _day(slot) == day]}
            for day in days
        ],
        "has_slots": bool(slots),
        "earlier_url": page + chosen.address(**{"from": earlier}) if chosen.first_day > today else "",
        "later_url": page + chosen.address(**{"from": after}),
        "hold_url": hold_url,
        "session_type_id": chosen.type.pk if chosen.type else "",
        "mode": chosen.mode,
        "sign_in_url": "" if request.user.is_authenticated else f"{hold_url}?{asked}&start=",
    }


def _day(slot: Slot) -> date:
    return timezone.localdate(slot.start)


def _card(listed: Listed) -> dict[str, Any]:
    """What the fragment _counselor_card.html shows."""
    counselor, url = listed.counselor, reverse("counselor_profile", args=[listed.counselor.pk])
    cheapest = min(listed.types, key=lambda offered: offered.fee_minor, default=None)
    return {
        "url": url,
        "name": counselor.user.full_name,
        "title": counselor.title,
        "specializations": counselor.specializations,
        "languages": [language_name(code) for code in counselor.languages],
        "centre": counselor.primary_centre.name,
        "modes": _mode_labels(listed.types),
        "fee_minor": cheapest.fee_minor if cheapest else None,
        "currency": cheapest.currency if cheapest else "",
        "next_free": listed.next_slot.start if listed.next_slot else None,
        "next_free_url": f"{url}#slots",
    }


def _profile(listed: Listed) -> dict[str, Any]:
    counselor = listed.counselor
    return {
        **_card(listed),
        "id": counselor.pk,
        "bio": counselor.bio,
        "qualifications": counselor.qualifications,
        "years_of_experience": counselor.years_of_experience,
        "address": counselor.primary_centre.address,
        "city": counselor.primary_centre.city,
        "zone": counselor.primary_centre.timezone,
    }


def _mode_labels(types: list[SessionType]) -> list[str]:
    offered = {mode for session_type in types for mode in session_type.modes}
    return [mode.label for mode in Mode if mode in offered]
