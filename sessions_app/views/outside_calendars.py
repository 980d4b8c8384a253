"""The counselor's outside calendars, on the settings page of calendars."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.access import reader_of
from core.errors import Throttled, ValidationFailed
from sessions_app.access import access_outside_calendar, access_own_practice
from sessions_app.forms.outside_calendars import OutsideCalendarForm
from sessions_app.services.outside_calendars import (
    add_outside_calendar,
    read_again,
    remove_outside_calendar,
)
from sessions_app.views.calendars import calendar_page
from sessions_app.views.posts import posted_from


@posted_from("calendar_settings")
def outside_calendar_add(request: HttpRequest) -> HttpResponse:
    form = OutsideCalendarForm(request.POST)
    if form.is_valid() and _added(request, form):
        messages.success(request, "Added. It is being read now: load this page again in a moment.")
        return redirect("calendar_settings")
    access_own_practice(reader_of(request))
    return calendar_page(request, form=form, status=422)


@posted_from("calendar_settings", is_about_one=False)
def outside_calendar_read(request: HttpRequest, calendar_id: UUID) -> HttpResponse:
    reader = reader_of(request)
    calendar = access_outside_calendar(reader, reader.pk, calendar_id)
    try:
        read_again(calendar=calendar, actor=reader)
    except Throttled as error:
        messages.info(request, error.message)
    else:
        messages.success(request, "It is being read now: load this page again in a moment.")
    return redirect("calendar_settings")


@posted_from("calendar_settings", is_about_one=False)
def outside_calendar_remove(request: HttpRequest, calendar_id: UUID) -> HttpResponse:
    reader = reader_of(request)
    remove_outside_calendar(calendar=access_outside_calendar(reader, reader.pk, calendar_id), actor=reader)
    messages.success(request, "Removed. Times that were busy there are offered again.")
    return redirect("calendar_settings")


def _added(request: HttpRequest, form: OutsideCalendarForm) -> bool:
    """Whether it was; what the service refuses stands beside the fields."""
    reader = reader_of(request)
    counselor = access_own_practice(reader)
    try:
        add_outside_calendar(counselor=counselor, actor=reader, **form.cleaned_data)
    except ValidationFailed as error:
        for field, sentences in (error.details or {NON_FIELD_ERRORS: [error.message]}).items():
            form.add_error(field if field in form.fields else None, sentences)
        return False
    return True
