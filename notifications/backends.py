"""Development's mail: one file a message under var/mail, which /dev/mail shows, from whatever process it was sent."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from core.ids import uuid7


class FolderBackend(BaseEmailBackend):
    def __init__(self, fail_silently: bool = False, **_: Any) -> None:
        super().__init__(fail_silently)
        self.folder = Path(settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            self._write(message)
        return len(email_messages)

    def _write(self, message: EmailMessage) -> None:
        """Moved into place when it is whole: a reader never sees half a message."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid7()}"
        unfinished = self.folder / f"{name}.part"
        unfinished.write_bytes(message.message().as_bytes())
        unfinished.rename(self.folder / f"{name}.eml")
