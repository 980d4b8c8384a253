"""What a service may say no with.

A service raises one of these; each kind of door (API, page, admin, task) turns it into its answer in one place.
`message` is read by people: it says what to do and carries no SQL, trace or somebody else's data.
"""

from collections.abc import Callable
from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with a code.

    What `look_up` answers is added to the details when somebody asks for them: then the transaction that was refused
    has ended, and nobody waits for its locks while this one is told what to do instead.
    """

    code: ClassVar[str] = "CONFLICT"
    status: ClassVar[int] = 409
    default_message: ClassVar[str] = "This cannot be done now. Load the page again and look at what changed."

    def __init__(
        self,
        message: str | None = None,
        *,
        details: dict[str, Any] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.look_up: Callable[[], dict[str, Any]] | None = None
        self._details = details or {}
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.message)

    @property
    def details(self) -> dict[str, Any]:
        """JSON-ready, such as {"start": ["…"]} or {"alternatives": […]}."""
        if self.look_up is not None:
            look_up, self.look_up = self.look_up, None
            self._details = {**self._details, **look_up()}
        return self._details


class ValidationFailed(DomainError):
    code = "VALIDATION_ERROR"
    status = 400
    default_message = "Some of what was sent cannot be used. See the details."


class NotAuthenticated(DomainError):
    code = "NOT_AUTHENTICATED"
    status = 401
    default_message = "Sign in first."


class TokenExpired(NotAuthenticated):
    code = "TOKEN_EXPIRED"
    default_message = "The access token has expired. Get a new one with the refresh token."


class PermissionDenied(DomainError):
    code = "PERMISSION_DENIED"
    status = 403
    default_message = "Your role does not allow this."


class NotFound(DomainError):
    code = "NOT_FOUND"
    status = 404
    default_message = "There is nothing here, or it is not yours to see."


class Conflict(DomainError):
    pass


class SlotTaken(DomainError):
    """details: {"alternatives": [{"start", "end", "counselor"} × up to 3]}"""

    code = "SLOT_TAKEN"
    default_message = "This time has just been taken. Choose one of the nearest free times."


class SeriesConflict(DomainError):
    """details: {"occurrences": n, "conflicts": [{"number", "start", "message", "alternatives": [{"start", "end"}]}]}

    Each conflict of a move has its "session": {"id", "start"} too, with the start that it has now.
    """

    code = "SERIES_CONFLICT"
    default_message = "Some of these times cannot be had. Take others instead of them, or leave them out."


class HoldExpired(DomainError):
    code = "HOLD_EXPIRED"
    default_message = "The five minutes for this time are over. Choose the time again: it may still be free."


class InvalidState(DomainError):
    code = "INVALID_STATE"
    default_message = "This is no longer possible in the state it is in."


class Throttled(DomainError):
    code = "THROTTLED"
    status = 429
    default_message = "Too many requests. Wait a little and try again."


class UpstreamError(DomainError):
    code = "UPSTREAM_ERROR"
    status = 502
    default_message = "A service we depend on did not answer. Try again in a minute."


class Unavailable(DomainError):
    code = "UNAVAILABLE"
    status = 503
    default_message = "This is not available right now. Try again in a minute."
