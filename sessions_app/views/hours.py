"""The page of a counselor's hours: the week, exceptions, booking rules, and the free times that come of them.

The counselor has it as /availability, those who plan for them as /counselors/{id}/hours.
"""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import access_counselor_to_plan, reader_of
from accounts.models import CounselorProfile
from core.errors import PermissionDenied
from sessions_app.access import access_own_practice
from sessions_app.paging import page_number
from sessions_app.services.displaced import find_displaced
from sessions_app.views.hours_page import HoursPage
from sessions_app.views.posts import posted_from

COUNSELORS_A_PAGE = 50
SAVED = "Your hours are saved. Sessions that are booked stay as they are."
SAVED_FOR = "The hours are saved. Sessions that are booked stay as they are."


@require_http_methods(["GET", "HEAD", "POST"])
def counselor_availability(request: HttpRequest) -> HttpResponse:
    """One's own hours, all saved at once."""
    return _hours(request, access_own_practice(reader_of(request)), own=True)


@posted_from("counselor_availability")
def counselor_availability_preview(request: HttpRequest) -> HttpResponse:
    return _preview(request, access_own_practice(reader_of(request)), own=True)


@require_http_methods(["GET", "HEAD", "POST"])
def counselor_hours(request: HttpRequest, counselor_id: UUID) -> HttpResponse:
    """A counselor's hours, for those who plan for them."""
    return _hours(request, access_counselor_to_plan(reader_of(request), counselor_id), own=False)


@posted_from("counselor_hours")
def counselor_hours_preview(request: HttpRequest, counselor_id: UUID) -> HttpResponse:
    return _preview(request, access_counselor_to_plan(reader_of(request), counselor_id), own=False)


@require_safe
def planned_counselors(request: HttpRequest) -> HttpResponse:
    """The counselors whose hours the reader plans, those who are not listed as well."""
    planned = CounselorProfile.objects.availability_editable_by(reader_of(request))
    if not planned.exists():
        raise PermissionDenied()
    ordered = planned.filter(user__is_active=True).select_related("user", "primary_centre")
    pages = Paginator(ordered.order_by("user__first_name", "user__last_name", "pk"), COUNSELORS_A_PAGE)
    context = {"page": pages.get_page(page_number(request))}
    return render(request, "sessions_app/planned_counselors.html", context)


def _hours(request: HttpRequest, counselor: CounselorProfile, *, own: bool) -> HttpResponse:
    page = HoursPage(request, counselor, is_own=own)
    if request.method == "POST" and page.is_valid() and page.save():
        messages.success(request, SAVED if own else SAVED_FOR)
        return redirect(page.url)
    status = 200 if request.method != "POST" else 422
    return _shown(request, page, status=status)


def _preview(request: HttpRequest, counselor: CounselorProfile, *, own: bool) -> HttpResponse:
    """The page with what was typed, and what would come of it; nothing is saved."""
    page = HoursPage(request, counselor, is_own=own)
    if not page.can_be_previewed():
        return _shown(request, page, status=422)
    return _shown(request, page, is_preview=True)


def _shown(
    request: HttpRequest, page: HoursPage, *, status: int = 200, is_preview: bool = False
) -> HttpResponse:
    change = page.typed().put_into if is_preview else None
    outside = find_displaced(
        counselor=page.counselor, viewer=reader_of(request), now=timezone.now(), change=change
    )
    context = {
        **page.context(is_preview=is_preview),
        "outside": outside,
        "is_preview": is_preview,
        "url": page.url,
        "preview_url": reverse(f"{page.name}_preview", args=page.arguments),
    }
    return render(request, "sessions_app/counselor_availability.html", context, status=status)
