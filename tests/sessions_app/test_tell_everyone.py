"""Booked, cancelled: everyone who takes part gets a mail, with a calendar file, in their own zone and words."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone
from icalendar import Calendar

from core.models import OutboxEntry
from notifications.models import Delivery
from sessions_app.models import Mode, Session
from sessions_app.services.cancellation import cancel_session
from tests.factories import CounselorFactory, PatientFactory
from tests.notifications.post import let_time_pass, work_off
from tests.sessions_app.clinic import book, coming, open_practice

HEALTH = re.compile(r"therap|counsel|mental|psych|health|anxi|session", re.IGNORECASE)


@pytest.fixture
def practice(db):
    counselor = CounselorFactory(
        user__first_name="Asha", user__last_name="Mehta", user__timezone="America/New_York",
        primary_centre__timezone="Asia/Kolkata", primary_centre__address="4 Mill Lane",
    )  # fmt: skip
    return open_practice(counselor=counselor)


@pytest.fixture
def patient(db):
    return PatientFactory(
        user__first_name="Ida", user__last_name="Stone", user__timezone="Europe/London"
    ).user


def mails_to(user):
    return [message for message in mail.outbox if message.to == [user.email]]


def calendar_of(message):
    (attached,) = [part for part in message.message().walk() if part.get_content_type() == "text/calendar"]
    return Calendar.from_ical(attached.get_payload(decode=True)), attached


def html_of(message):
    return message.alternatives[0][0]


def test_patient_and_counselor_hear_of_a_booking(practice, patient):
    session = book(practice, patient, coming(3, 15))
    assert mail.outbox == []
    work_off()
    (to_patient,), (to_counselor,) = mails_to(patient), mails_to(practice.user)
    assert len(mail.outbox) == 2
    for message, method in ((to_patient, "REQUEST"), (to_counselor, "REQUEST")):
        calendar, attached = calendar_of(message)
        assert calendar["METHOD"] == method == attached.get_param("method")
        (event,) = calendar.walk("VEVENT")
        assert event.start == session.start
        assert event["ATTENDEE"] == f"mailto:{message.to[0]}"
    assert "With: Asha Mehta" in to_patient.body
    assert "With: Ida Stone" in to_counselor.body


def test_each_reads_it_in_their_own_zone(practice, patient):
    start = datetime(2027, 1, 12, 15, tzinfo=UTC)
    book(practice, patient, start)
    work_off()
    (to_patient,), (to_counselor,) = mails_to(patient), mails_to(practice.user)
    assert to_patient.subject == "Your appointment on Tuesday 12 January at 3:00 pm"
    assert "When: Tuesday 12 January 2027, 3:00 pm to 3:50 pm, London time\n" in to_patient.body
    assert to_counselor.subject == "Your appointment on Tuesday 12 January at 10:00 am"
    assert "10:00 am to 10:50 am, New York time" in to_counselor.body
    assert "DTSTART;TZID=America/New_York:20270112T100000" in calendar_of(to_counselor)[0].to_ical().decode()


def test_who_goes_there_reads_the_centres_time_too(practice, patient):
    book(practice, patient, datetime(2027, 1, 12, 15, tzinfo=UTC), mode=Mode.IN_PERSON)
    work_off()
    (message,) = mails_to(patient)
    assert "3:00 pm to 3:50 pm, London time (8:30 pm Kolkata time)" in message.body
    assert "4 Mill Lane" in message.body
    assert "4 Mill Lane" in html_of(message)


def test_an_anonymous_patient_stays_one(practice):
    hidden = PatientFactory(
        anonymous=True, user__first_name="Ida", user__last_name="Stone", alias="Quiet Heron"
    ).user
    session = book(practice, hidden, coming(3, 15))
    work_off()
    cancel_session(session=session, actor=hidden)
    work_off()
    to_counselor = mails_to(practice.user)
    assert len(to_counselor) == 2
    for message in to_counselor:
        everything = message.message().as_string() + message.body + html_of(message)
        everything += calendar_of(message)[0].to_ical().decode()
        assert "Quiet Heron" in everything
        for secret in ("Ida", "Stone", hidden.email):
            assert secret not in everything


def test_subjects_previews_and_file_names_say_nothing_about_health(practice, patient):
    session = book(practice, patient, coming(3, 15))
    work_off()
    cancel_session(session=session, actor=patient)
    work_off()
    assert len(mail.outbox) == 4
    for message in mail.outbox:
        _, attached = calendar_of(message)
        preview = re.search(r"max-height: 0[^>]*>(.*?)</div>", html_of(message)).group(1)
        for shown in (message.subject, attached.get_filename(), preview):
            assert shown
            assert not HEALTH.search(shown), shown


def test_a_cancelled_session_is_taken_out_of_the_calendars(practice, patient):
    session = book(practice, patient, coming(3, 15))
    work_off()
    (booked,) = mails_to(patient)
    cancel_session(session=session, actor=practice.user)
    work_off()
    (_, cancelled), (_, to_counselor) = mails_to(patient), mails_to(practice.user)
    assert "is cancelled" in cancelled.subject
    (before,), (after,) = (calendar_of(message)[0].walk("VEVENT") for message in (booked, cancelled))
    assert before["UID"] == after["UID"]
    assert before["SEQUENCE"] < after["SEQUENCE"]
    assert after["STATUS"] == "CANCELLED"
    assert calendar_of(cancelled)[0]["METHOD"] == "CANCEL"
    assert "/counselors" in cancelled.body
    assert "/counselors" not in to_counselor.body


def test_a_booking_cancelled_before_its_mail_left_is_not_confirmed_any_more(practice, patient):
    session = book(practice, patient, coming(3, 15))
    cancel_session(session=session, actor=patient)
    work_off()
    assert {message.subject.endswith("is cancelled") for message in mail.outbox} == {True}
    assert len(mail.outbox) == 2


def test_a_session_that_has_begun_is_not_confirmed_any_more(practice, patient):
    session = book(practice, patient, coming(3, 15))
    Session.objects.filter(pk=session.pk).update(
        start=timezone.now(), end=timezone.now() + timedelta(hours=1)
    )
    work_off()
    assert mail.outbox == []


def test_hearing_of_it_twice_sends_it_once(practice, patient):
    book(practice, patient, coming(3, 15))
    for _ in range(3):
        work_off()
        let_time_pass()
        OutboxEntry.objects.filter(event="session.confirmed").update(
            done_at=None,
            pending=["sessions_app.plan_reminders", "sessions_app.notify"],
            available_at=timezone.now(),
        )
    work_off()
    assert len(mail.outbox) == 2
    assert Delivery.objects.count() == 2


def test_the_price_is_told_to_who_pays_it(db, patient):
    counselor = open_practice(fee_minor=4050, currency="EUR", payment_policy="at_centre")
    book(counselor, patient, coming(3, 15))
    work_off()
    (to_patient,), (to_counselor,) = mails_to(patient), mails_to(counselor.user)
    assert "Price: €40.50, paid at the centre" in to_patient.body
    assert "€40.50" in html_of(to_patient)
    assert "Price" not in to_counselor.body


def test_the_mail_leads_to_the_session_and_to_help(practice, patient, settings):
    settings.SITE_URL = "https://calm.example"
    session = book(practice, patient, coming(3, 15))
    work_off()
    (message,) = mails_to(patient)
    for body in (message.body, html_of(message)):
        assert f"https://calm.example/sessions/{session.pk}" in body
        assert "https://calm.example/help-now" in body


def test_the_html_fetches_nothing_and_runs_nothing(practice, patient):
    book(practice, patient, coming(3, 15))
    work_off()
    for message in mail.outbox:
        html = html_of(message)
        assert not re.search(r"<(img|script|link|iframe|object|form)\b|url\(|@import|\bon\w+=", html)
        assert "prefers-color-scheme: dark" in html


def test_a_name_is_words_and_not_markup(db):
    counselor = open_practice(
        counselor=CounselorFactory(user__first_name="<b>Bo</b>", user__last_name="O'Hara & Co")
    )
    patient = PatientFactory().user
    book(counselor, patient, coming(3, 15))
    work_off()
    (message,) = mails_to(patient)
    assert "With: <b>Bo</b> O'Hara & Co" in message.body
    assert "&lt;b&gt;Bo&lt;/b&gt;" in html_of(message)
    assert "<b>" not in html_of(message)


def test_a_person_without_an_address_is_no_obstacle(practice):
    by_phone = PatientFactory(user__email=None, user__phone="+919812345678").user
    book(practice, by_phone, coming(3, 15))
    work_off()
    assert [message.to for message in mail.outbox] == [[practice.user.email]]


def test_telling_takes_a_fixed_number_of_queries(practice, patient, django_assert_max_num_queries):
    book(practice, patient, coming(3, 15))
    with django_assert_max_num_queries(60):
        work_off(rounds=2)
    assert len(mail.outbox) == 2
