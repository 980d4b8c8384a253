"""What every endpoint is: an `Endpoint` whose methods are `@operation`s.

    class SessionCollection(Endpoint):
        @operation(Action.SESSION_BOOK, body=BookBody, answer=SessionShape, status=201, idempotent=True)
        def post(self, request: Request, body: dict[str, Any]) -> Answer:
            "Book a session."
            return Created(session_answer(book_session(actor=request.user, **body)))

An operation says once who may (a row of the role table), what it takes and what it answers; that is checked on every
request, and is what the reference and the walking matrix test read. A method that is not an operation is refused when
the class is made.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from core import request_context
from core.api.answers import NoContent
from core.api.idempotency import answer_once
from core.api.parsers import BodyParser
from core.api.permissions import PUBLIC, may
from core.api.rendering import JSON, EnvelopeRenderer
from core.api.serializers import Body, Query, Shape
from core.api.throttling import begin_spending_request, spend_request
from core.api.versioning import version_of
from core.errors import DomainError, NotAuthenticated, NotFound, PermissionDenied, Throttled, ValidationFailed
from core.statements import Statement, send_along, send_nothing_along

METHODS = ("get", "post", "put", "patch", "delete")

Handler = Callable[..., HttpResponseBase]
Ahead = Callable[[Request, dict[str, Any]], Sequence[Statement]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of an endpoint, as declared. `action` is a row of the role table, or PUBLIC."""

    action: str
    query: type[Query]
    body: type[Body]
    answer: type[Shape] | None
    is_list: bool
    is_page: bool
    status: int
    raises: tuple[type[DomainError], ...]
    is_idempotent: bool
    media_type: str
    ahead: Ahead | None

    def parse(self, request: Request) -> dict[str, Any]:
        """The checked query and body, as far as the handler takes them. Raises ValidationError, by field."""
        parsed = {}
        query = request._request.META.get("QUERY_STRING", "")
        if self.query is not NoQuery:
            parsed["query"] = self.query.parse_string(query)
        elif query:
            NoQuery.parse_string(query)
        if self.body is not NoBody:
            parsed["body"] = self.body.parse(request.data, partial=request.method == "PATCH")
        elif request.method not in ("GET", "HEAD"):
            NoBody.parse(request.data)
        return parsed


class NoQuery(Query):
    """The query string of an operation that takes none."""


class NoBody(Body):
    """The body of an operation that takes none: empty, or {}."""


def operation(
    action: str,
    *,
    query: type[Query] = NoQuery,
    body: type[Body] = NoBody,
    answer: type[Shape] | None = None,
    many: bool = False,
    paged: bool = False,
    status: int = 200,
    raises: tuple[type[DomainError], ...] = (),
    idempotent: bool = False,
    media_type: str = JSON,
    ahead: Ahead | None = None,
) -> Callable[[Handler], Handler]:
    """Declares a method of an Endpoint.

    - `action`: the row of the role table; PUBLIC for what stands outside of it (sign-in). A visitor whom the row does
      not admit gets 401, a role that it does not admit 403.
    - `query`, `body`: the handler gets the checked values as the keyword of that name, when declared. Nothing else
      may be sent. PATCH checks only what is there.
    - `answer`: the shape of `data`; `many`: a list of it; `paged`: a page of such a list.
    - `raises`: the refusals that clients should expect, for the reference.
    - `idempotent`: the method honours Idempotency-Key (signed-in users only).
    - `media_type`: of an answer that is a file; then the handler returns a Django response.
    - `ahead`: of the request and what is parsed, the statements that the handler will read first, for them to go in one
      round trip with the question who is asking (core.statements.send_along). Only for what changes nothing.
    """
    if idempotent and action == PUBLIC:
        raise TypeError("Idempotency-Key needs a signed-in user.")
    declared = Operation(
        action, query, body, answer, many or paged, paged, status, raises, idempotent, media_type, ahead
    )

    def declare(handler: Handler) -> Handler:
        @wraps(handler)
        def run(self: "Endpoint", request: Request, **kwargs: Any) -> HttpResponseBase:
            kwargs |= declared.parse(request) if self._parsed is None else self._parsed
            if idempotent:
                return answer_once(request, lambda: handler(self, request, **kwargs))
            return handler(self, request, **kwargs)

        run.operation = declared  # type: ignore[attr-defined]
        return run

    return declare


class _NoNegotiation(BaseContentNegotiation):
    """One parser, and one renderer whatever is accepted."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        content_type = request.content_type.partition(";")[0].strip().lower()
        return parsers[0] if content_type == JSON or content_type.endswith("+json") else None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], JSON


class Endpoint(APIView):
    """Closed by default; lean: what DRF builds for each request and never changes is built once here."""

    operations: ClassVar[dict[str, Operation]] = {}
    cache_control: ClassVar[str] = "no-store"
    max_body_bytes: ClassVar[int | None] = None
    # What pages have and endpoints do without (core.middleware.ApiDoorMiddleware), for one that calls code of pages.
    uses_page_middleware: ClassVar[bool] = False

    _parsed: dict[str, Any] | None = None
    _parsers: ClassVar[list[Any]] = [BodyParser()]
    _renderers: ClassVar[list[Any]] = [EnvelopeRenderer()]
    _negotiation: ClassVar[_NoNegotiation] = _NoNegotiation()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.operations = {}
        for method in METHODS:
            handler = getattr(cls, method, None)
            if handler is None:
                continue
            if not hasattr(handler, "operation"):
                raise TypeError(f"{cls.__name__}.{method} is not an @operation: nobody has said who may.")
            cls.operations[method.upper()] = handler.operation

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {}

    @property
    def allowed_methods(self) -> list[str]:
        head = ["HEAD"] if "GET" in self.operations else []
        return [*self.operations, *head, "OPTIONS"]

    def get_parsers(self) -> list[Any]:
        return self._parsers

    def get_renderers(self) -> list[Any]:
        return self._renderers

    def get_content_negotiator(self) -> Any:
        return self._negotiation

    def get_authenticators(self) -> list[Any]:
        return _authenticators(tuple(self.authentication_classes))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            send_nothing_along()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Method, size, version, who, how often, may they: in this order, and a bad token counts as a visitor."""
        plain = request._request  # what DRF's request does not have itself costs two look-ups more
        method = str(plain.method)
        if method == "OPTIONS":
            return
        declared = self.operations.get("GET" if method == "HEAD" else method)
        if declared is None:
            raise exceptions.MethodNotAllowed(method)
        self._refuse_body_by_length(plain)
        request.version = version_of(plain.META.get("HTTP_ACCEPT", ""))
        if declared.ahead is not None:
            self._read_ahead(request, declared, declared.ahead)
        user = self._authenticate_and_count(request)
        if not may(user, declared.action):
            raise PermissionDenied() if user.is_authenticated else NotAuthenticated()

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response.setdefault("Cache-Control", self.cache_control)
        return response

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        response = NoContent()
        response["Allow"] = ", ".join(self.allowed_methods)
        return response

    def handle_exception(self, exc: Exception) -> HttpResponseBase:  # type: ignore[override]
        response: HttpResponseBase = self.get_exception_handler()(exc, {"view": self})
        if response.status_code == 405:
            response["Allow"] = ", ".join(self.allowed_methods)
        return response

    def _refuse_body_by_length(self, request: HttpRequest) -> None:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if not length and "HTTP_TRANSFER_ENCODING" in request.META:  # WSGI would show it as no body at all
            raise ValidationFailed("Send the body with its Content-Length, not in chunks.")
        if length > (self.max_body_bytes or settings.API_MAX_BODY_BYTES):
            raise RequestDataTooBig

    def _read_ahead(self, request: Request, declared: Operation, ahead: Ahead) -> None:
        try:
            self._parsed = declared.parse(request)
        except (exceptions.APIException, DomainError):
            return  # it is said in its turn: first, whether they may ask at all
        send_along(*ahead(request, self._parsed))

    def _authenticate_and_count(self, request: Request) -> Any:
        """Redis counts for whom the request says it is from, while PostgreSQL is asked whether that holds."""
        address = request_context.ip.get()
        expected = self._expected_user_id(request)
        is_counted = expected and begin_spending_request(user_id=expected, address=address)
        try:
            user = request.user
        except Exception:
            if is_counted:
                with suppress(Throttled):
                    is_counted()
            spend_request(user_id=None, address=address)
            raise
        if is_counted:
            is_counted()
        if not is_counted or user.pk != expected:
            spend_request(user_id=user.pk if user.is_authenticated else None, address=address)
        return user

    def _expected_user_id(self, request: Request) -> UUID | None:
        """For an authenticator that knows, before it looks anything up, whose request it is if it is anybody's."""
        for authenticator in self.get_authenticators():
            foretell = getattr(authenticator, "expected_user_id", None)
            if foretell is not None:
                return foretell(request)
        return None


@cache
def _authenticators(kinds: tuple[type[Any], ...]) -> list[Any]:
    """They keep nothing of a request, so one of each serves all."""
    return [kind() for kind in kinds]


class UnknownAddress(Endpoint):
    """Every path under /api that nothing else answers."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.finalize_response(self.initialize_request(request), self.handle_exception(NotFound()))
