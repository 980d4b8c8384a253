"""A series is booked whole, or refused with each time that cannot be had; never silently fewer."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, CareRelationship
from core.errors import SeriesConflict, ValidationFailed
from sessions_app.models import CalendarEntry, Occupancy, Session, SessionSeries
from sessions_app.services.repeats import Repeat
from sessions_app.services.reservations import Choice
from sessions_app.services.series import book_series
from tests.factories import CareRelationshipFactory, PatientFactory
from tests.sessions_app.clinic import book, coming, done, instant, open_practice, refused
from tests.sessions_app.overlaps import double_bookings
from tests.sessions_app.series import LONDON, SERIES, nine_in_london, walls

pytestmark = pytest.mark.django_db


@pytest.fixture
def londoner(db):
    """There every day from nine to five on London's wall."""
    return open_practice(zone="Europe/London")


def ask(client, counselor, start, **more):
    body = {"counselor": str(counselor.pk), "start": start.isoformat(), "rhythm": "weekly", "count": 4} | more
    return client.post(SERIES, body, format="json")


def test_twenty_six_fortnightly_sessions_over_two_changes_of_clocks_with_three_conflicts(
    api_as, londoner, patient, rival
):
    start = nine_in_london()
    nominal = [start.astimezone(LONDON) + timedelta(days=14 * number) for number in range(26)]
    assert len({wall.utcoffset() for wall in nominal}) == 2
    # Taken by somebody else, the patient busy elsewhere, and half taken, all at different seasons.
    book(londoner, rival, nominal[3].astimezone(UTC))
    book(open_practice(zone="Europe/London"), patient, nominal[12].astimezone(UTC))
    book(londoner, rival, nominal[20].astimezone(UTC) + timedelta(minutes=30))

    client = api_as(patient)
    error = refused(ask(client, londoner, start, rhythm="fortnightly", count=26), 409, "SERIES_CONFLICT")
    assert error["details"]["occurrences"] == 26
    conflicts = error["details"]["conflicts"]
    assert [conflict["number"] for conflict in conflicts] == [4, 13, 21]
    for conflict in conflicts:
        alternatives = [instant(each["start"]) for each in conflict["alternatives"]]
        assert len(alternatives) == 3
        assert all(abs(each - instant(conflict["start"])) < timedelta(hours=3) for each in alternatives)
    assert not SessionSeries.objects.exists()
    assert Session.objects.filter(participants__patient=patient.pk).count() == 1

    taken = conflicts[0]["alternatives"][0]["start"]
    answers = [
        {"start": conflicts[0]["start"], "instead": taken},
        {"start": conflicts[1]["start"], "instead": None},
    ]
    # One is still unanswered: named again, and again nothing is booked.
    error = refused(
        ask(client, londoner, start, rhythm="fortnightly", count=26, answers=answers), 409, "SERIES_CONFLICT"
    )
    assert [conflict["number"] for conflict in error["details"]["conflicts"]] == [21]
    assert not SessionSeries.objects.exists()

    answers.append({"start": conflicts[2]["start"], "instead": conflicts[2]["alternatives"][2]["start"]})
    shown = done(ask(client, londoner, start, rhythm="fortnightly", count=26, answers=answers), 201)
    assert len(shown["sessions"]) == 25
    series = SessionSeries.objects.get(pk=shown["id"])
    expected = [wall for number, wall in enumerate(nominal) if number not in (3, 12, 20)]
    kept = walls(series)
    assert [wall for wall in kept if wall in expected] == expected
    others = {wall.astimezone(UTC) for wall in kept} - {wall.astimezone(UTC) for wall in expected}
    assert others == {instant(taken), instant(answers[2]["instead"])}
    assert (series.timezone, series.rhythm, series.asked_count) == ("Europe/London", "fortnightly", 26)
    assert double_bookings() == []


def test_a_series_without_conflicts_is_booked_at_once(api_as, londoner, patient):
    shown = done(ask(api_as(patient), londoner, nine_in_london(), mode="video"), 201)
    assert [session["status"] for session in shown["sessions"]] == ["confirmed"] * 4
    assert (shown["rhythm"], shown["counselor"]["id"]) == ("weekly", str(londoner.pk))
    assert CalendarEntry.objects.filter(kind="session", is_active=True).count() == 4
    assert Occupancy.objects.filter(is_active=True).count() == 8
    assert CareRelationship.objects.filter(patient=patient.pk, counselor=londoner.pk).count() == 1
    assert AuditEvent.objects.filter(action="session.booked").count() == 4
    assert AuditEvent.objects.filter(action="series.booked", object_id=shown["id"]).count() == 1
    client = api_as(patient)
    assert done(client.get(f"{SERIES}/{shown['id']}")) == shown


def test_a_series_until_a_day(api_as, londoner, patient):
    start = nine_in_london()
    until = (start + timedelta(days=21)).date()
    shown = done(ask(api_as(patient), londoner, start, count=None, until=str(until)), 201)
    assert len(shown["sessions"]) == 4


def test_monthly_keeps_the_week_of_the_month(londoner, patient):
    start = nine_in_london()
    series = book_series(
        choice=Choice(londoner.pk, start),
        repeat=Repeat("monthly", count=6),
        patient_id=patient.pk,
        actor=patient,
    )
    assert {(wall.day - 1) // 7 for wall in walls(series)} <= {(start.day - 1) // 7, 3}
    assert {(wall.weekday(), wall.hour) for wall in walls(series)} == {(0, 9)}


def test_the_hours_own_zone_counts_and_not_the_readers(londoner, rival):
    abroad = PatientFactory(user__timezone="America/New_York").user
    series = book_series(
        choice=Choice(londoner.pk, nine_in_london()),
        repeat=Repeat("fortnightly", count=26),
        patient_id=abroad.pk,
        actor=abroad,
    )
    assert {wall.hour for wall in walls(series)} == {9}


def test_ones_own_hold_of_the_first_time_is_taken_over(api_as, londoner, patient):
    client, start = api_as(patient), nine_in_london()
    hold = done(
        client.post(
            "/api/sessions/holds", {"counselor": str(londoner.pk), "start": start.isoformat()}, format="json"
        ),
        201,
    )
    done(ask(client, londoner, start), 201)
    assert not CalendarEntry.objects.get(pk=hold["id"]).is_active


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"count": 1}, "count"),
        ({"count": 53}, "count"),
        ({"count": None}, "count"),
        ({"until": "2030-01-01"}, "count"),
        ({"count": None, "until": "2020-01-01"}, "until"),
        ({"count": 40, "rhythm": "fortnightly"}, "count"),
        ({"rhythm": "daily"}, "rhythm"),
        ({"answers": [{"start": "2026-01-01T09:00:00Z", "instead": None}]}, "answers"),
        ({"duration_minutes": 30}, "duration_minutes"),
        ({"patient": "0192f0c4-0000-7000-8000-000000000000"}, None),
    ],
)
def test_what_could_never_be_is_refused_by_its_field(api_as, londoner, patient, more, field):
    answer = ask(api_as(patient), londoner, nine_in_london(), **more)
    if field is None:
        refused(answer, 404, "NOT_FOUND")
    else:
        assert field in refused(answer, 400, "VALIDATION_ERROR")["details"], answer.content
    assert not Session.objects.exists()


def test_leaving_out_all_but_one_is_no_series(londoner, patient):
    start = nine_in_london()
    answers = {start + timedelta(days=7 * number): None for number in range(1, 3)}
    with pytest.raises(ValidationFailed):
        book_series(
            choice=Choice(londoner.pk, start),
            repeat=Repeat("weekly", count=3),
            patient_id=patient.pk,
            actor=patient,
            answers=answers,
        )


def test_two_answers_do_not_take_one_time(londoner, patient, rival):
    start = nine_in_london()
    week = timedelta(days=7)
    book(londoner, rival, start + week)
    book(londoner, rival, start + 2 * week)
    instead = start + week + timedelta(hours=3)
    with pytest.raises(SeriesConflict) as caught:
        book_series(
            choice=Choice(londoner.pk, start),
            repeat=Repeat("weekly", count=3),
            patient_id=patient.pk,
            actor=patient,
            answers={start + week: instead, start + 2 * week: instead},
        )
    (conflict,) = caught.value.details["conflicts"]
    assert conflict["number"] == 3


def test_an_alternative_that_is_gone_is_named_again(londoner, patient, rival):
    start = nine_in_london()
    later = start + timedelta(days=7)
    book(londoner, rival, later)
    instead = later + timedelta(hours=1)
    book(londoner, rival, instead)
    with pytest.raises(SeriesConflict):
        book_series(
            choice=Choice(londoner.pk, start),
            repeat=Repeat("weekly", count=3),
            patient_id=patient.pk,
            actor=patient,
            answers={later: instead},
        )
    assert not SessionSeries.objects.exists()


def test_a_time_that_the_clocks_jump_over_is_a_conflict(patient):
    night = open_practice(zone="America/New_York", start=time(0), end=time(6))
    new_york = ZoneInfo("America/New_York")
    day = coming(7).date()
    while True:  # the first Sunday on which two in the night does not exist
        day += timedelta(days=1)
        jump = datetime.combine(day, time(2, 30), new_york)
        if jump.astimezone(UTC).astimezone(new_york).hour != 2:
            break
    start = datetime.combine(day - timedelta(days=7), time(2, 30), new_york).astimezone(UTC)
    with pytest.raises(SeriesConflict) as caught:
        book_series(
            choice=Choice(night.pk, start),
            repeat=Repeat("weekly", count=3),
            patient_id=patient.pk,
            actor=patient,
        )
    (conflict,) = caught.value.details["conflicts"]
    assert "clocks jump" in conflict["message"]
    assert len(conflict["alternatives"]) == 3


def test_staff_and_counselors_book_series_for_their_patients_only(api_as, cast):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile)
    start = coming(7)
    done(ask(api_as(cast.a.front_desk), counselor, start, patient=str(cast.a.patient.pk)), 201)
    refused(
        ask(api_as(cast.b.front_desk), counselor, start, patient=str(cast.a.patient.pk)), 404, "NOT_FOUND"
    )
    elsewhere = open_practice(counselor=cast.b.counselor.counselor_profile)
    CareRelationshipFactory(patient=cast.a.patient.patient_profile, counselor=elsewhere)
    refused(
        ask(api_as(cast.a.front_desk), elsewhere, start + timedelta(hours=2), patient=str(cast.a.patient.pk)),
        403,
        "PERMISSION_DENIED",
    )


def test_the_number_of_queries_does_not_grow_with_the_series(londoner):
    def queries(count):
        patient = PatientFactory().user
        with CaptureQueriesContext(connection) as captured:
            book_series(
                choice=Choice(londoner.pk, nine_in_london() + timedelta(hours=count % 7)),
                repeat=Repeat("weekly", count=count),
                patient_id=patient.pk,
                actor=patient,
            )
        return len(captured)

    assert queries(26) == queries(4)


# --- Cancelling -----------------------------------------------------------------------------------------------


@pytest.fixture
def series(londoner, patient):
    return book_series(
        choice=Choice(londoner.pk, nine_in_london()),
        repeat=Repeat("weekly", count=5),
        patient_id=patient.pk,
        actor=patient,
    )


def cancel(client, series, scope, session=None):
    named = f"&session={session.pk}" if session else ""
    return client.delete(f"{SERIES}/{series.pk}?scope={scope}{named}")


@pytest.mark.parametrize(("scope", "left"), [("this", [0, 1, 3, 4]), ("following", [0, 1]), ("all", [])])
def test_this_one_this_and_following_or_all_are_cancelled(api_as, series, patient, scope, left):
    sessions = list(series.sessions.order_by("start"))
    shown = done(cancel(api_as(patient), series, scope, sessions[2]))
    assert len(shown["sessions"]) == 5
    on = [sessions.index(session) for session in series.sessions.filter(status="confirmed").order_by("start")]
    assert on == left
    assert Occupancy.objects.filter(is_active=True).count() == 2 * len(left)


def test_cancelling_names_a_session_of_the_series(api_as, series, patient, londoner):
    client = api_as(patient)
    other = book(londoner, patient, nine_in_london() + timedelta(hours=3))
    for session in (None, other):
        error = refused(cancel(client, series, "following", session), 400, "VALIDATION_ERROR")
        assert "session" in error["details"]
    done(cancel(client, series, "all"))
    refused(cancel(client, series, "all"), 409, "INVALID_STATE")
    other.refresh_from_db()
    assert other.status == "confirmed"


def test_a_stranger_finds_no_series(api_as, series, rival):
    refused(cancel(api_as(rival), series, "all"), 404, "NOT_FOUND")
    refused(api_as(rival).get(f"{SERIES}/{series.pk}"), 404, "NOT_FOUND")
