"""What surrounds every request, pages and API alike: its id, its address, its line in the log."""

import ipaddress
import logging
import re
import time
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import cast

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, get_urlconf, resolve

from core import request_context
from core.api.errors import answer_exception, problem_of_status
from core.api.rendering import problem_response
from core.api.views import Endpoint
from core.ids import uuid7
from core.security_headers import prepared, set_missing

GetResponse = Callable[[HttpRequest], HttpResponseBase]

REQUEST_ID_HEADER = "X-Request-ID"
WELL_FORMED_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
API_PREFIX = "/api/"

access_log = logging.getLogger("access")


class RequestContextMiddleware:
    """The outermost one: fills core.request_context, answers with the request's id, and writes one line.

    The line holds the route's pattern and ids, never a path, a query string, an address or a name.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request_id = _request_id(request)
        id_token = request_context.request_id.set(request_id)
        ip_token = request_context.ip.set(client_ip(request))
        try:
            response = self.get_response(request)
            response[REQUEST_ID_HEADER] = request_id
            access_log.info(
                {
                    "method": request.method,
                    "route": _route(request),
                    "status": response.status_code,
                    "duration_ms": round((time.perf_counter() - started) * 1000, 1),
                    "request_id": request_id,
                    "user_id": _user_id(request),
                }
            )
            return response
        finally:
            request_context.ip.reset(ip_token)
            request_context.request_id.reset(id_token)


class ApiFailureMiddleware:
    """Failures under /api that no endpoint saw (middleware, a bad host, a debug page) as the envelope too."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path_info.startswith(API_PREFIX):
            return response
        if response.get("Content-Type", "").startswith("application/json"):
            return response
        problem = problem_response(problem_of_status(response.status_code))
        for name, value in response.items():
            if not name.startswith("Content-"):
                problem[name] = value
        return _protected(problem)


class ApiDoorMiddleware:
    """Lets an endpoint's request skip what only pages need: forms, messages, nonces, static files, htmx.

    That is half of what a request costs outside its endpoint (docs/performance.md). Sessions and the user of a session
    stay, both lazy; the headers that the skipped ones would set are set here. An endpoint that needs the rest says so
    with `uses_page_middleware`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.answer = SessionMiddleware(AuthenticationMiddleware(_call_endpoint))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(API_PREFIX):
            return self.get_response(request)
        match = _resolved(request.path_info, get_urlconf() or settings.ROOT_URLCONF)
        endpoint = getattr(match.func, "cls", None)
        if endpoint is None or not issubclass(endpoint, Endpoint) or endpoint.uses_page_middleware:
            return self.get_response(request)
        request.resolver_match = match
        try:
            request.get_host()  # raises DisallowedHost
            # Whoever shows a token is not asked for a page's session.
            answer = _call_endpoint if "HTTP_AUTHORIZATION" in request.META else self.answer
            response = cast(HttpResponseBase, answer(request))
        except Exception as error:  # what no endpoint saw, such as a session that cannot be read
            response = answer_exception(error, {})
        return _protected(response)


@lru_cache(maxsize=4096)
def _resolved(path: str, urlconf: str) -> ResolverMatch:
    """What answers at a path. Looking through all addresses costs more than a token's signature."""
    return resolve(path, urlconf)


def _call_endpoint(request: HttpRequest) -> HttpResponseBase:
    match = cast(ResolverMatch, request.resolver_match)
    return match.func(request, *match.args, **match.kwargs)


_JSON_HEADERS = prepared(
    {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Frame-Options": "DENY"}
)


def _protected(response: HttpResponseBase) -> HttpResponseBase:
    """With the headers that the middleware of pages would have set; JSON loads nothing and is framed by nobody."""
    set_missing(response, _JSON_HEADERS)
    if isinstance(response, HttpResponse) and response.status_code != HTTPStatus.NO_CONTENT:
        response.setdefault("Content-Length", str(len(response.content)))
    return response


class BodySizeMiddleware:
    """Refuses a large body by its length, before anything of it is read or written to a disk: no page takes files yet.

    Endpoints have limits of their own (core/api/views.py). A body without a length is read as none by the server.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig
        return self.get_response(request)


def client_ip(request: HttpRequest) -> str:
    """The address of who asks, "" when unknown.

    Behind settings.TRUSTED_PROXY_COUNT proxies it is that many places from the right of X-Forwarded-For: each proxy
    of ours appends whom it talks to, and what stands to the left of that is the client's own writing.
    """
    address = request.META.get("REMOTE_ADDR", "")
    count: int = settings.TRUSTED_PROXY_COUNT
    if count:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if hops:
            address = hops[-min(count, len(hops))]
    return _normal(address)


@lru_cache(maxsize=4096)
def _normal(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


def _request_id(request: HttpRequest) -> str:
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if WELL_FORMED_REQUEST_ID.fullmatch(given) else str(uuid7())


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.route if match is not None else ""


def _user_id(request: HttpRequest) -> str | None:
    """Of who was signed in, as far as somebody asked: finding out for the log's sake would cost a query."""
    user = request.__dict__.get("_cached_user") or request.__dict__.get("user")
    if user is None or type(user).__name__ == "SimpleLazyObject" or not user.is_authenticated:
        return None
    return str(user.pk)
