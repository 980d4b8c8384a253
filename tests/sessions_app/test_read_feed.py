"""The private calendar address: what a program reads there, and how little it says to anybody else."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from accounts.models import AuditEvent, User
from accounts.roles import Role
from sessions_app.models import CalendarFeed, Mode, Session, SessionStatus
from sessions_app.services.blocks import add_block
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.feeds import make_feed
from tests.factories import CounselorFactory, PatientFactory
from tests.notifications.post import work_off
from tests.sessions_app.clinic import book, coming, done, open_practice, refused


@pytest.fixture
def practice(db):
    return open_practice(counselor=CounselorFactory(user__first_name="Asha", user__last_name="Mehta"))


@pytest.fixture
def patient(db):
    return PatientFactory(user__first_name="Ida", user__last_name="Stone").user


def feed_of(user, **choice):
    """The path of a new feed."""
    _, address = make_feed(user=user, **choice)
    return address.partition("://")[2].partition("/")[2].join(["/", ""])


def events_at(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return {str(event["UID"]): event for event in Calendar.from_ical(answer.content).walk("VEVENT")}


def event_of(session, events):
    (found,) = [event for uid, event in events.items() if uid.startswith(str(session.pk))]
    return found


def test_address_is_told_once_and_only_its_hash_is_kept(api_as, patient):
    mine = api_as(patient)
    refused(mine.get("/api/sessions/feed"), 404, "NOT_FOUND")
    made = done(mine.post("/api/sessions/feed", {}, format="json"), 201)
    token = made["address"].rpartition("/")[2].removesuffix(".ics")
    assert len(token) >= 43
    assert done(mine.get("/api/sessions/feed")).keys() == {"shows_names", "created_at", "last_read_at"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(f)::text FROM sessions_app_calendarfeed f")
        assert token not in cursor.fetchone()[0]


def test_a_program_reads_coming_and_recent_sessions_without_signing_in(client, practice, patient):
    with time_machine.travel(datetime.now(UTC) - timedelta(days=120)):
        keep = [book(practice, patient, coming(days)) for days in (20, 60)]
    ahead = book(practice, patient, coming(3))
    other = book(practice, PatientFactory().user, coming(3, 11))
    events = events_at(client, feed_of(patient))
    assert {uid.partition("@")[0] for uid in events} == {str(keep[1].pk), str(ahead.pk)}
    assert {uid.partition("@")[0] for uid in events_at(client, feed_of(practice.user))} >= {str(other.pk)}


def test_event_is_the_mailed_one(client, practice, patient):
    session = book(practice, patient, coming(3))
    path = feed_of(patient, shows_names=True)
    work_off()
    (to_patient,) = [message for message in mail.outbox if message.to == [patient.email]]
    (attached,) = [part for part in to_patient.message().walk() if part.get_content_type() == "text/calendar"]
    (mailed,) = Calendar.from_ical(attached.get_payload(decode=True)).walk("VEVENT")
    read = event_of(session, events_at(client, path))
    for name in ("UID", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "STATUS", "CLASS", "URL", "ORGANIZER"):
        assert read[name] == mailed[name], name


def test_cancelled_session_stays_as_cancelled_and_newer(client, practice, patient):
    session, path = book(practice, patient, coming(3)), feed_of(patient)
    before = event_of(session, events_at(client, path))
    cancel_session(session=session, actor=patient)
    after = event_of(session, events_at(client, path))
    assert (before["STATUS"], after["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["UID"] == before["UID"]


def test_titles_are_discreet_until_the_owner_wants_names(client, api_as, practice, patient):
    session, path = book(practice, patient, coming(3)), feed_of(patient)
    discreet = client.get(path).content.decode()
    assert "SUMMARY:Appointment\r\n" in discreet
    for name in ("Asha", "Mehta", "Ida", "Stone"):
        assert name not in discreet
    changed = api_as(patient).patch("/api/sessions/feed", {"shows_names": True}, format="json")
    assert done(changed)["shows_names"] is True
    assert event_of(session, events_at(client, path))["SUMMARY"] == "Appointment with Asha Mehta"


def test_counselor_reads_the_alias_of_an_anonymous_patient(client, practice):
    hidden = PatientFactory(
        anonymous=True, user__first_name="Nora", user__last_name="Quill", alias="Quiet Heron"
    ).user
    session = book(practice, hidden, coming(3))
    answer = client.get(feed_of(practice.user, shows_names=True))
    assert "Quiet Heron" in answer.content.decode()
    for secret in ("Nora", "Quill", hidden.email):
        assert secret not in answer.content.decode()
    assert event_of(session, events_at(client, feed_of(practice.user)))["SUMMARY"] == "Appointment"


def test_times_are_the_owners_and_right_over_changes_of_clocks(client, practice, patient):
    User.objects.filter(pk=patient.pk).update(timezone="America/New_York")
    patient.refresh_from_db()
    sessions = [book(practice, patient, coming(days)) for days in range(3, 300, 27)]
    events = events_at(client, feed_of(patient))
    assert {event_of(session, events).start for session in sessions} == {
        session.start for session in sessions
    }
    assert {event_of(session, events)["DTSTART"].params["TZID"] for session in sessions} == {
        "America/New_York"
    }


def test_unknown_ended_replaced_and_deactivated_look_alike(client, api_as, practice, patient):
    book(practice, patient, coming(3))
    ended, gone, replaced = patient, PatientFactory().user, PatientFactory().user
    paths = [feed_of(person) for person in (ended, gone, replaced)]
    for path in paths:
        assert client.get(path).status_code == 200
    done(api_as(ended).delete("/api/sessions/feed"), 204)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    feed_of(replaced)
    turned = PatientFactory().user
    paths += [feed_of(turned), "/api/sessions/feed/unknown.ics", f"/api/sessions/feed/{'x' * 3000}.ics"]
    User.objects.filter(pk=turned.pk).update(role=Role.FRONT_DESK)
    answers = [client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert {str(answer.json()["error"]) for answer in answers} == {str(answers[0].json()["error"])}
    assert {frozenset(answer.headers.keys()) for answer in answers} == {frozenset(answers[0].headers.keys())}


def test_only_patients_and_counselors_have_feeds(cast, api_as):
    for role in ("front_desk", "centre_manager", "manager", "admin"):
        refused(
            api_as(cast.of_role(role)).post("/api/sessions/feed", {}, format="json"), 403, "PERMISSION_DENIED"
        )


def test_unchanged_feed_answers_304_and_any_change_a_new_file(client, practice, patient):
    session, path = book(practice, patient, coming(3)), feed_of(patient)
    tags = [client.get(path)["ETag"]]
    again = client.get(path, headers={"If-None-Match": tags[0]})
    assert (again.status_code, again.content) == (304, b"")

    def changed():
        answer = client.get(path, headers={"If-None-Match": tags[-1]})
        assert answer.status_code == 200
        tags.append(answer["ETag"])

    book(practice, patient, coming(4))
    changed()
    cancel_session(session=session, actor=patient)
    changed()
    User.objects.filter(pk=patient.pk).update(timezone="Asia/Kolkata")
    changed()
    CalendarFeed.objects.update(shows_names=True)
    changed()
    User.objects.filter(pk=practice.pk).update(last_name="Rao")
    changed()
    assert len(set(tags)) == len(tags)


def test_nobody_but_the_reader_keeps_a_copy(client, practice, patient):
    answer = client.get(feed_of(patient))
    assert answer["Cache-Control"] == "private, max-age=300"
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["X-Robots-Tag"] == "noindex"
    assert "no-store" in client.get("/api/sessions/feed/unknown.ics")["Cache-Control"]


def test_a_program_that_asks_without_end_is_told_to_wait(client, settings, patient):
    settings.THROTTLES = settings.THROTTLES | {"calendar_feed": (3, 3600), "visitor": (4, 900)}
    path = feed_of(patient)
    assert [client.get(path).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get(feed_of(PatientFactory().user)).status_code == 200
    guesses = [client.get(f"/api/sessions/feed/{number}.ics").status_code for number in range(5)]
    assert guesses == [404, 404, 404, 404, 429]


def test_owner_sees_when_it_was_last_read(client, patient):
    path = feed_of(patient)
    assert CalendarFeed.objects.get().last_read_at is None
    client.get(path)
    first = CalendarFeed.objects.get().last_read_at
    assert first is not None
    client.get(path)
    assert CalendarFeed.objects.get().last_read_at == first
    with time_machine.travel(first + timedelta(minutes=61)):
        client.get(path)
    assert CalendarFeed.objects.get().last_read_at > first


def test_reading_takes_a_fixed_number_of_queries(client, practice):
    path = feed_of(practice.user, shows_names=True)
    figures = []
    for number in range(6):
        book(practice, PatientFactory().user, coming(3, 9 + number))
        start = coming(5, 9 + number)
        block = {"start": start, "end": start + timedelta(hours=1), "title": f"Meeting {number}"}
        add_block(counselor=practice, actor=practice.user, **block)
        if number in (0, 5):
            connection.data_keys_made_in_transaction.clear()  # as when the key that seals titles was committed
            client.get(path)
            with CaptureQueriesContext(connection) as captured:
                client.get(path)
            figures.append(len(captured))
    assert figures[0] == figures[1] <= 6


def test_a_session_at_the_centre_says_where(client, practice, patient):
    practice.primary_centre.address = "4 Mill Lane"
    practice.primary_centre.save()
    there = book(practice, patient, coming(3), mode=Mode.IN_PERSON)
    by_video = book(practice, patient, coming(4), mode=Mode.VIDEO)
    events = events_at(client, feed_of(patient))
    assert event_of(there, events)["LOCATION"].startswith("4 Mill Lane")
    assert "LOCATION" not in event_of(by_video, events)


def test_making_and_ending_leave_a_trace(api_as, patient):
    mine = api_as(patient)
    mine.post("/api/sessions/feed", {}, format="json")
    mine.patch("/api/sessions/feed", {"shows_names": True}, format="json")
    mine.delete("/api/sessions/feed")
    mine.delete("/api/sessions/feed")
    assert list(
        AuditEvent.objects.filter(actor_id=patient.pk, action__startswith="calendar_feed")
        .order_by("id")
        .values_list("action", flat=True)
    ) == ["calendar_feed.made", "calendar_feed.changed", "calendar_feed.ended"]


@pytest.mark.parametrize("status", SessionStatus)
def test_every_state_has_a_status_that_calendars_know(client, practice, patient, status):
    session = book(practice, patient, coming(3))
    cancelled = {"cancelled_at": session.start} if status == SessionStatus.CANCELLED else {}
    Session.objects.filter(pk=session.pk).update(status=status, **cancelled)
    event = event_of(session, events_at(client, feed_of(patient)))
    assert event["STATUS"] in ("CONFIRMED", "CANCELLED")
