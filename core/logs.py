"""Logs as lines of JSON in production and as readable lines elsewhere, never with personal data in them."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, cast

import orjson
import psycopg
import structlog
from django.db import Error as DatabaseError

from core import request_context

PERSONAL_KEYS = frozenset(
    {
        "address", "authorization", "cookie", "date_of_birth", "display_name", "email", "first_name", "headers",
        "last_name", "name", "note", "notes", "password", "phone", "recipient", "recipients", "secret", "subject",
        "text", "to", "token", "username",
    }
)  # fmt: skip
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
REMOVED = "[removed]"


def with_request_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Every line that is written while a request is answered names it."""
    if request_id := request_context.request_id.get():
        event.setdefault("request_id", request_id)
    return event


def without_personal_data(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The last line of defence: callers log ids and codes; what slips through by name or as an address is removed."""
    for key, value in event.items():
        if key in PERSONAL_KEYS:
            event[key] = REMOVED
        elif isinstance(value, str) and "@" in value:
            event[key] = EMAIL.sub(REMOVED, value)
    return event


def exception_text(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The frames of an exception and of what led to it, each with its message as far as it names no values.

    A broken constraint's message goes on to quote the row ("Failing row contains …"), so a database error keeps its
    first line only.
    """
    error = event.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    elif error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["exception"] = "\n\n".join(_told(each) for each in _led_to(error))
    return event


def _led_to(error: BaseException) -> list[BaseException]:
    """The error and its causes, oldest first."""
    errors = [error]
    while True:
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if before is None or before in errors:
            return errors[::-1]
        errors.append(before)
        error = before


def _told(error: BaseException) -> str:
    message = str(error)
    if isinstance(error, DatabaseError | psycopg.Error):
        message = message.partition("\n")[0]
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{type(error).__module__}.{type(error).__qualname__}: {message}"


class OnlyUnhandled(logging.Filter):
    """Of Django's words about requests, those about an exception nobody handled; the access log has the rest.

    They name the path, which holds ids and tokens: the route's pattern is in the access log.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = "request.unhandled", ()
        return bool(record.exc_info)


class WithoutPath(logging.Filter):
    """Django's words about a refused form without the path, which may hold a token of a letter."""

    def filter(self, record: logging.LogRecord) -> bool:
        reason = record.args[0] if isinstance(record.args, tuple) and record.args else ""
        record.msg, record.args = "request.csrf_refused: %s", (reason,)
        return True


class RequestLine(logging.Formatter):
    """The line of the access log: a dict of codes and ids, written as it is, since every request pays for it."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        values = cast(dict[str, Any], record.msg)
        if not self.as_json:
            return "{method} /{route} {status} {duration_ms} ms".format(**values)
        at = datetime.fromtimestamp(record.created, UTC)
        return orjson.dumps({"event": "request", "level": "info", "timestamp": at, **values}).decode()


SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    with_request_id,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    exception_text,
]


def configure(*, as_json: bool, level: str) -> dict[str, Any]:
    """Sets structlog up and returns Django's LOGGING: both go through the same processors to standard error."""
    structlog.configure(
        processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    without_personal_data,
                    renderer,
                ],
                "foreign_pre_chain": SHARED_PROCESSORS,
            },
            "request_line": {"()": RequestLine, "as_json": as_json},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "structured"},
            "requests": {"class": "logging.StreamHandler", "formatter": "request_line"},
        },
        "root": {"handlers": ["console"], "level": level},
        "filters": {"only_unhandled": {"()": OnlyUnhandled}, "without_path": {"()": WithoutPath}},
        "loggers": {
            "access": {"handlers": ["requests"], "level": level, "propagate": False},
            "django.request": {"filters": ["only_unhandled"]},
            "django.security.csrf": {"filters": ["without_path"]},
            "django": {"handlers": [], "level": level, "propagate": True},
            # Requests are logged once, by core.middleware, without what people put into addresses.
            **{name: {"level": "WARNING"} for name in ("django.server", "django.channels.server", "daphne")},
            "django.utils.autoreload": {"level": "WARNING"},
        },
    }
