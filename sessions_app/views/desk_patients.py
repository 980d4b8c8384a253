"""Taking somebody on at the desk, on the way to booking for them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import Centre
from accounts.services.people import NewAccount
from accounts.services.register import take_on_patient
from core.errors import Conflict, ValidationFailed
from sessions_app.forms.desk import TakeOnForm
from sessions_app.views.desk_booking import desk_of, show_desk
from sessions_app.views.posts import posted_from


@posted_from("desk_book", is_about_one=False)
def desk_take_on(request: HttpRequest) -> HttpResponse:
    """Whoever is new is chosen at once; whoever could be on the register already is named."""
    desk = desk_of(request, request.POST)
    form = TakeOnForm(request.POST)
    if desk.centre is None or not form.is_valid():
        return show_desk(request, desk, take_on=form, status=422)
    try:
        patient = take_on_patient(
            account=_account(form.cleaned_data, desk.centre),
            centre=desk.centre,
            is_someone_else=form.cleaned_data["is_someone_else"],
            actor=desk.reader,
        )
    except Conflict as error:
        named = [(one, desk.address(patient=one["id"])) for one in error.details.get("patients", [])]
        is_same_name_only = error.details.get("can_be_someone_else", False)
        if is_same_name_only:
            form.ask_whether_somebody_else()
        known = {"known": named, "known_words": error.message, "is_same_name_only": is_same_name_only}
        return show_desk(request, desk, take_on=form, status=409, **known)
    except (ValidationFailed, ValidationError) as error:
        _say(form, error)
        return show_desk(request, desk, take_on=form, status=422)
    messages.success(request, f"{patient.user.full_name} is on the register.")
    return redirect(desk.address(patient=patient.pk))


def _account(values: dict[str, Any], centre: Centre) -> NewAccount:
    return NewAccount(
        first_name=values["first_name"],
        last_name=values["last_name"],
        email=values["email"] or None,
        phone=values["phone"] or None,
        timezone=centre.timezone,
    )


def _say(form: TakeOnForm, error: ValidationFailed | ValidationError) -> None:
    details = error.details if isinstance(error, ValidationFailed) else error.message_dict
    for name, sentences in details.items():
        form.add_error(name if name in form.fields else None, [str(sentence) for sentence in sentences])
