"""E-mail: from templates to words, and from words to the configured backend."""

import re
import uuid
from collections.abc import Sequence
from email.encoders import encode_base64
from email.message import Message
from email.mime.base import MIMEBase
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from accounts.models import User
from notifications.registry import Attachment, Mail

CALENDAR_FILENAME = "appointment.ics"
BLANK_LINES = re.compile(r"\n\s*\n")


def compose(
    *, template: str, subject: str, context: dict[str, Any], attachments: Sequence[Attachment] = ()
) -> Mail:
    """A mail from `<template>.txt` and `<template>.html`, which extend notifications/mail/base.txt and .html.

    Both are given `subject` and `site_url` beside `context`.
    """
    whole = {"subject": subject, "site_url": settings.SITE_URL} | context
    return Mail(
        subject=subject,
        text=BLANK_LINES.sub("\n\n", render_to_string(f"{template}.txt", whole)).strip() + "\n",
        html=render_to_string(f"{template}.html", whole),
        attachments=tuple(attachments),
    )


def calendar_attachment(content: bytes, *, method: str) -> Attachment:
    """A calendar file as mail programs expect it; `method` must be the one inside."""
    return Attachment(CALENDAR_FILENAME, content, f"text/calendar; method={method}; charset=utf-8")


def send(mail: Mail, *, to: User, message_id: uuid.UUID) -> None:
    """Hand a mail to the backend (settings.EMAIL_BACKEND), within its timeout. Raises what the backend raises.

    `message_id` makes a repetition recognisable: a mailbox that has the message already may drop the second.
    """
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[str(to.email)],
        headers={
            "Message-ID": f"<{message_id}@{site_host()}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    for attachment in mail.attachments:
        message.attach(_part(attachment))
    if message.send() != 1:
        raise NotAcceptedError


def _part(attachment: Attachment) -> MIMEBase:
    """Made by hand: of a type with parameters, Django and the providers' backends each make something else."""
    header = Message()
    header["Content-Type"] = attachment.content_type
    part = MIMEBase(header.get_content_maintype(), header.get_content_subtype())
    for name, value in header.get_params([])[1:]:
        part.set_param(name, value)
    part.set_payload(attachment.content)
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=attachment.filename)
    return part


class NotAcceptedError(RuntimeError):
    """The backend took the message without an error, but not for delivery."""


def site_host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"
