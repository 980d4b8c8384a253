"""One's sessions in one's own calendar program, and other calendars in ours: the settings page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import reader_of
from accounts.roles import Role
from sessions_app.access import access_own_feed, require_feeds
from sessions_app.forms.outside_calendars import OutsideCalendarForm
from sessions_app.models import CalendarFeed, OutsideCalendar
from sessions_app.services.feeds import change_feed, end_feed, make_feed
from sessions_app.views.posts import posted_from


@require_safe
def calendar_settings(request: HttpRequest) -> HttpResponse:
    require_feeds(reader_of(request))
    return calendar_page(request)


@posted_from("calendar_settings")
def feed_make(request: HttpRequest) -> HttpResponse:
    """The page with the new address, in the answer itself: it is kept nowhere, so no redirect could show it."""
    require_feeds(reader_of(request))
    _, address = make_feed(user=reader_of(request), shows_names=_wants_names(request))
    return calendar_page(request, address=address, webcal_address="webcal:" + address.partition(":")[2])


@posted_from("calendar_settings")
def feed_titles(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    change_feed(feed=access_own_feed(reader), shows_names=_wants_names(request), actor=reader)
    messages.success(request, "Saved. Your calendar shows it when it next asks.")
    return redirect("calendar_settings")


@posted_from("calendar_settings")
def feed_end(request: HttpRequest) -> HttpResponse:
    require_feeds(reader_of(request))
    end_feed(user=reader_of(request))
    messages.success(request, "The address is ended. Take the calendar out of your program too.")
    return redirect("calendar_settings")


def calendar_page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page; of counselors with their outside calendars, and `form` as it was sent."""
    reader = reader_of(request)
    context: dict[str, Any] = {"feed": CalendarFeed.objects.filter(user=reader).first()}
    if reader.role == Role.COUNSELOR:
        context["has_outside_calendars"] = True
        context["calendars"] = OutsideCalendar.objects.filter(counselor=reader.pk).order_by("pk")
        context["form"] = OutsideCalendarForm()
    return render(request, "sessions_app/calendar_settings.html", context | more, status=status)


def _wants_names(request: HttpRequest) -> bool:
    return request.POST.get("shows_names") == "on"
