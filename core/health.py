"""Whether this process is alive, and whether it can serve."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import structlog
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from core.redis_client import redis_client

log = structlog.get_logger(__name__)

LIMIT_SECONDS = 0.5
# A server that does not answer holds its thread until the driver gives up. Those threads are few and asked by nobody
# else, so a storm of health requests costs no more than this.
_threads = ThreadPoolExecutor(max_workers=6, thread_name_prefix="health")


@dataclass(frozen=True)
class Part:
    """One thing this process needs. `milliseconds` is how long it took to answer, or to be given up."""

    name: str
    is_ready: bool
    milliseconds: int


class HealthMiddleware:
    """Answers /health and /health/ready before sessions, hosts and sign-in are looked at.

    A load balancer asks by address rather than by host name, and must get an answer while Redis is away.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = {"/health": alive, "/health/ready": ready}.get(request.path_info)
        if answer is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return JsonResponse({"status": "method not allowed"}, status=405, headers={"Allow": "GET, HEAD"})
        response = answer()
        response["Cache-Control"] = "no-store"
        return response


def alive() -> JsonResponse:
    return JsonResponse({"status": "alive"})


def ready() -> JsonResponse:
    """200 when everything needed answers within its 500 ms, else 503; says which part, never why (the log does)."""
    parts = check_parts()
    is_ready = all(part.is_ready for part in parts)
    body = {
        "status": "ready" if is_ready else "not ready",
        "parts": {part.name: {"ready": part.is_ready, "milliseconds": part.milliseconds} for part in parts},
    }
    return JsonResponse(body, status=200 if is_ready else 503)


def check_parts() -> list[Part]:
    """Asks all parts at once; each is given 500 ms."""
    started = time.monotonic()
    answers = {name: _threads.submit(ask) for name, ask in QUESTIONS.items()}
    return [_part(name, answer, started) for name, answer in answers.items()]


def _part(name: str, answer: Future[None], started: float) -> Part:
    try:
        answer.result(timeout=max(0.0, started + LIMIT_SECONDS - time.monotonic()))
        is_ready = True
    except Exception as error:  # whatever went wrong, the answer is "not ready"
        log.warning("health.not_ready", part=name, reason=type(error).__name__)
        is_ready = False
    return Part(name, is_ready, round((time.monotonic() - started) * 1000))


def _ask_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def _ask_migrations() -> None:
    try:
        missing = _newest_migrations() - set(MigrationRecorder(connection).applied_migrations())
    finally:
        connection.close()
    if missing:
        raise MigrationsMissingError(", ".join(f"{app}.{name}" for app, name in sorted(missing)))


def _ask_redis() -> None:
    redis_client().ping()


class MigrationsMissingError(Exception):
    """The database is older than the code."""


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


QUESTIONS: dict[str, Callable[[], None]] = {
    "database": _ask_database,
    "redis": _ask_redis,
    "migrations": _ask_migrations,
}
