"""What a counselor offers: one session type."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import reader_of
from accounts.models import CounselorProfile
from core.errors import ValidationFailed
from sessions_app.access import access_own_practice, access_session_type_to_edit
from sessions_app.forms.session_types import SessionTypeForm
from sessions_app.models import SessionType
from sessions_app.services.availability import save_session_type
from sessions_app.views.posts import posted


@require_http_methods(["GET", "HEAD", "POST"])
def session_type_edit(request: HttpRequest, type_id: UUID | None = None) -> HttpResponse:
    counselor = access_own_practice(reader_of(request))
    offered = (
        access_session_type_to_edit(reader_of(request), counselor.pk, type_id)
        if type_id
        else _new_type_of(counselor)
    )
    form = SessionTypeForm(posted(request), instance=offered)
    if request.method == "POST" and form.is_valid() and _save(request, form):
        messages.success(request, "Saved. Sessions that are booked keep their terms.")
        return redirect("counselor_availability")
    context = {"form": form, "is_new": type_id is None}
    status = 422 if form.errors else 200
    return render(request, "sessions_app/session_type_edit.html", context, status=status)


def _save(request: HttpRequest, form: SessionTypeForm) -> bool:
    """Whether it was saved; what the service refuses stands beside the fields."""
    try:
        save_session_type(session_type=form.save(commit=False), actor=reader_of(request))
    except ValidationError as error:
        _put_beside_fields(form, error.message_dict)
    except ValidationFailed as error:
        _put_beside_fields(form, error.details or {NON_FIELD_ERRORS: [error.message]})
    return form.is_valid()


def _put_beside_fields(form: SessionTypeForm, problems: dict[str, list[str]]) -> None:
    for field, sentences in problems.items():
        shown = "fee" if field == "fee_minor" else field
        form.add_error(shown if shown in form.fields else None, sentences)


def _new_type_of(counselor: CounselorProfile) -> SessionType:
    """The last of the list, in the currency of the others."""
    last = SessionType.objects.filter(counselor=counselor).order_by("position").last()
    if last is None:
        return SessionType(counselor=counselor)
    return SessionType(counselor=counselor, position=last.position + 1, currency=last.currency)
