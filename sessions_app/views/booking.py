"""From a chosen time to a booked session."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import access_counselor, reader_of
from accounts.roles import Role
from core.errors import DomainError, HoldExpired, InvalidState, PermissionDenied, SlotTaken, ValidationFailed
from sessions_app.access import access_bookable_patient, access_hold
from sessions_app.forms.booking import BookingForm, TimeForm
from sessions_app.forms.series import RepeatForm
from sessions_app.models import SessionType, SlotHold
from sessions_app.services.booking import book_hold
from sessions_app.services.holds import leave_hold, place_hold, release_hold, renew_hold, return_to_hold
from sessions_app.services.policies import cost_after_booking
from sessions_app.services.reservations import Choice
from sessions_app.views.posts import posted_from


@dataclass(frozen=True, slots=True)
class Told:
    """Why somebody is asked again."""

    title: str
    text: str


KEPT_AGAIN = "It was still free, so we keep it for you again. What you wrote is still here. Please book now."
RAN_OUT = Told("The five minutes were over", f"But you have lost nothing. {KEPT_AGAIN}")
GIVEN_BACK = Told(
    "This time had been given back", f"Perhaps you kept another one in another window. {KEPT_AGAIN}"
)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def hold_slot(request: HttpRequest, counselor_id: UUID) -> HttpResponse:
    """GET asks whether to keep the time, and visitors to sign in first and come back; POST keeps it."""
    if request.method == "POST" or request.user.is_authenticated:
        _require_patient(request)
    counselor = access_counselor(request.user, counselor_id)
    form = TimeForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        messages.warning(request, "That time could not be read. Please choose one of these.")
        return redirect("counselor_profile", counselor_id)
    choice = form.choice(counselor_id)
    if request.method == "POST":
        return _keep(request, choice, note=form.cleaned_data["note"])
    offered = (
        SessionType.objects.offered()
        .filter(counselor=counselor, pk=form.cleaned_data["session_type"])
        .first()
    )
    if offered is None:
        messages.warning(request, "This kind of session is no longer offered. Please choose another.")
        return redirect("counselor_profile", counselor_id)
    context = {"counselor": counselor, "offered": offered, "choice": choice}
    return render(request, "sessions_app/hold_ask.html", context)


@require_safe
def book_details(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    hold = access_hold(reader_of(request), hold_id)
    if hold.session_id is not None:
        return redirect("session_booked", hold.session_id)
    if hold.is_offer:
        return redirect("waitlist_offer", hold_id)
    if not hold.is_live or not hold.entry.is_live_at(timezone.now()):
        return _show_over(request, hold)
    return show_details(request, hold, BookingForm())


@posted_from("book_details")
def book_confirm(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """Book it. Came too late: if the time is still free it is kept again, with all that was typed."""
    hold = access_hold(reader_of(request), hold_id)
    form = BookingForm(request.POST)
    if not form.is_valid():
        return show_details(request, hold, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    note = form.cleaned_data["note"]
    try:
        session = book_hold(hold=hold, actor=reader_of(request), note=note)
    except HoldExpired:
        return _keep_again(request, hold, note)
    except InvalidState as error:
        messages.info(request, error.message)
        return redirect("book_details", hold_id)
    return redirect("session_booked", session.pk)


@posted_from("book_details")
def hold_renew(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """Five minutes more. What is typed already comes along and is shown again."""
    hold = access_hold(reader_of(request), hold_id)
    form = BookingForm(request.POST)
    try:
        renew_hold(hold=hold, actor=reader_of(request))
    except HoldExpired:
        return _keep_again(request, hold, form["note"].value() or "")
    except InvalidState as error:
        messages.info(request, error.message)
    if not form["note"].value():
        return redirect("book_details", hold_id)
    return show_details(request, access_hold(reader_of(request), hold_id), form)


@posted_from("book_details")
def hold_release(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    hold = access_hold(reader_of(request), hold_id)
    release_hold(hold=hold, actor=reader_of(request))
    return redirect("counselor_profile", hold.counselor_id)


@posted_from("book_details")
def hold_left(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """The page was left (static/js/leaving.js)."""
    leave_hold(hold=access_hold(reader_of(request), hold_id), actor=reader_of(request))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@posted_from("book_details")
def hold_back(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """It was only a reload, or somebody came back: how long the time is kept now."""
    hold = return_to_hold(hold=access_hold(reader_of(request), hold_id), actor=reader_of(request))
    return JsonResponse({"seconds_left": _seconds_left(hold)})


def _seconds_left(hold: SlotHold) -> int:
    expires_at = hold.entry.expires_at or timezone.now()
    return max(0, int((expires_at - timezone.now()).total_seconds()))


def _require_patient(request: HttpRequest) -> None:
    if reader_of(request).role != Role.PATIENT:
        raise PermissionDenied("Patients book here for themselves.")


def _keep_again(request: HttpRequest, hold: SlotHold, note: str) -> HttpResponse:
    """The page of a kept time; `form` as it was sent, with `told` and `status` when there is something to say."""
    expires_at = hold.entry.expires_at
    ran_out = expires_at is None or expires_at <= timezone.now()
    choice = Choice(
        counselor_id=hold.counselor_id,
        start=hold.entry.start,
        mode=hold.mode,
        type_id=hold.session_type_id,
    )
    return _keep(request, choice, note=note, told=RAN_OUT if ran_out else GIVEN_BACK)


def _keep(request: HttpRequest, choice: Choice, *, note: str, told: Told | None = None) -> HttpResponse:
    reader = reader_of(request)
    try:
        hold = place_hold(choice=choice, patient_id=access_bookable_patient(reader, None), actor=reader)
    except (SlotTaken, ValidationFailed) as error:
        return _show_taken(request, choice, error, note)
    if not note and told is None:
        return redirect("book_details", hold.pk)
    # Shown at once instead of by a redirect: what was typed is nowhere but in this answer.
    return show_details(request, access_hold(reader, hold.pk), BookingForm(initial={"note": note}), told=told)


def show_details(
    request: HttpRequest,
    hold: SlotHold,
    form: BookingForm,
    *,
    told: Told | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    expires_at = hold.entry.expires_at or timezone.now()
    kept = {
        "expires_at": expires_at,
        "seconds_left": _seconds_left(hold),
        "can_renew": hold.renewals_left > 0,
        "renew_url": reverse("hold_renew", args=[hold.pk]),
        "release_url": reverse("hold_release", args=[hold.pk]),
        "left_url": reverse("hold_left", args=[hold.pk]),
        "back_url": reverse("hold_back", args=[hold.pk]),
    }
    context = {
        "hold": hold,
        "kept": kept,
        "form": form,
        "repeat": form if isinstance(form, RepeatForm) else RepeatForm(),
        "told": told,
        "cost": cost_after_booking(hold),
    }
    return render(request, "sessions_app/book_details.html", context, status=status)


def _show_over(request: HttpRequest, hold: SlotHold) -> HttpResponse:
    context = {"hold": hold, "is_coming": hold.entry.start > timezone.now()}
    return render(request, "sessions_app/hold_over.html", context, status=HTTPStatus.CONFLICT)


def _show_taken(request: HttpRequest, choice: Choice, error: DomainError, note: str) -> HttpResponse:
    alternatives: list[datetime] = [other["start"] for other in error.details.get("alternatives", [])]
    context = {
        "counselor": access_counselor(request.user, choice.counselor_id),
        "message": _what_is_in_the_way(error),
        "choice": choice,
        "alternatives": alternatives,
        "note": note,
    }
    return render(request, "sessions_app/slot_taken.html", context, status=error.status)


def _what_is_in_the_way(error: DomainError) -> str:
    """The sentence about the time when there is one; else that of the whole."""
    sentences = error.details.get("start")
    return str(sentences[0]) if sentences else error.message
