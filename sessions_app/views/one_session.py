"""What the pages of one session have in common, and its own page, which several doors show."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.access import reader_of
from accounts.roles import Role
from core.errors import InvalidState
from sessions_app.forms.ratings import RatingForm
from sessions_app.listing import session_rows
from sessions_app.models import Session, SuggestedTime
from sessions_app.services.notes import texts_for
from sessions_app.services.policies import cost_of_cancelling
from sessions_app.services.ratings import rating_of
from sessions_app.session_rows import SessionRow
from sessions_app.views.participants import participants_of
from sessions_app.views.shown import cards_of_day, day_page_of, other_party, who_cancelled


def row_of(request: HttpRequest, session: Session) -> SessionRow:
    chosen = Session.objects.filter(pk=session.pk)
    return session_rows(chosen, viewer=reader_of(request), now=timezone.now())[0]


def facts_of(request: HttpRequest, session: Session) -> dict[str, Any]:
    """For the fragment _session_facts.html and the heads of its pages."""
    reader, row = reader_of(request), row_of(request, session)
    return {
        "session": row,
        "with_name": other_party(row, reader),
        "cancelled_by": who_cancelled(row, reader),
        "is_own": reader.role == Role.PATIENT,
        "is_over": row.end <= timezone.now(),
        "back_url": day_page_of(row, reader),
        "series_id": session.series_id,
    }


def detail_page(request: HttpRequest, session: Session, *, rating: RatingForm | None = None) -> HttpResponse:
    """The session's own page; `rating` is a form that was refused."""
    reader = reader_of(request)
    context = facts_of(request, session) | texts_for(session=session, reader=reader)
    (context["card"],) = cards_of_day([context["session"]], viewer=reader, now=timezone.now())
    context |= participants_of(request, session, context["session"])
    can = context["session"].can
    if "cancel" in can:
        context["has_suggestions"] = SuggestedTime.objects.standing(session).exists()
        context["cost"] = cost_of_cancelling(session=session, actor=reader)
    if "rate" in can:
        kept = rating_of(session=session, patient=reader)
        context |= {"rating": kept, "rating_form": rating or RatingForm.showing(kept)}
    return render(request, "sessions_app/session_detail.html", context, status=422 if rating else 200)


def note_and_return(
    request: HttpRequest, session: Session, note: Callable[..., Session], told: str
) -> HttpResponse:
    """Note something of it and go back to its day, to where it stands there.

    What is no longer possible, as after a double click, is said and no dead end.
    """
    reader = reader_of(request)
    try:
        note(session=session, actor=reader)
    except InvalidState as error:
        messages.info(request, error.message)
    else:
        messages.success(request, told)
    return redirect(f"{day_page_of(row_of(request, session), reader)}#session-{session.pk}")
