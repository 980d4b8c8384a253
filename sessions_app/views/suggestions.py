"""New times for a session that cannot be kept: suggesting them to the patient, and choosing one of them."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import reader_of
from accounts.permissions import Action
from core.errors import InvalidState, SlotTaken, ValidationFailed
from sessions_app.access import access_session
from sessions_app.forms.booking import StartForm
from sessions_app.forms.series import read_instant
from sessions_app.models import Session
from sessions_app.services.rescheduling import reschedule_session
from sessions_app.services.suggestions import free_suggestions, suggest_times
from sessions_app.views.one_session import facts_of
from sessions_app.views.posts import back_to, posted_from


@posted_from("session_detail")
def session_suggest(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The times are in the fields “start”, one each."""
    reader = reader_of(request)
    session = access_session(reader, session_id, Action.SESSION_SUGGEST)
    starts = [start for text in request.POST.getlist("start") if (start := read_instant(text))]
    try:
        suggest_times(session=session, starts=starts, actor=reader)
    except (ValidationFailed, InvalidState) as error:
        messages.warning(request, _sentence(error))
    else:
        messages.success(
            request, "The patient is told of these times, and chooses. Until then nothing moves."
        )
    return redirect(back_to(request, "session_detail", session_id))


@require_http_methods(["GET", "HEAD", "POST"])
def session_suggested(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """GET shows what was suggested and can still be had, ?start= first; POST moves the session to the one pressed."""
    session = access_session(reader_of(request), session_id, Action.SESSION_CHANGE)
    if request.method == "POST":
        return _choose(request, session)
    return _show(request, session)


def _choose(request: HttpRequest, session: Session) -> HttpResponse:
    form = StartForm(request.POST)
    if not form.is_valid():
        return redirect("session_suggested", session.pk)
    try:
        reschedule_session(session=session, start=form.cleaned_data["start"], actor=reader_of(request))
    except (SlotTaken, ValidationFailed, InvalidState) as error:
        return _show(request, session, problem=_sentence(error), status=error.status)
    messages.success(request, "The session has its new time. Everyone concerned is told.")
    return redirect("session_detail", session.pk)


def _show(request: HttpRequest, session: Session, *, problem: str = "", status: int = 200) -> HttpResponse:
    wanted: datetime | None = read_instant(request.GET.get("start", "").replace(" ", "+"))
    slots = free_suggestions(session)
    if not slots and not problem:
        messages.info(
            request, "None of the suggested times can be had any more, or the session has moved already."
        )
        return redirect("session_detail", session.pk)
    context = facts_of(request, session) | {
        "slots": sorted(slots, key=lambda slot: (slot.start != wanted, slot.start)),
        "wanted": wanted,
        "problem": problem,
    }
    return render(request, "sessions_app/session_suggested.html", context, status=status)


def _sentence(error: SlotTaken | ValidationFailed | InvalidState) -> str:
    found = next(iter(error.details.values()), None)
    first = found[0] if isinstance(found, list) and found else None
    return first if isinstance(first, str) else error.message
