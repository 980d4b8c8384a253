"""The ways out of the house, over real sockets: SMTP, the providers' HTTP, and development's folder."""

import base64
import time
from email import message_from_bytes, policy
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from anymail.exceptions import AnymailAPIError

from core.ids import uuid7
from notifications import mailbox, mails
from notifications.checks import mail_leaves_the_house
from notifications.registry import Mail
from tests.factories import UserFactory
from tests.notifications.servers import mail_api, smtp_server

CALENDAR = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
LETTER = Mail("Grüße", "Plain\n", "<p>Rich</p>", (mails.calendar_attachment(CALENDAR, method="REQUEST"),))


@pytest.fixture
def reader():
    return UserFactory.build(email="reader@example.test")


@pytest.fixture
def smtp(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = "127.0.0.1", False, 1
    return settings


def send(reader):
    mails.send(LETTER, to=reader, message_id=uuid7())


def test_by_smtp(smtp, reader):
    with smtp_server() as (port, received):
        smtp.EMAIL_PORT = port
        send(reader)
    message = message_from_bytes(received[0], policy=policy.default)
    assert (message["subject"], message["to"]) == ("Grüße", "reader@example.test")
    assert [part.get_content_type() for part in message.iter_attachments()] == ["text/calendar"]


def test_an_smtp_server_that_says_nothing_does_not_hold_us_up(smtp, reader):
    with smtp_server(is_silent=True) as (port, _):
        smtp.EMAIL_PORT = port
        began = time.monotonic()
        with pytest.raises((TimeoutError, SMTPServerDisconnected)):
            send(reader)
        assert time.monotonic() - began < 5


def test_a_refused_recipient_is_an_error(smtp, reader):
    with smtp_server(refuses=True) as (port, received):
        smtp.EMAIL_PORT = port
        with pytest.raises(SMTPRecipientsRefused):
            send(reader)
    assert received == []


@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support")
@pytest.mark.parametrize("provider", ["sendgrid", "resend"])
def test_by_a_providers_http(settings, reader, provider):
    settings.EMAIL_BACKEND = f"anymail.backends.{provider}.EmailBackend"
    with mail_api() as (address, received):
        settings.ANYMAIL = {f"{provider.upper()}_API_KEY": "secret", f"{provider.upper()}_API_URL": address}
        send(reader)
    ((_, headers, body),) = received
    assert headers["Authorization"] == "Bearer secret"
    assert body["subject"] == "Grüße"
    (attached,) = body["attachments"]
    assert base64.b64decode(attached["content"]) == CALENDAR
    assert attached["filename"] == "appointment.ics"
    assert "text/calendar" in str(attached)


def test_a_providers_refusal_is_an_error(settings, reader):
    settings.EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
    with mail_api(status=422) as (address, _):
        settings.ANYMAIL = {"RESEND_API_KEY": "secret", "RESEND_API_URL": address}
        with pytest.raises(AnymailAPIError):
            send(reader)


def test_into_the_folder_of_development(settings, reader, tmp_path):
    settings.EMAIL_BACKEND = "notifications.backends.FolderBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "not" / "there" / "yet"
    send(reader)
    time.sleep(0.002)
    send(reader)
    first, second = mailbox.latest()
    assert first.name > second.name
    assert (first.subject, first.to) == ("Grüße", "reader@example.test")
    assert (first.text, first.html.strip()) == ("Plain\n", "<p>Rich</p>")
    assert first.attachments[0].filename == "appointment.ics"
    assert not list(settings.EMAIL_FILE_PATH.glob("*.part"))


@pytest.mark.parametrize(
    ("backend", "found"),
    [
        ("notifications.backends.FolderBackend", ["notifications.E001"]),
        ("django.core.mail.backends.console.EmailBackend", ["notifications.E001"]),
        ("django.core.mail.backends.smtp.EmailBackend", []),
    ],
)
def test_a_production_that_keeps_its_mail_to_itself_is_refused(settings, backend, found):
    settings.EMAIL_BACKEND = backend
    assert [problem.id for problem in mail_leaves_the_house()] == found
