"""The envelope, and its bytes. Nothing else in the house writes {"success": …}."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer

from core import request_context

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure as the API tells it. `message` says what to do; no trace, SQL or somebody else's data."""

    status: int
    code: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def json_bytes(value: Any) -> bytes:
    """Raises TypeError for what has no JSON form: an answer lists its fields, it is never a model."""
    return orjson.dumps(value, default=_plain)


def success_bytes(data: Any, meta: Mapping[str, Any] | None = None) -> bytes:
    envelope = {"success": True, "data": data}
    if meta is not None:
        envelope["meta"] = meta
    return json_bytes(envelope)


def problem_bytes(problem: Problem) -> bytes:
    error: dict[str, Any] = {"code": problem.code, "message": problem.message}
    if problem.details:
        error["details"] = problem.details
    return json_bytes({"success": False, "error": error, "request_id": request_context.request_id.get()})


def problem_response(problem: Problem) -> HttpResponse:
    response = HttpResponse(problem_bytes(problem), status=problem.status, content_type=JSON)
    response["Cache-Control"] = "no-store"
    for name, value in problem.headers.items():
        response[name] = value
    return response


class EnvelopeRenderer(BaseRenderer):
    """The envelope for what answers by DRF's own Response; an Answer of ours has its bytes already."""

    media_type = JSON
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return success_bytes(data)


def _plain(value: Any) -> Any:
    """What orjson does not write by itself: lazy translations, decimals (as text, nothing lost) and the like."""
    if isinstance(value, Promise | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form: name its fields.")
