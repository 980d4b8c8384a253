"""Addresses that exist to be posted to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponse]


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: nothing unless it was posted, and then even when it is empty."""
    return request.POST if request.method == "POST" else None


def back_to(request: HttpRequest, page: str, *args: Any) -> str:
    """Where the form says that its reader came from (“back”), if that is an address of ours; else the page."""
    asked = request.POST.get("back", "")
    is_ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_ours else reverse(page, args=args)


def posted_from(page: str, *, is_about_one: bool = True) -> Callable[[View], View]:
    """For a view that a form on the page named `page` posts to.

    Both take the same arguments of the address, unless the page shows many (`is_about_one` False) and takes none.

    Whoever opens the address itself, as after a sign-in that came between, is led back to the form.
    """

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != "POST":
                return redirect(reverse(page, args=args, kwargs=kwargs) if is_about_one else reverse(page))
            return view(request, *args, **kwargs)

        return door

    return decorate
