"""Sessions that repeat: booking them, what to do where times cannot be had, the series, cancelling several."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import reader_of
from accounts.permissions import Action
from accounts.roles import Role
from core.errors import Conflict, SeriesConflict, ValidationFailed
from sessions_app.access import access_hold, access_series, access_session
from sessions_app.forms.series import CancelSeriesForm, RepeatForm, read_answers
from sessions_app.listing import session_rows
from sessions_app.models import Rhythm, Session, SessionSeries, SlotHold
from sessions_app.services.reservations import Choice
from sessions_app.services.series import (
    SeriesScope,
    book_series,
    cancel_series,
    charge_for_cancelling,
    coming_of,
)
from sessions_app.views.booking import show_details
from sessions_app.views.posts import posted, posted_from
from sessions_app.views.series_conflicts import ask_about_conflicts
from sessions_app.views.shown import card

SCOPE_WORDS = {
    SeriesScope.THIS: "Only this one",
    SeriesScope.FOLLOWING: "This one and all that follow",
    SeriesScope.ALL: "All that are still to come",
}


@posted_from("book_details")
def series_book(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """Book the held time and those that follow from it. Times that cannot be had are asked about, all at once."""
    reader = reader_of(request)
    hold = access_hold(reader, hold_id)
    if hold.session is not None and hold.session.series_id is not None:
        return redirect("series_detail", hold.session.series_id)
    if hold.session_id is not None:
        return redirect("session_booked", hold.session_id)
    form = RepeatForm(request.POST)
    if not form.is_valid():
        return show_details(request, hold, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    answers = read_answers(request.POST)
    try:
        series = book_series(
            choice=_choice(hold),
            repeat=form.repeat(),
            patient_id=hold.patient_id,
            actor=reader,
            answers=answers,
            hold=hold,
            note=form.cleaned_data["note"],
        )
    except SeriesConflict as error:
        details_url = reverse("book_details", args=[hold.pk])
        return ask_about_conflicts(
            request,
            error,
            answers=answers,
            send_to=reverse("series_book", args=[hold.pk]),
            give_up_url=details_url,
            own_url=details_url,
            sent=form.cleaned_data.items(),
        )
    except ValidationFailed as error:
        for name, sentences in error.details.items():
            form.add_error(name if name in form.fields else None, sentences)
        return show_details(request, hold, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, "All of these sessions are booked. A mail with the times is on its way to you.")
    return redirect("series_detail", series.pk)


@require_safe
def series_detail(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """All sessions of the series, in order."""
    reader = reader_of(request)
    series = access_series(reader, series_id)
    now = timezone.now()
    visible = Session.objects.visible_to(reader).filter(series=series)
    rows = session_rows(visible, viewer=reader, now=now)
    context = {
        "series": series,
        "rhythm": Rhythm(series.rhythm).label,
        "cards": [card(row, viewer=reader, now=now) for row in rows],
        "with_name": with_whom(series, reader),
        "can_cancel": any("cancel" in row.can for row in rows),
        "can_move": any("reschedule" in row.can for row in rows),
        "is_own": reader.role == Role.PATIENT,
    }
    return render(request, "sessions_app/series_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def series_cancel(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """GET asks which (?session= one of it), POST cancels those. What it costs is said before."""
    reader = reader_of(request)
    series = access_series(reader, series_id, Action.SESSION_CHANGE)
    session = named_session(request, series)
    scopes = _scopes(series, session, reader)
    form = CancelSeriesForm(posted(request), choices=[(scope["value"], scope["label"]) for scope in scopes])
    if not scopes:
        messages.info(request, "Nothing of this series is still to come.")
        return redirect("series_detail", series_id)
    if form.is_valid() and _cancelled(request, series, session, form):
        return redirect("series_detail", series_id)
    context = {
        "series": series,
        "session": session,
        "scopes": scopes,
        "form": form,
        "highest": max(scope["charge_minor"] for scope in scopes),
        "with_name": with_whom(series, reader),
    }
    return render(request, "sessions_app/series_cancel.html", context, status=422 if form.errors else 200)


def _choice(hold: SlotHold) -> Choice:
    return Choice(
        counselor_id=hold.counselor_id,
        start=hold.entry.start,
        mode=hold.mode,
        type_id=hold.session_type_id,
    )


def named_session(request: HttpRequest, series: SessionSeries) -> Session | None:
    """The session of the series that ?session= names; None without one."""
    try:
        wanted = UUID(request.GET.get("session", ""))
    except ValueError:
        return None
    session = access_session(reader_of(request), wanted)
    return session if session.series_id == series.pk else None


def _scopes(series: SessionSeries, session: Session | None, reader: Any) -> list[dict[str, Any]]:
    """What can be cancelled, with how many sessions each is and what it costs this reader."""
    now = timezone.now()
    scopes = []
    for scope, label in SCOPE_WORDS.items():
        if session is None and scope is not SeriesScope.ALL:
            continue
        sessions = list(coming_of(series, scope, session=session, actor=reader, now=now))
        if sessions:
            scopes.append(
                {
                    "value": scope.value,
                    "label": f"{label} ({len(sessions)})",
                    "charge_minor": charge_for_cancelling(sessions, actor=reader, now=now),
                    "currency": sessions[0].currency,
                }
            )
    return scopes


def _cancelled(
    request: HttpRequest, series: SessionSeries, session: Session | None, form: CancelSeriesForm
) -> bool:
    try:
        cancelled = cancel_series(
            series=series,
            scope=form.chosen(),
            session=session,
            actor=reader_of(request),
            agreed_charge_minor=form.cleaned_data["charge_minor"],
        )
    except Conflict as error:
        form.add_error(None, error.message)
        return False
    count = len(cancelled)
    messages.success(
        request, f"{count} session{'s are' if count > 1 else ' is'} cancelled. Everyone concerned is told."
    )
    return True


def with_whom(series: SessionSeries, reader: Any) -> str:
    if reader.role == Role.PATIENT:
        return series.counselor.user.full_name
    return series.patient.name_for(reader)
