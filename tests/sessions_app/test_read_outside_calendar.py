"""A counselor's outside calendar, read over real HTTP: busy there is not offered here; failing forgets nothing."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection

from accounts.models import User
from core.outbound import Trouble
from sessions_app.models import OutsideBusy, OutsideCalendar
from sessions_app.models.outside import Problem
from sessions_app.services import outside_reading
from sessions_app.services.outside_calendars import add_outside_calendar, remove_outside_calendar
from sessions_app.services.outside_reading import claim_due, read_outside_calendar
from sessions_app.tasks import read_due_outside_calendars
from tests.core.strangers import answer, stranger
from tests.notifications.post import work_off
from tests.sessions_app.clinic import ask_session, coming, done, open_practice, refused, slots_shown
from tests.sessions_app.test_understand_outside_calendar import calendar


@pytest.fixture(autouse=True)
def _local(settings):
    settings.OUTBOUND_ALLOWS_LOCAL = True


def event(start, minutes=60, *lines):
    return "\n".join([f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DURATION:PT{minutes}M", *lines])


@pytest.fixture
def server():
    """A server of a calendar that tests change: `says(*events)`, `behaves(…)`."""
    with stranger(answer(calendar())) as running:
        running.address = f"http://127.0.0.1:{running.port}/private-8f3a/basic.ics"
        running.behaves = lambda behave: setattr(running, "behave", behave)
        running.says = lambda *events: running.behaves(answer(calendar(*events)))
        yield running


def added(practice, server):
    """A calendar that was read once."""
    kept = add_outside_calendar(counselor=practice, name="Home", address=server.address, actor=practice.user)
    work_off()
    kept.refresh_from_db()
    return kept


def spans():
    return list(OutsideBusy.objects.order_by("start").values_list("start", "end"))


def read(kept, **options):
    read_outside_calendar(kept.pk, **options)
    kept.refresh_from_db()


def test_it_is_read_at_once_and_only_when_is_kept(practice, server):
    start = coming(3, 10)
    server.says(event(start))
    kept = added(practice, server)
    assert (kept.problem, kept.failures) == ("", 0)
    assert kept.last_read_at is not None
    assert spans() == [(start, start + timedelta(hours=1))]
    with connection.cursor() as cursor:
        for table in ("outsidebusy", "outsidecalendar"):
            cursor.execute(f"SELECT row_to_json(t)::text FROM sessions_app_{table} t")
            row = cursor.fetchone()[0]
            for secret in ("Very private", "8f3a", "basic.ics"):
                assert secret not in row


def test_busy_there_is_not_offered_here_and_cannot_be_booked(practice, patient, api_as, server):
    day = coming(3, 10)
    server.says(event(day, 45))
    before = slots_shown(api_as(patient), practice, day)
    added(practice, server)
    after = slots_shown(api_as(patient), practice, day)
    gone = set(before) - set(after)
    assert day in gone
    assert gone == {
        start
        for start in before
        if start < day + timedelta(minutes=45) and start + timedelta(minutes=50) > day
    }
    error = refused(ask_session(api_as(patient), practice, day), 400, "VALIDATION_ERROR")
    assert error["details"]["alternatives"]
    done(ask_session(api_as(patient), practice, after[0]), 201)


def test_what_changes_there_changes_here(practice, server):
    ten, two = coming(3, 10), coming(3, 14)
    server.says(event(ten), event(two))
    kept = added(practice, server)
    ids = dict(OutsideBusy.objects.values_list("start", "pk"))
    server.says(event(two), event(coming(4, 9)))
    read(kept)
    assert [start for start, _ in spans()] == [two, coming(4, 9)]
    assert OutsideBusy.objects.get(start=two).pk == ids[two]
    server.says()
    read(kept)
    assert spans() == []


def test_the_same_again_is_not_worked_out_again(practice, server, monkeypatch):
    start = coming(3, 10)
    server.says(event(start, 60, "DTSTAMP:20260101T000000Z"))
    kept = added(practice, server)

    def never(*_, **__):
        raise AssertionError("worked out again")

    monkeypatch.setattr(outside_reading, "busy_spans", never)
    server.says(event(start, 60, "DTSTAMP:20260202T000000Z"))
    before = kept.last_read_at
    read(kept)
    assert kept.last_read_at > before
    with pytest.raises(AssertionError):
        read(kept, now=datetime.now(UTC) + timedelta(days=1))
    User.objects.filter(pk=practice.pk).update(timezone="Asia/Kolkata")
    with pytest.raises(AssertionError):
        read(kept)


def test_floating_times_follow_the_counselors_zone(practice, server):
    User.objects.filter(pk=practice.pk).update(timezone="Asia/Kolkata")
    day = coming(3)
    server.says(f"DTSTART:{day:%Y%m%d}T090000\nDURATION:PT1H")
    added(practice, server)
    assert spans()[0][0] == day.replace(hour=3, minute=30)


def test_what_cannot_be_read_leaves_the_last_good_times_and_says_why(practice, server):
    start = coming(3, 10)
    server.says(event(start))
    kept = added(practice, server)
    good = kept.last_read_at
    for behave, problem in [
        (answer(b"", status="404 Gone"), Problem.REFUSED),
        (answer(b"", status="302 Found", headers=["Location: http://127.0.0.1/"]), Problem.MOVED),
        (answer(b"", status="500 Oh"), Problem.SERVER),
        (answer(b"<html>Sign in</html>"), Problem.NO_CALENDAR),
        (answer(calendar(event(start))[:80]), Problem.NO_CALENDAR),
        (answer(bytes(5 * 1024 * 1024)), Problem.TOO_LARGE),
        (answer(calendar(event(start) + "\nRRULE:FREQ=SECONDLY")), Problem.TOO_MUCH),
    ]:
        server.behaves(behave)
        read(kept)
        assert kept.problem == problem
        assert kept.last_read_at == good
        assert kept.last_tried_at > good
        assert len(spans()) == 1
    assert kept.failures == 7
    server.says(event(start))
    read(kept)
    assert (kept.problem, kept.failures) == ("", 0)


def test_every_trouble_has_words():
    assert {trouble.value for trouble in Trouble} <= set(Problem.values)
    assert all(label.endswith(".") for label in Problem.labels)


def test_more_than_a_task_has_time_for_is_a_failure(practice, server, monkeypatch):
    kept = added(practice, server)

    def too_long(*_, **__):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(outside_reading, "busy_spans", too_long)
    server.says(event(coming(3)))
    read(kept)
    assert kept.problem == Problem.TOO_MUCH


def test_pauses_grow_with_failures_and_end_with_the_first_success(practice, server):
    kept = added(practice, server)
    server.behaves(answer(b"", status="500 Oh"))
    now, pauses = datetime.now(UTC), []
    for _ in range(8):
        read(kept, now=now)
        pauses.append((kept.next_reading_at - now).total_seconds() / 60)
    assert pauses == [15, 30, 60, 120, 240, 360, 360, 360]
    server.says()
    read(kept, now=now)
    assert kept.next_reading_at == now + timedelta(minutes=15)


def test_each_has_its_turn_every_quarter_of_an_hour_and_one_reader(practice, server):
    kept = added(practice, server)
    soon = kept.next_reading_at
    assert claim_due(now=soon - timedelta(seconds=1)) == []
    assert claim_due(now=soon) == [kept.pk]
    assert claim_due(now=soon) == []
    assert claim_due(now=soon + timedelta(minutes=15)) == [kept.pk]
    User.objects.filter(pk=practice.pk).update(is_active=False)
    assert claim_due(now=soon + timedelta(minutes=60)) == []


def test_beat_hands_out_each_by_its_id(practice, server, monkeypatch):
    kept = added(practice, server)
    OutsideCalendar.objects.update(next_reading_at=datetime.now(UTC))
    handed = []
    monkeypatch.setattr("sessions_app.tasks.read_one_outside_calendar.delay", handed.append)
    read_due_outside_calendars()
    assert handed == [str(kept.pk)]


def test_removed_while_it_was_being_read_stays_removed(practice, server, monkeypatch):
    kept = added(practice, server)

    fetch = outside_reading.fetch

    def fetch_and_lose(*arguments, **options):
        found = fetch(*arguments, **options)
        remove_outside_calendar(calendar=kept, actor=practice.user)
        return found

    monkeypatch.setattr(outside_reading, "fetch", fetch_and_lose)
    server.says(event(coming(3)))
    read_outside_calendar(kept.pk)
    assert not OutsideCalendar.objects.exists()
    assert spans() == []


def test_removing_frees_its_times_at_once(practice, patient, api_as, server):
    day = coming(3, 10)
    server.says(event(day))
    kept = added(practice, server)
    assert day not in slots_shown(api_as(patient), practice, day)
    remove_outside_calendar(calendar=kept, actor=practice.user)
    assert day in slots_shown(api_as(patient), practice, day)


def test_without_the_setting_this_machine_is_not_asked(practice, server, settings):
    kept = added(practice, server)
    settings.OUTBOUND_ALLOWS_LOCAL = False
    asked = len(server.asked)
    read(kept)
    assert kept.problem == Problem.ADDRESS
    OutsideCalendar.objects.filter(pk=kept.pk).delete()
    fresh = add_outside_calendar(
        counselor=practice, name="x", address="https://127.0.0.1:8443/a.ics", actor=practice.user
    )
    work_off()
    fresh.refresh_from_db()
    assert fresh.problem == Problem.NOT_PUBLIC
    assert len(server.asked) == asked


def test_no_log_line_has_the_address(practice, server, caplog):
    caplog.set_level(logging.DEBUG)
    kept = added(practice, server)
    server.behaves(answer(b"", status="500 Oh"))
    with structlog.testing.capture_logs() as lines:
        read(kept)
    assert lines
    for text in (caplog.text, str(lines)):
        assert "8f3a" not in text
        assert str(server.port) not in text


def test_the_counselors_key_opens_the_address_and_nothing_else(practice, server):
    from core.crypto import keys

    kept = added(practice, server)
    keys.destroy(practice.pk)
    read_outside_calendar(kept.pk)
    assert OutsideCalendar.objects.values_list("problem", flat=True).get() == Problem.ADDRESS


def test_slots_over_all_leave_out_who_is_busy_elsewhere(practice, patient, api_as, server):
    day = coming(3, 9)
    server.says(event(day, 60))
    open_practice()
    added(practice, server)
    found = done(api_as(patient).get("/api/slots", {"from": day.date(), "to": day.date()}))
    first = [slot["counselor"]["id"] for slot in found if datetime.fromisoformat(slot["start"]) == day]
    assert first
    assert str(practice.pk) not in first
