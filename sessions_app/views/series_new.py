"""Booking a series for a patient: for whom, with whom, from when; what was chosen so far is in the address."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import access_counselor, access_patient_to_book_for, reader_of
from accounts.models import CounselorProfile, PatientProfile, User
from accounts.roles import Role
from core.errors import DomainError, NotFound, PermissionDenied, SeriesConflict, ValidationFailed
from sessions_app.forms.series import NewSeriesForm, RepeatForPatientForm, read_answers
from sessions_app.models import Mode, SessionType
from sessions_app.services.reservations import Choice, centres_to_book_at
from sessions_app.services.series import book_series
from sessions_app.services.slots import Wish, find_slots
from sessions_app.views.picker import SlotPicker, picker_of, with_days
from sessions_app.views.series_conflicts import ask_about_conflicts

MOST_FOUND = 20
MAX_SEARCH = 120


@dataclass(frozen=True, slots=True)
class _Chosen:
    """As far as the reader may."""

    values: dict[str, Any]
    patient: PatientProfile | None
    counselor: CounselorProfile | None
    types: list[SessionType]
    type: SessionType | None
    mode: str
    start: datetime | None

    def address(self, **changes: Any) -> str:
        """The page with other choices; None takes one away."""
        values = {name: value for name, value in (self.values | changes).items() if value is not None}
        if isinstance(values.get("start"), datetime):
            values["start"] = values["start"].isoformat()
        return f"{reverse('series_new')}?{urlencode(values)}"


@require_http_methods(["GET", "HEAD", "POST"])
def series_new(request: HttpRequest) -> HttpResponse:
    """GET asks for what is not chosen yet; POST books, and asks about the times that cannot be had, all at once."""
    reader = reader_of(request)
    if reader.role == Role.PATIENT:
        raise PermissionDenied("Choose a time with a counselor first: there you can book more than one.")
    chosen = _chosen(request, reader)
    if request.method == "POST":
        return _book(request, chosen)
    return _show(request, chosen, RepeatForPatientForm())


def _chosen(request: HttpRequest, reader: User) -> _Chosen:
    """Raises NotFound and PermissionDenied for a patient or a counselor who is not the reader's to book."""
    values = NewSeriesForm(request.GET).chosen()
    patient = access_patient_to_book_for(reader, values["patient"]) if "patient" in values else None
    counselor = None
    if reader.role == Role.COUNSELOR:
        counselor = access_counselor(reader, reader.pk)
    elif "counselor" in values:
        counselor = _counselors(reader).filter(pk=values["counselor"]).first()
        if counselor is None:
            raise NotFound("There is no such counselor at your centres who takes bookings.")
    types = list(SessionType.objects.offered().filter(counselor=counselor)) if counselor else []
    type_ = next((one for one in types if one.pk == values.get("type")), types[0] if types else None)
    modes = type_.modes if type_ else []
    mode = values["mode"] if values.get("mode") in modes else next(iter(modes), "")
    return _Chosen(values, patient, counselor, types, type_, mode, values.get("start"))


def _counselors(reader: User) -> "QuerySet[CounselorProfile]":
    """Those whom the reader may book: of their centres, or all."""
    listed = CounselorProfile.objects.listed().select_related("user").order_by("user__first_name", "pk")
    centre_ids = centres_to_book_at(reader)
    if centre_ids is None:
        return listed
    return listed.filter(user__staff_centres__centre__in=centre_ids).distinct()


def _book(request: HttpRequest, chosen: _Chosen) -> HttpResponse:
    form, answers = RepeatForPatientForm(request.POST), read_answers(request.POST)
    if chosen.patient is None or chosen.counselor is None or chosen.start is None or not form.is_valid():
        return _show(request, chosen, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    choice = Choice(
        chosen.counselor.pk, chosen.start, chosen.mode or None, chosen.type.pk if chosen.type else None
    )
    try:
        series = book_series(
            choice=choice,
            repeat=form.repeat(),
            patient_id=chosen.patient.pk,
            actor=reader_of(request),
            answers=answers,
            note=form.cleaned_data["note"],
        )
    except SeriesConflict as error:
        return ask_about_conflicts(
            request,
            error,
            answers=answers,
            send_to=chosen.address(),
            give_up_url=chosen.address(start=None),
            sent=form.cleaned_data.items(),
        )
    except (ValidationFailed, NotFound, PermissionDenied) as error:
        _say(form, error)
        return _show(request, chosen, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, "All of these sessions are booked. Everyone concerned is told.")
    return redirect("series_detail", series.pk)


def _say(form: RepeatForPatientForm, error: DomainError) -> None:
    for name, sentences in (error.details or {"": [error.message]}).items():
        form.add_error(name if name in form.fields else None, sentences)


def _show(
    request: HttpRequest, chosen: _Chosen, form: RepeatForPatientForm, *, status: int = 200
) -> HttpResponse:
    reader = reader_of(request)
    context: dict[str, Any] = {
        "chosen": chosen,
        "form": form,
        "patient_name": chosen.patient.name_for(reader) if chosen.patient else "",
        "is_counselor": reader.role == Role.COUNSELOR,
        "other_patient_url": chosen.address(patient=None),
        "other_counselor_url": chosen.address(counselor=None, type=None, mode=None, start=None),
        "other_time_url": chosen.address(start=None),
        "own_url": chosen.address(),
        "times_url": chosen.address(start=""),
        "modes": [(mode, Mode(mode).label) for mode in (chosen.type.modes if chosen.type else [])],
    }
    if chosen.patient is None:
        context |= _search(request, chosen, reader)
    elif chosen.counselor is None:
        people = [(one, chosen.address(counselor=one.pk)) for one in _counselors(reader)]
        context["counselors"] = people
    elif chosen.start is None:
        context["picker"] = _picker(request, chosen)
    return render(request, "sessions_app/series_new.html", context, status=status)


def _search(request: HttpRequest, chosen: _Chosen, reader: User) -> dict[str, Any]:
    """Those whom the reader books for: a counselor's few at once, of a register those that a search finds."""
    text = request.GET.get("q", "").strip()[:MAX_SEARCH].replace("\x00", "")
    patients = PatientProfile.objects.bookable_by(reader)
    if text:
        patients = patients.matching(text, viewer=reader)
    elif reader.role != Role.COUNSELOR:
        return {"search": "", "found": None}
    ordered = patients.select_related("user").order_by("user__first_name", "user__last_name", "pk")
    found = [(one.name_for(reader), chosen.address(patient=one.pk)) for one in ordered[: MOST_FOUND + 1]]
    return {"search": text, "found": found[:MOST_FOUND], "has_more": len(found) > MOST_FOUND}


def _picker(request: HttpRequest, chosen: _Chosen) -> SlotPicker | None:
    counselor, patient, type_ = chosen.counselor, chosen.patient, chosen.type
    if counselor is None or patient is None or type_ is None:
        return None
    wish = Wish(type_id=type_.pk, mode=chosen.mode or None)
    return picker_of(
        lambda start, end: find_slots(
            counselor_id=counselor.pk, start=start, end=end, wish=wish, for_patient=patient.pk
        ),
        request,
        first_day=timezone.localdate(),
        address=with_days(reverse("series_new"), **chosen.values),
    )
