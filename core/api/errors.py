"""Every failure under /api as one envelope. The only place that turns an exception into an answer of the API.

`answer_exception` is DRF's EXCEPTION_HANDLER. What fails outside a view (middleware, routing, Django's own pages)
is caught by core.middleware.ApiFailureMiddleware, which knows only the status.
"""

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import redis
from django.apps import apps
from django.core import exceptions as django_errors
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from rest_framework import exceptions as drf_errors

from core.api.rendering import Problem, problem_response
from core.errors import (
    Conflict,
    DomainError,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Throttled,
    Unavailable,
    UpstreamError,
    ValidationFailed,
)

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2
WHOLE_REQUEST = "request"
_UNIQUE, _EXCLUSION, _FOREIGN_KEY, _CHECK = "23505", "23P01", "23503", "23514"

_BY_STATUS = {
    404: (NotFound.code, "There is nothing at this address. The reference is at /api/docs."),
    405: (
        "METHOD_NOT_ALLOWED",
        "This address does not take this method. The Allow header names those it takes.",
    ),
    406: ("NOT_ACCEPTABLE", "This API answers with application/json."),
    413: ("PAYLOAD_TOO_LARGE", "The body is too large. Send less at once."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Send the body as JSON, with Content-Type: application/json."),
    500: (
        "SERVER_ERROR",
        "Something went wrong on our side. Try again, and tell us the request_id if it stays.",
    ),
}
for _known in (
    ValidationFailed,
    NotAuthenticated,
    PermissionDenied,
    Conflict,
    Throttled,
    UpstreamError,
    Unavailable,
):
    _BY_STATUS[_known.status] = (_known.code, _known.default_message)


def answer_exception(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    problem = problem_of(error)
    if problem.status >= 500:
        logger.error("api.failed", exc_info=error, extra={"code": problem.code})
    return problem_response(problem)


def problem_of(error: Exception) -> Problem:
    """What to tell the client about `error`. Anything unforeseen is SERVER_ERROR, without a word of it."""
    if isinstance(error, DomainError):
        return _domain_problem(error)
    if isinstance(error, drf_errors.APIException):
        return _drf_problem(error)
    if isinstance(error, DatabaseError | InterfaceError):
        return _database_problem(error)
    if isinstance(error, redis.RedisError):
        return _domain_problem(Unavailable(retry_after_seconds=RETRY_AFTER_SECONDS))
    if isinstance(error, Http404):
        return _domain_problem(NotFound())
    if isinstance(error, django_errors.PermissionDenied):
        return _domain_problem(PermissionDenied())
    if isinstance(error, django_errors.ValidationError):
        return _domain_problem(ValidationFailed(details=_django_details(error)))
    if isinstance(error, django_errors.RequestDataTooBig):
        return problem_of_status(413)
    if isinstance(error, django_errors.SuspiciousOperation | UnreadablePostError):
        return problem_of_status(400)
    return problem_of_status(500)


def problem_of_status(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    fallback = 500 if status >= 500 else 400
    code, message = _BY_STATUS.get(status) or _BY_STATUS[fallback]
    return Problem(status, code, message, headers=headers or {})


def _domain_problem(error: DomainError) -> Problem:
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return Problem(error.status, error.code, error.message, error.details, headers)


def _drf_problem(error: drf_errors.APIException) -> Problem:
    if isinstance(error, drf_errors.ValidationError):
        return _domain_problem(ValidationFailed(details=dict(_flat(error.detail))))
    if isinstance(error, drf_errors.NotAuthenticated | drf_errors.AuthenticationFailed):
        return _domain_problem(NotAuthenticated(_sentence(error)))
    if isinstance(error, drf_errors.Throttled):
        wait: float | None = getattr(error, "wait", None)
        return _domain_problem(Throttled(retry_after_seconds=None if wait is None else max(1, int(wait))))
    if isinstance(error, drf_errors.ParseError | drf_errors.PermissionDenied | drf_errors.NotAcceptable):
        code, message = _BY_STATUS[error.status_code]
        return Problem(error.status_code, code, _sentence(error) or message)
    return problem_of_status(error.status_code)


def _database_problem(error: Exception) -> Problem:
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if isinstance(error, IntegrityError):
        return _broken_constraint(state, getattr(getattr(cause, "diag", None), "constraint_name", None))
    if isinstance(error, DataError):
        logger.warning("api.value_refused_by_database", extra={"sqlstate": state})
        return _domain_problem(
            ValidationFailed("One of the values sent cannot be stored. Check lengths and characters.")
        )
    if isinstance(
        error, OperationalError | InterfaceError
    ):  # lock timeouts, deadlocks and lost connections are these
        return _domain_problem(Unavailable(retry_after_seconds=RETRY_AFTER_SECONDS))
    return problem_of_status(500)


def _broken_constraint(state: str | None, name: str | None) -> Problem:
    message = _constraint_messages().get(name or "")
    if state == _CHECK and message:
        return _domain_problem(ValidationFailed(message))
    if state in {_UNIQUE, _EXCLUSION}:
        return _domain_problem(Conflict(message or "Something with the same values is already there."))
    if state == _FOREIGN_KEY:
        return _domain_problem(Conflict(message or "Something this refers to is gone, or is still in use."))
    return problem_of_status(500)


@cache
def _constraint_messages() -> dict[str, str]:
    """By constraint name, the sentences that the models themselves carry for people."""
    return {
        constraint.name: str(constraint.get_violation_error_message())
        for model in apps.get_models()
        for constraint in model._meta.constraints
        if constraint.violation_error_message != constraint.default_violation_error_message
    }


def _sentence(error: drf_errors.APIException) -> str | None:
    """What was said where it was raised; None when nobody said anything but DRF."""
    if isinstance(error.detail, list | dict) or str(error.detail) == str(error.default_detail):
        return None
    return str(error.detail)


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Nested errors by dotted path: {"rules": {1: {"start": [e]}}} is ("rules.1.start", [e])."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            is_about_the_whole = name == WHOLE_REQUEST and path
            yield from _flat(inner, path if is_about_the_whole else f"{path}.{name}".lstrip("."))
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        for index, inner in enumerate(detail):
            yield from _flat(inner, f"{path}.{index}".lstrip("."))
    else:
        messages = detail if isinstance(detail, list) else [detail]
        if messages:
            yield path or WHOLE_REQUEST, [str(message) for message in messages]


def _django_details(error: django_errors.ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return {
            WHOLE_REQUEST if name == django_errors.NON_FIELD_ERRORS else name: messages
            for name, messages in error.message_dict.items()
        }
    return {WHOLE_REQUEST: error.messages}
