"""The help addresses are answered as if nobody were signed in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

PATHS = frozenset({"/help-now", "/api/emergency/hotlines"})


def forget_visitor(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Take the cookies and the token off a request for help before anything can look them up.

    Other middleware reads the session or the user on every answer, which asks the database. Without a cookie there
    is nothing to ask, so these pages answer while the database is away, and can be cached for everybody. It has to
    stand before SessionMiddleware.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info.rstrip("/") in PATHS:
            request.META.pop("HTTP_COOKIE", None)
            request.META.pop("HTTP_AUTHORIZATION", None)
        return get_response(request)

    return middleware
