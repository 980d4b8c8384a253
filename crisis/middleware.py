"""The help page is answered as if nobody were signed in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

HELP_PAGE = "/help-now"


def forget_visitor(get_response: GetResponse) -> GetResponse:
    """Take the cookies off a request for help before anything can look them up.

    Other middleware reads the session or the user on every page, which asks the database. Without a cookie there is
    nothing to ask, so the page answers while the database is away, and one copy serves everybody: that the session
    was looked at (and found empty) does not make the answer vary. It stands before SessionMiddleware.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info.rstrip("/") != HELP_PAGE:
            return get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        response = get_response(request)
        _vary_without_cookie(response)
        return response

    return middleware


def _vary_without_cookie(response: HttpResponseBase) -> None:
    varying = [name.strip() for name in response.headers.get("Vary", "").split(",")]
    kept = [name for name in varying if name and name.lower() != "cookie"]
    if kept:
        response.headers["Vary"] = ", ".join(kept)
    else:
        response.headers.pop("Vary", None)
