"""Rating a session, on its own page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.access import reader_of
from accounts.permissions import Action
from core.errors import InvalidState
from sessions_app.access import access_session
from sessions_app.forms.ratings import RatingForm
from sessions_app.services.ratings import rate_session
from sessions_app.views.one_session import detail_page
from sessions_app.views.posts import posted_from


@posted_from("session_detail")
def session_rate(request: HttpRequest, session_id: UUID) -> HttpResponse:
    patient = reader_of(request)
    session = access_session(patient, session_id, Action.SESSION_RATE)
    form = RatingForm(request.POST)
    if not form.is_valid():
        return detail_page(request, session, rating=form)
    try:
        rate_session(
            session=session,
            stars=form.cleaned_data["stars"],
            comment=form.cleaned_data["comment"],
            actor=patient,
        )
    except InvalidState as error:
        messages.info(request, error.message)
    else:
        messages.success(request, "Thank you. You can change it here at any time.")
    return redirect("session_detail", session_id)
