"""What a page answers when a service refuses: the one place where a DomainError becomes HTML."""

from collections.abc import Callable
from http import HTTPStatus

import redis
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from core import request_context
from core.errors import DomainError, Unavailable

REDIS_RETRY_SECONDS = 5

# What has a page of its own; any other refusal is told in the service's words by refused.html.
TEMPLATES = {
    HTTPStatus.FORBIDDEN: "403.html",
    HTTPStatus.NOT_FOUND: "404.html",
    HTTPStatus.TOO_MANY_REQUESTS: "429.html",
    HTTPStatus.SERVICE_UNAVAILABLE: "503.html",
}


class RefusalMiddleware:
    """Turns a DomainError that a page's view did not handle into its page, and Redis being away into “unavailable”.

    The API has its own (core/api/errors.py).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, redis.RedisError):  # what counts guesses at secrets stays shut without it
            exception = Unavailable(retry_after_seconds=REDIS_RETRY_SECONDS)
        if not isinstance(exception, DomainError):
            return None
        if exception.status == HTTPStatus.UNAUTHORIZED:
            return redirect_to_login(request.get_full_path())
        return refusal(request, exception)


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page for `error`; to htmx only the notice, which goes where notices stand."""
    context = {
        "message": error.message,
        "request_id": request_context.request_id.get(),
        "again_url": page_before(request),
    }
    if request.headers.get("HX-Request"):
        response = render(request, "partials/_refusal.html", context, status=error.status)
        response["HX-Retarget"], response["HX-Reswap"] = "#messages", "innerHTML show:window:top"
    else:
        template = TEMPLATES.get(HTTPStatus(error.status), "refused.html")
        response = render(request, template, context, status=error.status)
    if error.retry_after_seconds:
        response["Retry-After"] = str(error.retry_after_seconds)
    return response


def page_before(request: HttpRequest) -> str:
    """The page of ours that a form was sent from; for a page that was only opened, itself."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    referer = request.headers.get("Referer", "")
    return referer if url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()}) else ""
