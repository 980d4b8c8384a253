"""Moving a series: who may, what is refused and how, and what everyone hears of it."""

from datetime import time, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from sessions_app.services.repeats import Repeat
from sessions_app.services.reservations import Choice
from sessions_app.services.series import SeriesScope, book_series, cancel_series
from sessions_app.services.series_moves import move_series
from sessions_app.services.series_times import NewTime
from tests.factories import AvailabilityRuleFactory, PatientFactory
from tests.notifications.post import work_off
from tests.sessions_app.clinic import coming, done, keep_policy, open_practice, refused
from tests.sessions_app.series import LONDON, booked, move, nine_in_london, on_the_wall, sessions_of, walls

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def series(londoner, patient):
    """Five Mondays at nine on London's wall."""
    return booked(londoner, patient, count=5)


# --- Who, and what not --------------------------------------------------------------------------------------------


def test_inside_the_notice_a_patient_moves_only_the_others(api_as, londoner, patient):
    keep_policy(londoner, free_until_hours=336, late_percent=50)
    series = booked(londoner, patient, count=4)
    was = [session.start for session in sessions_of(series)]
    client = api_as(patient)
    conflicts = refused(move(client, series, time="11:00"), 409, "SERIES_CONFLICT")["details"]["conflicts"]
    assert [each["number"] for each in conflicts][0] == 1
    late = len(conflicts)
    assert all("Ask your counselor or the centre" in each["message"] for each in conflicts)
    assert all(each["alternatives"] == [] for each in conflicts)
    # Another time is no answer; leaving it is.
    elsewhere = [
        {"start": each["start"], "instead": on_the_wall(was[0], hours=4).isoformat()} for each in conflicts
    ]
    refused(move(client, series, time="11:00", answers=elsewhere), 409, "SERIES_CONFLICT")
    left = [{"start": each["start"], "instead": None} for each in conflicts]
    done(move(client, series, time="11:00", answers=left))
    assert [session.start for session in sessions_of(series)] == [
        start if number < late else on_the_wall(start, hours=2) for number, start in enumerate(was)
    ]
    first = str(sessions_of(series)[0].pk)
    error = refused(move(client, series, "this", session=first, time="11:00"), 409, "INVALID_STATE")
    assert "too late" in error["message"]
    done(move(api_as(londoner.user), series, "this", session=first, time="11:00"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "start"),
        ({"start": "2020-01-01T09:00:00Z"}, "start"),
        ({"start": "2030-01-01T09:00:00Z", "time": "10:00"}, "time"),
        ({"weekday": 7}, "weekday"),
        ({"time": "25:00"}, "time"),
        ({"scope": "some", "time": "10:00"}, "scope"),
        ({"scope": "this", "time": "10:00"}, "session"),
        ({"mode": "chat"}, "mode"),
        ({"time": "10:00", "answers": [{"start": "2026-01-01T09:00:00Z", "instead": None}]}, "answers"),
    ],
)
def test_what_could_never_be_is_refused_by_its_field(api_as, series, patient, body, field):
    was = walls(series)
    error = refused(move(api_as(patient), series, **({"scope": "all"} | body)), 400, "VALIDATION_ERROR")
    assert field in error["details"], error
    assert walls(series) == was


def test_nothing_to_move_and_nothing_that_changes_are_said(api_as, series, patient, rival):
    client = api_as(patient)
    assert "stay as they are" in refused(move(client, series, time="09:00"), 409, "INVALID_STATE")["message"]
    refused(move(api_as(rival), series, time="10:00"), 404, "NOT_FOUND")
    cancel_series(series=series, scope=SeriesScope.ALL, actor=patient)
    assert "nothing to move" in refused(move(client, series, time="10:00"), 409, "INVALID_STATE")["message"]


def test_centre_staff_move_what_is_at_their_centre(api_as, cast):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile)
    series = book_series(
        choice=Choice(counselor.pk, coming(7)),
        repeat=Repeat("weekly", count=2),
        patient_id=cast.a.patient.pk,
        actor=cast.a.patient,
    )
    refused(move(api_as(cast.b.front_desk), series, time="10:00"), 404, "NOT_FOUND")
    done(move(api_as(cast.a.front_desk), series, time="10:00"))
    # In the evenings the counselor is at another centre.
    AvailabilityRuleFactory(
        counselor=counselor, weekday=coming(7).weekday(), start=time(18), end=time(22), centre=cast.b.centre
    )
    refused(move(api_as(cast.a.front_desk), series, time="18:00"), 403, "PERMISSION_DENIED")
    done(move(api_as(cast.manager), series, time="18:00"))


def test_the_number_of_queries_does_not_grow_with_the_series(londoner):
    def queries(count, hour):
        patient = PatientFactory().user
        series = book_series(
            choice=Choice(londoner.pk, on_the_wall(nine_in_london(), hours=hour)),
            repeat=Repeat("weekly", count=count),
            patient_id=patient.pk,
            actor=patient,
        )
        with CaptureQueriesContext(connection) as captured:
            move_series(
                series=series, scope=SeriesScope.ALL, to=NewTime(clock=time(14 + hour)), actor=patient
            )
        return len(captured)

    assert queries(26, 0) == queries(4, 1)


# --- What follows ---------------------------------------------------------------------------------------------


def test_everyone_is_told_once_with_all_new_times_and_a_file_that_replaces_the_old(londoner, series, patient):
    work_off()
    mail.outbox.clear()
    last = sessions_of(series)[4].start
    move_series(
        series=series,
        scope=SeriesScope.ALL,
        to=NewTime(clock=time(13)),
        answers={on_the_wall(last, hours=4): None},
        actor=patient,
    )
    work_off()
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted([patient.email, londoner.user.email])
    (letter,) = [each for each in mail.outbox if each.to == [patient.email]]
    assert letter.subject.startswith("New times for your appointments from Monday ")
    assert letter.body.count("instead of") == 4
    assert "All others of this series stay" in letter.body
    (attached,) = [part for part in letter.message().walk() if part.get_content_type() == "text/calendar"]
    events = Calendar.from_ical(attached.get_payload(decode=True)).walk("VEVENT")
    assert [int(event["SEQUENCE"]) for event in events] == [1] * 4
    assert {event["DTSTART"].dt.astimezone(LONDON).hour for event in events} == {13}
    # The reminders move along.
    for session in sessions_of(series):
        due = {one.due_at for one in session.reminders.filter(user=patient, kind="24h", state="pending")}
        assert due == {session.start - DAY}


def test_one_that_moves_alone_is_told_as_any_session(series, patient):
    work_off()
    mail.outbox.clear()
    second = sessions_of(series)[1]
    move_series(
        series=series, scope=SeriesScope.THIS, session=second, to=NewTime(clock=time(13)), actor=patient
    )
    work_off()
    (letter,) = [each for each in mail.outbox if each.to == [patient.email]]
    assert letter.subject.startswith("Your appointment is moved to")
