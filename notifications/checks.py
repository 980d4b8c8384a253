"""Refuses a production that would keep its mail to itself."""

from typing import Any

from django.conf import settings
from django.core import checks

KEPT_HERE = ("notifications.backends.FolderBackend", "django.core.mail.backends.console.EmailBackend")


@checks.register(checks.Tags.compatibility, deploy=True)
def mail_leaves_the_house(**_: Any) -> list[checks.CheckMessage]:
    if settings.DEBUG or settings.EMAIL_BACKEND not in KEPT_HERE:
        return []
    return [
        checks.Error(
            "Mail is written to this machine and sent to nobody.",
            hint="Set MAIL_PROVIDER to smtp, sendgrid or resend.",
            id="notifications.E001",
        )
    ]
