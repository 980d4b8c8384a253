"""The help addresses are answered as if nobody were signed in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

PATHS = frozenset({"/help-now", "/api/emergency/hotlines"})


def forget_visitor(get_response: GetResponse) -> GetResponse:
    """Take the cookies and the token off a request for help before anything can look them up.

    Other middleware reads the session or the user on every answer, which asks the database. Without a cookie there
    is nothing to ask, so these pages answer while the database is away, and one copy serves everybody: that the
    session was looked at (and found empty) does not make the answer vary. It stands before SessionMiddleware.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info.rstrip("/") not in PATHS:
            return get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        request.META.pop("HTTP_AUTHORIZATION", None)
        response = get_response(request)
        _vary_without(response, "cookie", "authorization")
        return response

    return middleware


def _vary_without(response: HttpResponseBase, *unread: str) -> None:
    varying = [name.strip() for name in response.headers.get("Vary", "").split(",")]
    kept = [name for name in varying if name and name.lower() not in unread]
    if kept:
        response.headers["Vary"] = ", ".join(kept)
    elif "Vary" in response.headers:
        del response.headers["Vary"]
