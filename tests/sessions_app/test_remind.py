"""Reminders: a day and an hour before, to everyone who takes part, never twice and never not at all."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mentalspace.celery import app
from notifications.models import Delivery
from sessions_app.models import Reminder, ReminderKind, ReminderState, Session
from sessions_app.services import reminders
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.reminders import plan_reminders, send_due_reminders
from tests.factories import PatientFactory
from tests.notifications.post import Crash, work_off
from tests.sessions_app.clinic import book, coming, open_practice

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def booked(practice, patient):
    """A session three days from now, of which everyone has heard."""
    session = book(practice, patient, coming(3, 15))
    work_off()
    mail.outbox.clear()
    return session


def subjects_to(user):
    return [message.subject for message in mail.outbox if message.to == [user.email]]


def states(session):
    return set(Reminder.objects.filter(session=session).values_list("kind", "state"))


def move(session, by):
    session.start, session.end, session.sequence = session.start + by, session.end + by, session.sequence + 1
    session.save(update_fields=["start", "end", "sequence"])


def test_reminders_are_written_for_everyone_when_a_session_is_confirmed(booked, practice, patient):
    rows = Reminder.objects.filter(session=booked)
    assert {(row.user_id, row.kind, booked.start - row.due_at) for row in rows} == {
        (user_id, kind, before)
        for user_id in (practice.pk, patient.pk)
        for kind, before in ((ReminderKind.DAY, DAY), (ReminderKind.HOUR, HOUR))
    }


def test_each_is_sent_at_its_time_and_once(booked, practice, patient):
    for before, expected in (
        (DAY + timedelta(minutes=1), 0),
        (DAY, 1),
        (DAY - timedelta(minutes=1), 1),
        (timedelta(hours=2), 1),
        (HOUR, 2),
        (HOUR - timedelta(minutes=1), 2),
        (timedelta(0), 2),
    ):
        send_due_reminders(now=booked.start - before)
        work_off()
        assert len(subjects_to(patient)) == len(subjects_to(practice.user)) == expected
    assert states(booked) == {(ReminderKind.DAY, ReminderState.SENT), (ReminderKind.HOUR, ReminderState.SENT)}


def test_a_reminder_is_in_the_readers_zone_and_discreet(practice):
    patient = PatientFactory(user__timezone="Asia/Kolkata").user
    session = book(practice, patient, coming(3, 15))
    work_off()
    mail.outbox.clear()
    send_due_reminders(now=session.start - DAY)
    work_off()
    (subject,) = subjects_to(patient)
    assert subject.startswith("Reminder: your appointment on ")
    assert subject.endswith("at 8:30 pm")
    (message,) = [message for message in mail.outbox if message.to == [patient.email]]
    assert message.attachments == []
    assert "Kolkata time" in message.body


def test_whoever_books_for_soon_gets_only_what_is_still_to_come(practice, patient):
    session = book(practice, patient, coming(3, 15))
    for since_booking, expected in ((DAY - HOUR, {ReminderKind.HOUR}), (timedelta(minutes=50), set())):
        Reminder.objects.all().delete()
        plan_reminders(session=session, user_ids=[patient.pk], now=session.start - since_booking)
        assert set(Reminder.objects.values_list("kind", flat=True)) == expected


def test_planning_twice_makes_nothing_new(booked, practice, patient):
    before = set(Reminder.objects.values_list("pk", "state"))
    plan_reminders(session=booked, user_ids=[practice.pk, patient.pk])
    send_due_reminders(now=booked.start - DAY)
    plan_reminders(session=booked, user_ids=[practice.pk, patient.pk])
    assert {pk for pk, _ in before} == set(Reminder.objects.values_list("pk", flat=True))
    assert (ReminderKind.DAY, ReminderState.SENT) in states(booked)


def test_workers_that_were_away_when_the_day_reminder_fell_due_send_it_late(practice, patient):
    session = book(practice, patient, coming(3, 15))
    created = session.start - DAY - timedelta(minutes=5)
    Session.objects.filter(pk=session.pk).update(created_at=created)
    work_off()  # hours later, as far as the reminder is concerned
    mail.outbox.clear()
    send_due_reminders(now=session.start - timedelta(hours=20))
    work_off()
    assert len(subjects_to(patient)) == 1


def test_nobody_is_reminded_of_a_cancelled_session(booked, patient):
    cancel_session(session=booked, actor=patient)
    work_off()
    mail.outbox.clear()
    send_due_reminders(now=booked.start - timedelta(minutes=30))
    work_off()
    assert mail.outbox == []
    assert {state for _, state in states(booked)} == {ReminderState.VOID}


def test_a_session_cancelled_between_the_reminder_and_its_mail_sends_none(booked, patient):
    send_due_reminders(now=booked.start - DAY)
    cancel_session(session=booked, actor=patient)
    work_off()
    assert not [message for message in mail.outbox if message.subject.startswith("Reminder")]


def test_nobody_is_reminded_twice_at_once_or_of_what_has_begun(booked, patient):
    send_due_reminders(now=booked.start - timedelta(minutes=59))
    assert states(booked) == {(ReminderKind.DAY, ReminderState.VOID), (ReminderKind.HOUR, ReminderState.SENT)}
    Reminder.objects.update(state=ReminderState.PENDING)
    send_due_reminders(now=booked.start)
    assert {state for _, state in states(booked)} == {ReminderState.VOID}


def test_a_session_that_moved_is_reminded_of_at_its_new_time(booked, practice, patient):
    old_start = booked.start
    send_due_reminders(now=old_start - DAY)
    work_off()
    assert len(subjects_to(patient)) == 1
    move(booked, timedelta(days=2))
    send_due_reminders(now=old_start - HOUR)
    plan_reminders(session=booked, user_ids=[practice.pk, patient.pk], now=old_start - HOUR)
    work_off()
    assert len(subjects_to(patient)) == 1
    send_due_reminders(now=booked.start - DAY)
    send_due_reminders(now=booked.start - HOUR)
    work_off()
    assert len(subjects_to(patient)) == 3


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ticks=st.lists(
        st.tuples(st.integers(-30, 26 * 60), st.sampled_from([None, None, 0, 1])), min_size=1, max_size=8
    )
)
def test_never_twice_and_never_not_at_all_whatever_crashes(booked, practice, patient, ticks):
    """`ticks`: minutes before the start at which the beat struck, and after how many reminders it was killed."""
    Delivery.objects.all().delete()
    Reminder.objects.update(state=ReminderState.PENDING)
    before_each, delivered = [], {}
    for minutes, killed_after in sorted(ticks, key=lambda tick: -tick[0]):
        now = booked.start - timedelta(minutes=minutes)
        if killed_after is None:
            send_due_reminders(now=now)
            before_each.append(minutes)
        else:
            _strike_and_die(now, killed_after)
        delivered = _deliveries(booked)
    day_was_possible = any(60 < minutes <= 24 * 60 for minutes in before_each)
    hour_was_possible = any(0 < minutes <= 60 for minutes in before_each)
    for user in (practice.user, patient):
        assert delivered.get((user.pk, "session_reminder_day"), 0) == int(day_was_possible)
        assert delivered.get((user.pk, "session_reminder_hour"), 0) == int(hour_was_possible)


def _strike_and_die(now, killed_after):
    """The process ends in the middle of the transaction, when it has handed over so many."""
    handed_over = []

    def notify_or_die(**message):
        if len(handed_over) == killed_after:
            raise Crash
        handed_over.append(message)
        return original(**message)

    original, reminders.notify = reminders.notify, notify_or_die
    try:
        send_due_reminders(now=now)
    except Crash:
        pass
    finally:
        reminders.notify = original


def _deliveries(session):
    counts: dict = {}
    for row in Delivery.objects.filter(about_id=session.pk):
        counts[row.user_id, row.type] = counts.get((row.user_id, row.type), 0) + 1
    return counts


@pytest.mark.django_db(transaction=True)
def test_several_beats_at_once_share_the_work():
    counselor = open_practice()
    sessions = [book(counselor, PatientFactory().user, coming(3, hour)) for hour in range(9, 16)]
    work_off()
    now = sessions[0].start - timedelta(hours=12)
    barrier = threading.Barrier(4)

    def strike():
        barrier.wait()
        send_due_reminders(now=now)
        connection.close()

    threads = [threading.Thread(target=strike) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Reminder.objects.filter(kind=ReminderKind.DAY, state=ReminderState.SENT).count() == 14
    assert Delivery.objects.filter(type="session_reminder_day").count() == 14


def test_many_due_at_once_are_all_taken(booked, patient, monkeypatch):
    monkeypatch.setattr(reminders, "BATCH", 1)
    assert send_due_reminders(now=booked.start - DAY) == 2


def test_the_beat_strikes_every_minute():
    app.loader.import_default_modules()
    due = app.conf.beat_schedule["send-due-reminders"]
    assert due["task"] in app.tasks
    assert due["schedule"] <= 60
