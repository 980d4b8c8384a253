"""How a session begins and ends: cancelling, starting, saying how it went, and putting that right."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import reader_of
from accounts.permissions import Action
from accounts.roles import Role
from core.errors import Conflict, InvalidState
from sessions_app.access import access_session
from sessions_app.forms.booking import CancelForm
from sessions_app.forms.endings import CorrectForm, WaiveForm
from sessions_app.forms.participants import PersonForm
from sessions_app.models import Session, SessionStatus
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.policies import cost_of_cancelling, waive_charge
from sessions_app.services.states import complete_session, correct_session, mark_no_show, start_session
from sessions_app.views.one_session import facts_of, note_and_return
from sessions_app.views.posts import posted, posted_from


@require_http_methods(["GET", "HEAD", "POST"])
def session_cancel(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """GET says what will be lost and what it costs, and asks; POST cancels. Cancelling twice is no error.

    The form carries the charge that was shown: should it cost more by now, that is shown first.
    """
    reader = reader_of(request)
    session = access_session(reader, session_id, Action.SESSION_CHANGE)
    if session.is_cancelled_for(reader):
        messages.info(request, "This session is cancelled already.")
        return redirect("session_detail", session_id)
    form = CancelForm(posted(request), is_patient=reader.role == Role.PATIENT)
    if request.method == "POST" and form.is_valid() and _is_cancelled(request, session, form):
        return redirect("session_detail", session_id)
    context = facts_of(request, session) | {"form": form}
    if "cancel" not in context["session"].can:
        raise InvalidState("This session can no longer be cancelled.")
    context["cost"] = cost_of_cancelling(session=session, actor=reader)
    return render(request, "sessions_app/session_cancel.html", context, status=422 if form.errors else 200)


def _is_cancelled(request: HttpRequest, session: Session, form: CancelForm) -> bool:
    try:
        cancel_session(
            session=session,
            actor=reader_of(request),
            reason=form.cleaned_data["reason"],
            agreed_charge_minor=form.cleaned_data["charge_minor"] or 0,
        )
    except Conflict as error:
        form.add_error(None, error.message)
        return False
    messages.success(request, "The session is cancelled. Everyone concerned is told.")
    return True


@posted_from("session_detail")
def session_start(request: HttpRequest, session_id: UUID) -> HttpResponse:
    session = access_session(reader_of(request), session_id, Action.SESSION_COMPLETE)
    return note_and_return(request, session, start_session, "The session has begun.")


@posted_from("session_detail")
def session_complete(request: HttpRequest, session_id: UUID) -> HttpResponse:
    session = access_session(reader_of(request), session_id, Action.SESSION_COMPLETE)
    return note_and_return(request, session, complete_session, "Noted: the session took place.")


@require_http_methods(["GET", "HEAD", "POST"])
def session_no_show(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """GET asks, since only few can undo it; POST notes that nobody came."""
    session = access_session(reader_of(request), session_id, Action.SESSION_NO_SHOW)
    if request.method == "POST":
        return note_and_return(request, session, mark_no_show, "Noted: nobody came.")
    context = facts_of(request, session)
    if "no_show" not in context["session"].can:
        messages.info(request, "This can be noted once the session has begun, and only once.")
        return redirect("session_detail", session_id)
    return render(request, "sessions_app/session_no_show.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def session_correct(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Putting right a wrong end, with a reason."""
    reader = reader_of(request)
    session = access_session(reader, session_id, Action.SESSION_CORRECT)
    return _ask_for_reason(
        request,
        session,
        CorrectForm(posted(request), status=session.status),
        can="correct",
        otherwise="There is nothing to put right: nobody has noted how this session ended.",
        save=lambda values: correct_session(
            session=session,
            status=SessionStatus(values["status"]),
            reason=values["reason"],
            actor=reader,
        ),
        told="Put right. The reason is kept on record.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def session_waive(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Letting a patient off the charge, with a reason; ?patient= says whom, where several owe."""
    reader = reader_of(request)
    wanted = PersonForm(request.GET)
    wanted_id = wanted.cleaned_data["patient"] if wanted.is_valid() else None
    session = access_session(reader, session_id, Action.CHARGE_WAIVE)
    return _ask_for_reason(
        request,
        session,
        WaiveForm(posted(request)),
        can="waive",
        otherwise="There is no charge to waive.",
        save=lambda values: waive_charge(
            session=session, reason=values["reason"], actor=reader, patient_id=wanted_id
        ),
        more={"wanted_patient": wanted_id},
        told="The charge is waived. The reason is kept on record.",
    )


def _ask_for_reason(
    request: HttpRequest,
    session: Session,
    form: forms.Form,
    *,
    can: str,
    otherwise: str,
    save: Callable[[dict[str, Any]], Session],
    told: str,
    more: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The page session_<can>.html with its form; a valid one is saved. Who may do no such thing now is told so."""
    context = facts_of(request, session) | {"form": form, **(more or {})}
    if can not in context["session"].can:
        messages.info(request, otherwise)
        return redirect("session_detail", session.pk)
    if form.is_valid():
        save(form.cleaned_data)
        messages.success(request, told)
        return redirect("session_detail", session.pk)
    return render(request, f"sessions_app/session_{can}.html", context, status=422 if form.errors else 200)
