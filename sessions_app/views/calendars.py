"""One's sessions in one's own calendar program: the settings page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import reader_of
from sessions_app.access import access_own_feed, require_feeds
from sessions_app.models import CalendarFeed
from sessions_app.services.feeds import change_feed, end_feed, make_feed
from sessions_app.views.posts import posted_from


@require_safe
def calendar_settings(request: HttpRequest) -> HttpResponse:
    require_feeds(reader_of(request))
    return _page(request)


@posted_from("calendar_settings")
def feed_make(request: HttpRequest) -> HttpResponse:
    """The page with the new address, in the answer itself: it is kept nowhere, so no redirect could show it."""
    require_feeds(reader_of(request))
    _, address = make_feed(user=reader_of(request), shows_names=_wants_names(request))
    return _page(request, address=address, webcal_address="webcal:" + address.partition(":")[2])


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


def _wants_names(request: HttpRequest) -> bool:
    return request.POST.get("shows_names") == "on"


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    feed = CalendarFeed.objects.filter(user=reader_of(request)).first()
    return render(request, "sessions_app/calendar_settings.html", {"feed": feed} | more)
