"""/dev/mail: what development sent, and no such page anywhere else."""

import pytest

from core.ids import uuid7
from notifications import mailbox, mails
from notifications.registry import Mail
from tests.factories import UserFactory

PAGES = ["/dev/mail", "/dev/mail/{name}", "/dev/mail/{name}/html", "/dev/mail/{name}/attachments/0"]


@pytest.fixture
def folder(settings, tmp_path):
    settings.EMAIL_BACKEND = "notifications.backends.FolderBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    settings.DEBUG = True
    return tmp_path


@pytest.fixture
def name(folder):
    letter = Mail(
        "A <b>letter</b>",
        "See http://localhost:8000/sessions\n",
        "<p onclick='x()'>Hi</p><script>alert(1)</script>",
        (mails.calendar_attachment(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", method="PUBLISH"),),
    )
    mails.send(letter, to=UserFactory.build(email="reader@example.test"), message_id=uuid7())
    (stored,) = mailbox.latest()
    return stored.name


def test_the_mails_are_listed(client, db, name):
    page = client.get("/dev/mail")
    assert page.status_code == 200
    assert "A &lt;b&gt;letter&lt;/b&gt;" in page.content.decode()
    assert "reader@example.test" in page.content.decode()


def test_an_empty_mailbox_says_what_to_do(client, db, folder):
    assert "Nothing was sent yet" in client.get("/dev/mail").content.decode()


def test_a_mail_is_shown_with_its_links_and_its_attachment(client, db, name):
    page = client.get(f"/dev/mail/{name}")
    body = page.content.decode()
    assert 'href="http://localhost:8000/sessions"' in body
    assert "appointment.ics" in body
    assert "<script>alert" not in body
    assert "frame-src 'self'" in page["Content-Security-Policy"]


def test_the_html_cannot_do_anything(client, db, name):
    page = client.get(f"/dev/mail/{name}/html")
    assert "Hi" in page.content.decode()
    policy = page["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert page["X-Frame-Options"] == "SAMEORIGIN"


def test_an_attachment_is_downloaded(client, db, name):
    answer = client.get(f"/dev/mail/{name}/attachments/0")
    assert answer["Content-Type"] == "text/calendar"
    assert answer["Content-Disposition"] == 'attachment; filename="appointment.ics"'
    assert answer.content.startswith(b"BEGIN:VCALENDAR")
    assert client.get(f"/dev/mail/{name}/attachments/1").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_none_of_it_is_there_without_debug(client, db, settings, name, page):
    settings.DEBUG = False
    assert client.get(page.format(name=name)).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_none_of_it_takes_a_post(client, db, name, page):
    assert client.post(page.format(name=name)).status_code == 405


@pytest.mark.parametrize("other", ["nothing", "..%2f..%2fetc%2fpasswd", "20261120T000000-" + "0" * 36, "."])
def test_only_mails_can_be_named(client, db, folder, other):
    (folder / "nothing.eml").write_text("Subject: not ours")
    assert client.get(f"/dev/mail/{other}").status_code == 404
