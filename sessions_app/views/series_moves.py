"""Choosing another time for sessions of a series: one of them, it and those that follow, or all."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import reader_of
from accounts.permissions import Action
from accounts.roles import Role
from core.errors import DomainError, InvalidState, PermissionDenied, SeriesConflict, ValidationFailed
from sessions_app.access import access_series
from sessions_app.forms.booking import StartForm
from sessions_app.forms.series import read_answers
from sessions_app.models import Session, SessionSeries
from sessions_app.services.new_times import find_new_times
from sessions_app.services.policies import cost_of_cancelling
from sessions_app.services.series import SeriesScope
from sessions_app.services.series_moves import move_series, sessions_to_move
from sessions_app.services.series_times import NewTime
from sessions_app.views.picker import picker_of, with_days
from sessions_app.views.series import SCOPE_WORDS, named_session, with_whom
from sessions_app.views.series_conflicts import ask_about_conflicts


@require_http_methods(["GET", "HEAD", "POST"])
def series_move(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """GET shows which (?scope=, ?session= one of it) and the free times for the first of them; POST moves them.

    Times that cannot be had are asked about, all at once, before anything moves.
    """
    reader = reader_of(request)
    series = access_series(reader, series_id, Action.SESSION_CHANGE)
    session = named_session(request, series)
    scope = _scope(request, session)
    if request.method == "POST":
        return _move(request, series, scope, session)
    return _show(request, series, scope, session)


def _scope(request: HttpRequest, session: Session | None) -> SeriesScope:
    """?scope=; without a session, all that are to come."""
    if session is None:
        return SeriesScope.ALL
    asked = request.GET.get("scope", "")
    return SeriesScope(asked) if asked in {scope.value for scope in SeriesScope} else SeriesScope.FOLLOWING


def _move(
    request: HttpRequest, series: SessionSeries, scope: SeriesScope, session: Session | None
) -> HttpResponse:
    form, answers = StartForm(request.POST), read_answers(request.POST)
    if not form.is_valid():
        messages.warning(request, "That time could not be read. Please choose one of these.")
        return redirect(_address(series, scope, session))
    try:
        moved = move_series(
            series=series,
            scope=scope,
            session=session,
            to=NewTime(start=form.cleaned_data["start"]),
            actor=reader_of(request),
            answers=answers,
        )
    except SeriesConflict as error:
        return ask_about_conflicts(
            request,
            error,
            answers=answers,
            send_to=_address(series, scope, session),
            give_up_url=reverse("series_detail", args=[series.pk]),
            sent=[("start", form.cleaned_data["start"].isoformat())],
            is_moving=True,
        )
    except (InvalidState, ValidationFailed, PermissionDenied) as error:
        return _show(request, series, scope, session, problem=error)
    count = len(moved)
    has = "sessions have their new times" if count > 1 else "session has its new time"
    messages.success(request, f"{count} {has}. Everyone concerned is told.")
    return redirect("series_detail", series.pk)


def _show(
    request: HttpRequest,
    series: SessionSeries,
    scope: SeriesScope,
    session: Session | None,
    *,
    problem: DomainError | None = None,
) -> HttpResponse:
    reader, now = reader_of(request), timezone.now()
    chosen = {
        each: sessions_to_move(series, each, session=session, actor=reader, now=now)
        for each in SeriesScope
        if session is not None or each is SeriesScope.ALL
    }
    moving = chosen[scope]
    if not moving:
        messages.info(request, "Nothing of this is still to come.")
        return redirect("series_detail", series.pk)
    first = moving[0]
    context: dict[str, Any] = {
        "series": series,
        "first": first,
        "count": len(moving),
        "with_name": with_whom(series, reader),
        "scopes": [
            {
                "label": f"{SCOPE_WORDS[each]} ({len(sessions)})",
                "url": _address(series, each, session),
                "is_chosen": each is scope,
            }
            for each, sessions in chosen.items()
            if sessions
        ],
        "picker": picker_of(
            lambda start, end: find_new_times(session=first, moving_too=moving[1:], start=start, end=end),
            request,
            first_day=timezone.localdate(first.start),
            address=with_days(reverse("series_move", args=[series.pk]), **_query(scope, session)),
        ),
        "hold_url": _address(series, scope, session),
        "problem": _sentence(problem) if problem else "",
        "is_own": reader.role == Role.PATIENT,
        "cost": cost_of_cancelling(session=first, actor=reader, now=now),
    }
    status = problem.status if problem else 200
    return render(request, "sessions_app/series_move.html", context, status=status)


def _query(scope: SeriesScope, session: Session | None) -> dict[str, Any]:
    return {"scope": scope.value} | ({"session": session.pk} if session else {})


def _address(series: SessionSeries, scope: SeriesScope, session: Session | None) -> str:
    return f"{reverse('series_move', args=[series.pk])}?{urlencode(_query(scope, session))}"


def _sentence(error: DomainError) -> str:
    sentences = error.details.get("start")
    return str(sentences[0]) if sentences else error.message
