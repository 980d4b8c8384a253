"""Reading the mail that development keeps in a folder (backends.FolderBackend). Newest first."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

from core.errors import NotFound
from notifications.registry import Attachment

NAME = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class StoredMail:
    name: str
    subject: str
    sender: str
    to: str
    at: datetime
    text: str
    html: str
    attachments: tuple[Attachment, ...]


def latest(limit: int = 100) -> list[StoredMail]:
    names = sorted((path.stem for path in _folder().glob("*.eml")), reverse=True)
    return [read(name) for name in names[:limit] if NAME.fullmatch(name)]


def read(name: str) -> StoredMail:
    """Raises NotFound for a name that is none of ours."""
    path = _folder() / f"{name}.eml"
    if not (NAME.fullmatch(name) and path.is_file()):
        raise NotFound("There is no such mail. It may have been deleted.")
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    return StoredMail(
        name=name,
        subject=message["subject"],
        sender=message["from"],
        to=message["to"],
        # Django dates in UTC and says “-0000”, which this parser takes for no zone at all.
        at=message["date"].datetime.replace(tzinfo=UTC),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        attachments=tuple(_attachment(part) for part in message.iter_attachments()),
    )


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return "" if part is None else part.get_content()


def _attachment(part: EmailMessage) -> Attachment:
    content = part.get_payload(decode=True)
    return Attachment(
        filename=part.get_filename() or "attachment",
        content=content if isinstance(content, bytes) else b"",
        content_type=part.get_content_type(),
    )
