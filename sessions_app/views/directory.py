"""Finding a counselor and choosing a time."""

from dataclasses import dataclass
from datetime import date, timedelta
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
from core.language_names import language_name
from sessions_app.directory import LOOK_AHEAD_DAYS, Listed, choices, find_counselors, show_counselor
from sessions_app.forms.days import read_day
from sessions_app.forms.directory import DirectoryForm
from sessions_app.models import Mode, SessionType
from sessions_app.paging import page_number, pages_of
from sessions_app.services.earliest import next_free_times
from sessions_app.services.slots import Slot, Wish, find_slots
from sessions_app.views.days import start_of
from sessions_app.views.picker import DAYS_SHOWN, slot_picker

CARDS_A_PAGE = 12


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
        "chips": [
            {"label": label, "url": "?" + urlencode(form.asked_without(name))}
            for name, label in form.asked_in_words()
        ],
        "cards": [_card(listed) for listed in found.rows],
        "total": found.total,
        "page": pages_of(found),
        "waitlist_url": f"{reverse('waitlist_join')}?{urlencode(form.asked_to_wait())}",
    }
    return render(request, "sessions_app/counselor_directory.html", context)


@login_not_required
@require_safe
def counselor_profile(request: HttpRequest, counselor_id: UUID) -> HttpResponse:
    listed = show_counselor(access_counselor(request.user, counselor_id))
    asked = _Asked.read(request, listed)
    context = {"counselor": _profile(listed), "types": listed.types, "asked": asked}
    if asked.type is not None:
        context |= _booking(request, listed, asked, asked.type)
    return render(request, "sessions_app/counselor_profile.html", context)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address of a profile asks to see: a session type, a way to meet, seven days and one of them."""

    page: str
    type: SessionType | None
    mode: str
    first_day: date
    day: date | None

    @classmethod
    def read(cls, request: HttpRequest, listed: Listed) -> "_Asked":
        by_id = {str(offered.pk): offered for offered in listed.types}
        offered = by_id.get(request.GET.get("type", "")) or next(iter(listed.types), None)
        modes = offered.modes if offered else []
        wanted_mode = request.GET.get("mode", "")
        return cls(
            page=reverse("counselor_profile", args=[listed.counselor.pk]),
            type=offered,
            mode=wanted_mode if wanted_mode in modes else next(iter(modes), ""),
            first_day=_first_day(read_day(request.GET.get("from", "")), listed),
            day=read_day(request.GET.get("day", "")),
        )

    def address(self, first_day: date, day: date | None) -> str:
        values = {"type": self.type.pk if self.type else "", "mode": self.mode, "from": first_day}
        return f"{self.page}?{urlencode(values | ({'day': day} if day else {}))}"


def _first_day(asked: date | None, listed: Listed) -> date:
    """The day that was asked for if it is still to come, else that of the next free time, else today."""
    today = timezone.localdate()
    if asked is not None:
        return max(asked, today)
    return timezone.localdate(listed.next_slot.start) if listed.next_slot else today


def _booking(request: HttpRequest, listed: Listed, asked: _Asked, offered: SessionType) -> dict[str, Any]:
    """The chooser of a profile: ways to meet, seven days, and the times of one of them."""
    reader = request.user
    is_patient = reader.is_authenticated and reader.role == Role.PATIENT
    slots = find_slots(
        counselor_id=listed.counselor.pk,
        start=start_of(asked.first_day),
        end=start_of(asked.first_day + timedelta(days=DAYS_SHOWN)),
        wish=Wish(type_id=offered.pk, mode=asked.mode),
        for_patient=reader.pk if is_patient else None,
    )
    hold_url = reverse("hold_slot", args=[listed.counselor.pk])
    to_wait = {"counselor": listed.counselor.pk, "session_type": offered.pk, "mode": asked.mode}
    to_sign_in = urlencode({"session_type": offered.pk, "mode": asked.mode})
    return {
        "modes": [(mode, Mode(mode).label) for mode in offered.modes],
        "picker": slot_picker(slots, first_day=asked.first_day, wanted_day=asked.day, address=asked.address),
        "next_free_url": "" if slots else _next_free_url(listed, asked),
        "hold_url": hold_url,
        "waitlist_url": f"{reverse('waitlist_join')}?{urlencode(to_wait)}",
        "sign_in_url": "" if reader.is_authenticated else f"{hold_url}?{to_sign_in}&start=",
        "is_to_look_at": reader.is_authenticated and not is_patient,
    }


def _next_free_url(listed: Listed, asked: _Asked) -> str:
    """Where the picker shows the next time that is free after the days in which none is; "" when there is none."""
    after = start_of(asked.first_day + timedelta(days=DAYS_SHOWN))
    found = next_free_times(
        counselor_ids=[listed.counselor.pk],
        wish=Wish(type_id=asked.type.pk if asked.type else None, mode=asked.mode),
        start=after,
        end=after + timedelta(days=LOOK_AHEAD_DAYS),
    )
    slot: Slot | None = found.get(listed.counselor.pk)
    return asked.address(timezone.localdate(slot.start), None) if slot else ""


def _card(listed: Listed) -> dict[str, Any]:
    """What the fragment _counselor_card.html shows."""
    counselor, url = listed.counselor, reverse("counselor_profile", args=[listed.counselor.pk])
    by_fee = sorted(listed.types, key=lambda offered: offered.fee_minor)
    return {
        "url": url,
        "name": counselor.user.full_name,
        "title": counselor.title,
        "specializations": counselor.specializations,
        "languages": [language_name(code) for code in counselor.languages],
        "rating": counselor.rating_average,
        "rating_count": counselor.rating_count,
        "centre": counselor.primary_centre.name,
        "modes": _mode_labels(listed.types),
        "least": by_fee[0] if by_fee else None,
        "most": by_fee[-1] if by_fee else None,
        "next_free": listed.next_slot.start if listed.next_slot else None,
        "next_free_url": f"{url}#booking",
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
    }


def _mode_labels(types: list[SessionType]) -> list[str]:
    offered = {mode for session_type in types for mode in session_type.modes}
    return [mode.label for mode in Mode if mode in offered]
