"""Choosing another time for a session that is booked."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import reader_of
from accounts.permissions import Action
from core.errors import InvalidState, SlotTaken, ValidationFailed
from sessions_app.access import access_session
from sessions_app.forms.booking import StartForm
from sessions_app.forms.desk import OverbookForm
from sessions_app.models import Session
from sessions_app.services.new_times import find_new_times
from sessions_app.services.policies import cost_of_cancelling
from sessions_app.services.rescheduling import require_movable, reschedule_session
from sessions_app.services.switching import change_time, switches
from sessions_app.views.one_session import facts_of
from sessions_app.views.picker import SlotPicker, picker_of, with_days
from sessions_app.views.posts import back_to, posted_from
from sessions_app.views.shown import sentence_of


@require_http_methods(["GET", "HEAD", "POST"])
def session_reschedule(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """GET shows the free times, seven days at once; POST moves the session to the one that was pressed."""
    reader = reader_of(request)
    session = access_session(reader, session_id, Action.SESSION_CHANGE)
    try:
        if request.method == "POST":
            return _move(request, session)
        require_movable(session, reader, timezone.now())
    except InvalidState as error:
        messages.info(request, error.message)
        return redirect("session_detail", session_id)
    return _show(request, session)


def _move(request: HttpRequest, session: Session) -> HttpResponse:
    form = StartForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "That time could not be read. Please choose one of these.")
        return redirect("session_reschedule", session.pk)
    try:
        moved = change_time(session=session, start=form.cleaned_data["start"], actor=reader_of(request))
    except (SlotTaken, ValidationFailed) as error:
        return _show(request, session, problem=sentence_of(error), status=409)
    messages.success(request, "The session has its new time. Everyone concerned is told.")
    return redirect(back_to(request, "session_detail", moved.pk))


@posted_from("session_reschedule")
def session_overbook(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Move it over what the counselor has or offers, for a reason; for staff."""
    reader = reader_of(request)
    session = access_session(reader, session_id, Action.SESSION_CHANGE)
    form = OverbookForm(request.POST)
    if not form.is_valid():
        return _show(request, session, overbook=form, status=422)
    try:
        reschedule_session(
            session=session,
            start=form.instant,
            actor=reader,
            overbook_reason=form.cleaned_data["reason"],
        )
    except (SlotTaken, ValidationFailed) as error:
        return _show(request, session, problem=sentence_of(error), overbook=form, status=error.status)
    except InvalidState as error:
        messages.info(request, error.message)
        return redirect("session_detail", session_id)
    messages.success(request, "The session is overbooked at its new time. Everyone concerned is told.")
    return redirect("session_detail", session_id)


def _show(
    request: HttpRequest,
    session: Session,
    *,
    problem: str = "",
    overbook: OverbookForm | None = None,
    status: int = 200,
) -> HttpResponse:
    may_overbook = reader_of(request).may(Action.SESSION_OVERBOOK)
    context = facts_of(request, session) | {
        "overbook_form": (overbook or OverbookForm()) if may_overbook else None,
        "is_overbooking": overbook is not None,
        "problem": problem,
        "picker": _picker(request, session),
        "hold_url": reverse("session_reschedule", args=[session.pk]),
        "cost": cost_of_cancelling(session=session, actor=reader_of(request)),
    }
    return render(request, "sessions_app/session_reschedule.html", context, status=status)


def _picker(request: HttpRequest, session: Session) -> SlotPicker | None:
    reader = reader_of(request)
    for_one = reader.pk if switches(session, reader) else None
    return picker_of(
        lambda start, end: find_new_times(session=session, start=start, end=end, for_one=for_one),
        request,
        first_day=timezone.localdate(session.start),
        address=with_days(reverse("session_reschedule", args=[session.pk])),
    )
