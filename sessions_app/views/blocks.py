"""Blocking time, by form: what the grid of the calendar does by dragging."""

from datetime import time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import reader_of
from accounts.models import CounselorProfile
from core.errors import Conflict, ValidationFailed
from sessions_app.access import access_block, access_counselor_to_block
from sessions_app.forms.blocks import BlockForm
from sessions_app.models import CalendarBlock
from sessions_app.services.blocks import add_block, change_block, remove_block
from sessions_app.views.calendar_page import calendar_address
from sessions_app.views.days import wanted_day
from sessions_app.views.posts import posted, posted_from

FROM, UNTIL = time(12), time(13)
"""What an empty form begins with."""


@require_http_methods(["GET", "HEAD", "POST"])
def block_new(request: HttpRequest, counselor_id: UUID) -> HttpResponse:
    """?day= says which day it begins with."""
    counselor = access_counselor_to_block(reader_of(request), counselor_id)
    return _form(request, counselor, None)


@require_http_methods(["GET", "HEAD", "POST"])
def block_edit(request: HttpRequest, counselor_id: UUID, block_id: UUID) -> HttpResponse:
    block = access_block(reader_of(request), counselor_id, block_id)
    return _form(request, block.counselor, block)


@posted_from("block_edit")
def block_remove(request: HttpRequest, counselor_id: UUID, block_id: UUID) -> HttpResponse:
    reader = reader_of(request)
    block = access_block(reader, counselor_id, block_id)
    with _on_clock_of(block.counselor):
        day = timezone.localdate(block.start)
    remove_block(block=block, actor=reader)
    messages.success(request, "The block is gone. Its time can be booked again.")
    return redirect(calendar_address(block.counselor, reader.pk, day))


def _form(request: HttpRequest, counselor: CounselorProfile, block: CalendarBlock | None) -> HttpResponse:
    with _on_clock_of(counselor):
        form = BlockForm(posted(request), initial=_initial(request, block))
        if request.method == "POST" and form.is_valid() and _save(request, counselor, block, form):
            messages.success(request, "This time is blocked. It is not offered to anybody.")
            return redirect(calendar_address(counselor, reader_of(request).pk, form.cleaned_data["day"]))
        day = timezone.localdate(block.start) if block else wanted_day(request)
        context = {
            "form": form,
            "blocked": block,
            "counselor": counselor,
            "is_own": counselor.pk == reader_of(request).pk,
            "calendar_url": calendar_address(counselor, reader_of(request).pk, day),
        }
        return render(request, "sessions_app/block_edit.html", context, status=422 if form.errors else 200)


def _initial(request: HttpRequest, block: CalendarBlock | None) -> dict[str, Any]:
    if block is not None:
        return BlockForm.initial_of(block)
    return {"day": wanted_day(request), "start": FROM, "end": UNTIL}


def _save(
    request: HttpRequest, counselor: CounselorProfile, block: CalendarBlock | None, form: BlockForm
) -> bool:
    """Whether it was saved; what is in the way is said above the fields."""
    start, end = form.instants()
    values: dict[str, Any] = {"start": start, "end": end, "title": form.cleaned_data["title"]}
    try:
        if block is None:
            add_block(counselor=counselor, actor=reader_of(request), **values)
        else:
            change_block(block=block, actor=reader_of(request), **values)
    except Conflict as error:
        form.add_error(None, error.message)
    except ValidationFailed as error:
        for field, sentences in error.details.items():
            form.add_error(field if field in form.fields else None, sentences)
    return form.is_valid()


def _on_clock_of(counselor: CounselorProfile) -> timezone.override:
    return timezone.override(ZoneInfo(counselor.user.timezone))
