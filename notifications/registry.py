"""The types of message. Upper apps register theirs; this app knows none of them.

A type is a code and a function that makes the words: `render(user, about_id) -> Mail | None`. It is called when the
message is about to leave, in the reader's language and zone, reads the state as it then is, and answers None when the
message no longer applies (the session was cancelled meanwhile). It may be called several times for one message.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Attachment:
    filename: str
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Mail:
    """What a person gets. Nothing about health in `subject` or in a file name: they show on locked screens."""

    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


Render = Callable[[User, uuid.UUID], Mail | None]
_types: dict[str, Render] = {}


class UnknownTypeError(LookupError):
    """No app of this release registered the type."""


def register_type(code: str, render: Render) -> None:
    """Called once a type, from the app's `ready()`."""
    if code in _types and _types[code] is not render:
        raise ValueError(f"Two types of message are called {code}.")
    _types[code] = render


def is_registered(code: str) -> bool:
    return code in _types


def render(code: str, user: User, about_id: uuid.UUID) -> Mail | None:
    """Raises UnknownTypeError, and whatever the type's own function raises."""
    if code not in _types:
        raise UnknownTypeError(code)
    return _types[code](user, about_id)
