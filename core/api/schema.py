"""The reference (OpenAPI 3.1), read off the operations: nothing is described twice."""

from functools import cache
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_doc
from drf_spectacular.utils import OpenApiParameter

from core.api.errors import problem_of_status
from core.api.idempotency import HEADER, MAX_LENGTH, REPLAYED
from core.api.permissions import PUBLIC, may
from core.api.rendering import JSON, json_bytes
from core.api.serializers import Input
from core.api.views import Endpoint, NoBody, NoQuery, Operation

Schema = dict[str, Any]

ALWAYS = (400, 401, 403, 406, 429, 500, 503)
WITH_BODY = (413, 415)
WITH_BODY_METHODS = ("POST", "PUT", "PATCH")
_PATH_TO_WORDS = str.maketrans({"/": "_", "-": "_", ".": "_", "{": None, "}": None})
SECURITY: list[Schema] = [{"bearer": []}, {"session": []}]

PAGINATION: Schema = {
    "type": "object",
    "required": ["page", "page_size", "total", "pages"],
    "properties": {
        "page": {"type": "integer"},
        "page_size": {"type": "integer"},
        "total": {"type": "integer", "description": "Rows in all pages."},
        "pages": {"type": "integer"},
    },
}
FAILURE: Schema = {
    "type": "object",
    "description": "Every answer of 4xx and 5xx.",
    "required": ["success", "error", "request_id"],
    "properties": {
        "success": {"type": "boolean", "const": False},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "For programs, such as VALIDATION_ERROR."},
                "message": {"type": "string", "description": "For people: it says what to do."},
                "details": {
                    "type": "object",
                    "description": "What is wrong, by field; or what the code is documented to carry.",
                    "additionalProperties": True,
                },
            },
        },
        "request_id": {"type": "string", "description": "Name it when you report a problem."},
    },
}


class OperationSchema(AutoSchema):
    """Describes one operation of an Endpoint."""

    @property
    def declared(self) -> Operation:
        return cast(Endpoint, self.view).operations[self.method]

    def get_operation_id(self) -> str:
        words = self.path.removeprefix("/api").translate(_PATH_TO_WORDS)
        return f"{self.method.lower()}_{words.strip('_')}"

    def get_summary(self) -> str:
        return _documentation(self).partition("\n")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        return _documentation(self)

    def get_auth(self) -> list[Schema]:
        if self.declared.action == PUBLIC:
            return [{}]
        return [{}, *SECURITY] if may(AnonymousUser(), self.declared.action) else SECURITY

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = []
        if self.declared.query is not NoQuery:
            parameters.append(self.declared.query)
        if self.declared.is_idempotent:
            parameters.append(
                OpenApiParameter(
                    HEADER,
                    {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": "^[ -~]+$"},
                    OpenApiParameter.HEADER,
                    description="The same key and body again get the first answer again, for 24 hours.",
                )
            )
            parameters.append(
                OpenApiParameter(
                    REPLAYED,
                    str,
                    OpenApiParameter.HEADER,
                    enum=["true"],
                    response=[self.declared.status],
                    description="There when this is a stored answer.",
                )
            )
        return parameters

    def get_request_serializer(self) -> Any:
        return None if self.declared.body is NoBody else self.declared.body

    def get_response_serializers(self) -> Any:
        declared = self.declared
        if declared.media_type != JSON:
            return {(declared.status, declared.media_type): {"type": "string"}}
        return {declared.status: declared.answer}

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return super().get_serializer_name(serializer, direction).removesuffix("Shape")

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False

    def _get_response_for_code(
        self, serializer: Any, status_code: Any, media_types: Any = None, direction: Any = "response"
    ) -> Schema:
        response: Schema = super()._get_response_for_code(  # type: ignore[no-untyped-call]
            serializer, status_code, media_types, direction
        )
        response["description"] = HTTPStatus(int(status_code)).phrase
        content = response.get("content", {}).get(JSON)
        if content is not None:
            content["schema"] = self._enveloped(content["schema"])
        return response

    def _get_response_bodies(self, direction: Any = "response") -> Schema:
        responses: Schema = super()._get_response_bodies(direction)
        for status, codes in self._failures().items():
            responses[str(status)] = {
                "$ref": f"#/components/responses/{_failure_name(status)}",
                "description": ", ".join(sorted(codes)),
            }
        return responses

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Schema:
        schema: Schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, Input):
            schema["additionalProperties"] = False
        return schema

    def _enveloped(self, data: Schema) -> Schema:
        if self.declared.is_list:
            data = {"type": "array", "items": data}
        envelope: Schema = {
            "type": "object",
            "required": ["success", "data"],
            "properties": {"success": {"type": "boolean", "const": True}, "data": data},
        }
        if self.declared.is_page:
            envelope["required"].append("meta")
            envelope["properties"]["meta"] = {
                "type": "object",
                "required": ["pagination"],
                "properties": {"pagination": {"$ref": "#/components/schemas/Pagination"}},
            }
        return envelope

    def _failures(self) -> dict[int, set[str]]:
        """The error codes to expect, by status."""
        statuses = list(ALWAYS)
        if "{" in self.path:
            statuses.append(404)
        if self.declared.is_idempotent:
            statuses.append(409)
        if self.method in WITH_BODY_METHODS:
            statuses += WITH_BODY
        failures = {status: {problem_of_status(status).code} for status in statuses}
        for error in self.declared.raises:
            failures.setdefault(error.status, set()).add(error.code)
        return dict(sorted(failures.items()))


def add_shared_parts(result: Schema, generator: Any, request: Any, public: Any) -> Schema:
    """drf-spectacular's hook: the envelope of failures and the ways to sign in, once for all operations."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {}).update(Failure=FAILURE, Pagination=PAGINATION)
    components["responses"] = {
        _failure_name(status): _failure_response(status) for status in _known_statuses()
    }
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "For our own pages: with the CSRF token as X-CSRFToken on what is not a GET.",
        },
    }
    return result


@cache
def schema_document() -> bytes:
    """The whole reference as JSON. Made once a process: it depends on nothing but the code."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    return json_bytes(generator.get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


def _known_statuses() -> tuple[int, ...]:
    return (*ALWAYS, *WITH_BODY, 404, 409, 502)


def _failure_name(status: int) -> str:
    return HTTPStatus(status).phrase.title().replace(" ", "")


def _failure_response(status: int) -> Schema:
    response: Schema = {
        "description": problem_of_status(status).message,
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Failure"}}},
    }
    if status in (429, 503):
        response["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}
        }
    return response


def _documentation(schema: OperationSchema) -> str:
    return get_doc(getattr(schema.view, schema.method.lower()))
