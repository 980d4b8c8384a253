"""From “this person is to be told” to a mail that has left: never not at all, at most once more than once a crash."""

import threading
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail import BadHeaderError
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ids import uuid7
from core.models import OutboxEntry
from notifications import mails, registry, services
from notifications.models import Delivery, DeliveryStatus
from notifications.registry import Mail
from tests.factories import PatientFactory
from tests.notifications.post import Crash, let_time_pass, tell, work_off

pytestmark = pytest.mark.django_db


class Flaky(EmailBackend):
    """Sends, and is interrupted before or after, as `plan` says for each call."""

    plan: list = []

    def send_messages(self, messages):
        accident = self.plan.pop(0) if self.plan else None
        if accident == "refused":
            raise ConnectionRefusedError
        if accident == "killed before":
            raise Crash
        sent = super().send_messages(messages)
        if accident == "killed after":
            raise Crash
        return sent


@pytest.fixture
def flaky(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Flaky"
    Flaky.plan = []
    yield Flaky
    Flaky.plan = []


def test_a_mail_is_sent_after_the_commit(reader, hello):
    assert tell(reader) == 1
    assert mail.outbox == []
    work_off()
    (sent,) = mail.outbox
    assert (sent.subject, sent.to) == (f"Hello {reader.first_name}", [reader.email])
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.SENT, 1)
    assert delivery.sent_at is not None
    assert not OutboxEntry.objects.filter(done_at=None).exists()


def test_the_same_event_heard_twice_is_told_once(reader, hello):
    assert tell(reader, dedupe="confirmed") == 1
    assert tell(reader, dedupe="confirmed") == 0
    assert tell(reader, dedupe="another") == 1
    work_off()
    assert len(mail.outbox) == 2
    twin = Delivery.objects.first()
    twin.pk = uuid7()
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


def test_who_has_no_address_or_no_account_any_more_gets_no_row(reader, hello):
    by_phone = PatientFactory(user__email=None, user__phone="+919812345678").user
    closed = PatientFactory(user__is_active=False).user
    people = [reader.pk, by_phone.pk, closed.pk, uuid7(), reader.pk]
    assert services.notify(user_ids=people, type_code=hello, about_id=uuid7(), dedupe="x") == 1
    assert Delivery.objects.get().user == reader


def test_nobody_to_tell_is_no_error(hello):
    assert services.notify(user_ids=[], type_code=hello, about_id=uuid7(), dedupe="x") == 0


def test_a_type_that_nobody_registered_is_refused(reader, types):
    with pytest.raises(registry.UnknownTypeError):
        tell(reader, "never.heard.of")
    assert not Delivery.objects.exists()


def test_two_types_of_one_name_are_refused(hello):
    with pytest.raises(ValueError, match="hello"):
        registry.register_type("hello", lambda user, about_id: None)


def test_the_change_and_the_message_are_committed_together(reader, hello):
    with transaction.atomic():
        tell(reader)
        transaction.set_rollback(True)
    work_off()
    assert mail.outbox == []
    assert not Delivery.objects.exists()


def test_words_are_made_in_the_readers_language_and_zone(reader, types):
    seen = []

    def render(user, about_id):
        seen.append((translation.get_language(), timezone.get_current_timezone(), about_id))
        return Mail("Subject", "Text")

    registry.register_type("look", render)
    type(reader).objects.filter(pk=reader.pk).update(language="de")
    about = uuid7()
    tell(reader, "look", about=about)
    work_off()
    assert seen == [("de", ZoneInfo("Asia/Kolkata"), about)]
    assert translation.get_language() == "en"


def test_what_no_longer_applies_is_not_sent(reader, types):
    registry.register_type("late", lambda user, about_id: None)
    tell(reader, "late")
    work_off()
    assert mail.outbox == []
    assert Delivery.objects.get().status == DeliveryStatus.OBSOLETE
    assert not OutboxEntry.objects.filter(done_at=None).exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": None, "phone": "+919812345678"}])
def test_who_left_meanwhile_is_not_written_to(reader, hello, change):
    tell(reader)
    type(reader).objects.filter(pk=reader.pk).update(**change)
    work_off()
    assert mail.outbox == []
    assert Delivery.objects.get().status == DeliveryStatus.OBSOLETE


def test_it_goes_to_the_address_as_it_is_when_it_leaves(reader, hello):
    tell(reader)
    type(reader).objects.filter(pk=reader.pk).update(email="new@example.test")
    work_off()
    assert mail.outbox[0].to == ["new@example.test"]


# --- crashes


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(accidents=st.lists(st.sampled_from(["refused", "killed before", "killed after"]), max_size=6))
def test_every_message_leaves_and_at_most_once_more_for_each_crash(reader, hello, flaky, accidents):
    mail.outbox.clear()
    tell(reader, dedupe=str(uuid7()))
    flaky.plan = list(accidents)
    for _ in range(len(accidents) + 1):
        work_off()
        let_time_pass()
    work_off()
    assert len(mail.outbox) == 1 + accidents.count("killed after")
    assert set(Delivery.objects.values_list("status", flat=True)) == {DeliveryStatus.SENT}
    assert not OutboxEntry.objects.filter(done_at=None).exists()


def test_a_repetition_is_recognisable_by_its_message_id(reader, hello, flaky):
    tell(reader)
    flaky.plan = ["killed after"]
    work_off()
    let_time_pass()
    work_off()
    first, second = mail.outbox
    assert first.message()["Message-ID"] == second.message()["Message-ID"]
    assert str(Delivery.objects.get().pk) in first.message()["Message-ID"]


def test_a_crash_before_the_result_is_written_does_not_end_the_matter(reader, hello, monkeypatch):
    tell(reader)
    with monkeypatch.context() as patch:
        patch.setattr(services, "_settle", lambda *_: (_ for _ in ()).throw(Crash()))
        work_off()
    assert Delivery.objects.get().status == DeliveryStatus.SENDING
    let_time_pass()
    work_off()
    assert Delivery.objects.get().status == DeliveryStatus.SENT
    assert len(mail.outbox) == 2


def test_a_message_that_another_worker_is_sending_is_left_to_it_but_not_forgotten(reader, hello):
    tell(reader)
    delivery = Delivery.objects.get()
    assert services._claim(delivery.pk) is not None
    with pytest.raises(services.DeliveryBusyError):
        services.send_delivery(delivery_id=delivery.pk)
    work_off()
    assert mail.outbox == []
    assert OutboxEntry.objects.filter(done_at=None).count() == 1
    let_time_pass()
    work_off()
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_it_once(hello):
    reader = PatientFactory().user
    tell(reader)
    (delivery,) = Delivery.objects.all()
    barrier = threading.Barrier(6)

    def work():
        barrier.wait()
        try:
            services.send_delivery(delivery_id=delivery.pk)
        except services.DeliveryBusyError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail.outbox) == 1
    assert Delivery.objects.get().attempts == 1


def test_a_worker_that_was_given_up_on_does_not_undo_what_its_successor_did(reader, hello):
    tell(reader)
    (slow,) = [services._claim(pk) for pk in Delivery.objects.values_list("pk", flat=True)]
    let_time_pass()
    work_off()
    assert Delivery.objects.get().status == DeliveryStatus.SENT
    services._note_failure(slow, ConnectionError())
    assert Delivery.objects.get().status == DeliveryStatus.SENT


def test_what_cannot_be_sent_is_given_up_in_the_end_and_says_why(reader, hello, flaky, monkeypatch):
    monkeypatch.setattr(services, "MAX_ATTEMPTS", 3)
    flaky.plan = ["refused"] * 10
    tell(reader)
    for attempts in (1, 2, 3):
        let_time_pass()
        work_off(rounds=1)
        assert Delivery.objects.get().attempts == attempts
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.last_error) == (DeliveryStatus.FAILED, "ConnectionRefusedError")
    assert not OutboxEntry.objects.filter(done_at=None).exists()
    let_time_pass()
    work_off()
    assert mail.outbox == []


def test_one_persons_trouble_is_nobody_elses(reader, types):
    def render(user, about_id):
        if user == reader:
            raise RuntimeError("a defect")
        return Mail("Subject", "Text")

    registry.register_type("fragile", render)
    other = PatientFactory().user
    services.notify(user_ids=[reader.pk, other.pk], type_code="fragile", about_id=uuid7(), dedupe="x")
    work_off()
    assert [message.to for message in mail.outbox] == [[other.email]]
    assert Delivery.objects.get(user=reader).last_error == "RuntimeError"


# --- what a mail is made of


@pytest.mark.parametrize("break_", ["\n", "\r", "\r\n"])
def test_a_header_cannot_be_smuggled_in(reader, types, break_):
    registry.register_type("sly", lambda user, _: Mail(f"Hello{break_}Bcc: everyone@example.test", "Text"))
    tell(reader, "sly")
    work_off()
    assert mail.outbox == []
    assert Delivery.objects.get().last_error == "BadHeaderError"
    reader.email = f"me@example.test{break_}Bcc: everyone@example.test"
    with pytest.raises(BadHeaderError):
        mails.send(Mail("Subject", "Text"), to=reader, message_id=uuid7())


def test_a_mail_holds_text_html_and_a_calendar_that_programs_recognise(reader, types):
    calendar = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:L\xc3\xb6wen\r\nEND:VCALENDAR\r\n"
    content = Mail("Hi", "Plain\n", "<p>Rich</p>", (mails.calendar_attachment(calendar, method="REQUEST"),))
    mails.send(content, to=reader, message_id=uuid7())
    message = message_from_bytes(mail.outbox[0].message().as_bytes(), policy=policy.default)
    assert message.get_body(("plain",)).get_content() == "Plain\n"
    assert message.get_body(("html",)).get_content().strip() == "<p>Rich</p>"
    (attached,) = message.iter_attachments()
    assert attached.get_content_type() == "text/calendar"
    assert attached["content-type"].params["method"] == "REQUEST"
    assert attached.get_filename() == "appointment.ics"
    assert attached.get_payload(decode=True) == calendar
    assert message["Auto-Submitted"] == "auto-generated"
