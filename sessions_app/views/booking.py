"""From a chosen time to a booked session."""

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import access_counselor, reader_of
from core.errors import DomainError, HoldExpired, SlotTaken, ValidationFailed
from sessions_app.access import access_bookable_patient, access_hold
from sessions_app.forms import BookingForm, TimeForm
from sessions_app.models import SlotHold
from sessions_app.services.booking import book_hold
from sessions_app.services.holds import place_hold, release_hold, renew_hold
from sessions_app.services.reservations import Choice


@require_http_methods(["GET", "HEAD", "POST"])
def hold_slot(request: HttpRequest, counselor_id: UUID) -> HttpResponse:
    """GET asks whether to keep the time (where a visitor comes back to after signing in), POST keeps it."""
    counselor = access_counselor(request.user, counselor_id)
    form = TimeForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        return redirect("counselor_profile", counselor_id)
    if request.method != "POST":
        choice = form.choice(counselor_id)
        context = {"counselor": counselor, "form": form, "start": choice.start, "mode": choice.mode}
        return render(request, "sessions_app/hold_ask.html", context)
    return _keep(request, form.choice(counselor_id), note=form.cleaned_data["note"])


@require_safe
def book_details(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    hold = access_hold(reader_of(request), hold_id)
    if hold.session_id is not None:
        return redirect("session_booked", hold.session_id)
    if not hold.is_live or not hold.entry.is_live_at(timezone.now()):
        return _show_over(request, hold)
    return _show_details(request, hold, BookingForm())


@require_POST
def book_confirm(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """Book it. Came too late: if the time is still free it is kept again, with all that was typed."""
    hold = access_hold(reader_of(request), hold_id)
    form = BookingForm(request.POST)
    if not form.is_valid():
        return _show_details(request, hold, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    note = form.cleaned_data["note"]
    try:
        session = book_hold(hold=hold, actor=reader_of(request), note=note)
    except HoldExpired:
        return _keep(request, _same_time(hold), note=note, is_second_try=True)
    return redirect("session_booked", session.pk)


@require_POST
def hold_renew(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    renew_hold(hold=access_hold(reader_of(request), hold_id), actor=reader_of(request))
    return redirect("book_details", hold_id)


@require_POST
def hold_release(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    hold = access_hold(reader_of(request), hold_id)
    release_hold(hold=hold, actor=reader_of(request))
    return redirect("counselor_profile", hold.counselor_id)


def _keep(request: HttpRequest, choice: Choice, *, note: str, is_second_try: bool = False) -> HttpResponse:
    patient_id = access_bookable_patient(reader_of(request), None)
    try:
        hold = place_hold(choice=choice, patient_id=patient_id, actor=reader_of(request))
    except (SlotTaken, ValidationFailed) as error:
        return _show_taken(request, choice, error, note)
    if note or is_second_try:
        # Shown at once instead of by a redirect: what was typed is nowhere but in this answer.
        shown = access_hold(reader_of(request), hold.pk)
        form = BookingForm(initial={"note": note})
        return _show_details(request, shown, form, is_second_try=is_second_try)
    return redirect("book_details", hold.pk)


def _show_details(
    request: HttpRequest,
    hold: SlotHold,
    form: BookingForm,
    *,
    is_second_try: bool = False,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    expires_at = hold.entry.expires_at or timezone.now()
    kept = {
        "expires_at": expires_at,
        "seconds_left": max(0, int((expires_at - timezone.now()).total_seconds())),
        "can_renew": hold.renewals_left > 0,
        "renew_url": reverse("hold_renew", args=[hold.pk]),
        "release_url": reverse("hold_release", args=[hold.pk]),
        "choose_again_url": reverse("counselor_profile", args=[hold.counselor_id]),
    }
    context = {"hold": hold, "kept": kept, "form": form, "is_second_try": is_second_try}
    return render(request, "sessions_app/book_details.html", context, status=status)


def _show_over(request: HttpRequest, hold: SlotHold) -> HttpResponse:
    context = {"hold": hold, "is_coming": hold.entry.start > timezone.now()}
    return render(request, "sessions_app/hold_over.html", context, status=HTTPStatus.CONFLICT)


def _show_taken(request: HttpRequest, choice: Choice, error: DomainError, note: str) -> HttpResponse:
    alternatives: list[datetime] = [other["start"] for other in error.details.get("alternatives", [])]
    context = {
        "counselor": access_counselor(request.user, choice.counselor_id),
        "message": error.message,
        "choice": choice,
        "alternatives": alternatives,
        "note": note,
    }
    return render(request, "sessions_app/slot_taken.html", context, status=error.status)


def _same_time(hold: SlotHold) -> Choice:
    return Choice(
        counselor_id=hold.counselor_id,
        start=hold.entry.start,
        mode=hold.mode,
        type_id=hold.session_type_id,
    )
