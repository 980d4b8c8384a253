"""A series moves whole, or is refused with each session that cannot; every session stays itself."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from accounts.models import AuditEvent
from core.errors import SeriesConflict, SlotTaken
from sessions_app.models import Occupancy, Room, Session, SessionMove, SessionParticipant
from sessions_app.services.repeats import Repeat
from sessions_app.services.rescheduling import reschedule_session
from sessions_app.services.reservations import Choice
from sessions_app.services.series import SeriesScope, book_series, cancel_series
from sessions_app.services.series_moves import NewTime, move_series
from tests.factories import AvailabilityRuleFactory, CounselorFactory, PatientFactory
from tests.notifications.post import work_off
from tests.sessions_app.clinic import book, coming, done, instant, keep_policy, open_practice, refused
from tests.sessions_app.overlaps import double_bookings
from tests.sessions_app.test_book_a_series import LONDON, SERIES, nine_in_london, walls

pytestmark = pytest.mark.django_db
HALF = timedelta(minutes=30)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@pytest.fixture
def londoner(db):
    return open_practice(zone="Europe/London", paid=True)


@pytest.fixture
def series(londoner, patient):
    """Five Mondays at nine on London's wall."""
    return booked(londoner, patient, count=5)


def booked(counselor, patient, *, rhythm="weekly", count=5, mode=None, answers=None):
    return book_series(
        choice=Choice(counselor.pk, nine_in_london(), mode=mode),
        repeat=Repeat(rhythm, count=count),
        patient_id=patient.pk,
        actor=patient,
        answers=answers,
    )


def booked_at(counselor, patient, hour):
    """Four Mondays at that hour."""
    return book_series(
        choice=Choice(counselor.pk, on_the_wall(nine_in_london(), hours=hour - 9)),
        repeat=Repeat("weekly", count=4),
        patient_id=patient.pk,
        actor=patient,
    )


def move(client, series, scope="all", **more):
    return client.patch(f"{SERIES}/{series.pk}", {"scope": scope, **more}, format="json")


def sessions_of(series):
    return list(series.sessions.order_by("start"))


def on_the_wall(start, **shift):
    """A time on London's wall so much later, as an instant."""
    return (start.astimezone(LONDON) + timedelta(**shift)).astimezone(UTC)


@pytest.mark.parametrize("to", [{"time": "09:30"}, {"weekday": 2, "time": "10:15"}])
def test_twenty_six_sessions_over_two_changes_of_clocks_with_three_conflicts(
    api_as, londoner, patient, rival, to
):
    series = booked(londoner, patient, rhythm="fortnightly", count=26)
    was = walls(series)
    assert len({wall.utcoffset() for wall in was}) == 2
    shift = timedelta(minutes=30) if "weekday" not in to else timedelta(days=2, hours=1, minutes=15)
    wanted = [wall + shift for wall in was]
    # Taken by somebody else, the patient busy elsewhere, and half taken, at different seasons.
    book(londoner, rival, on_the_wall(wanted[3], minutes=30))
    book(open_practice(zone="Europe/London"), patient, on_the_wall(wanted[12], minutes=30))
    book(londoner, rival, on_the_wall(wanted[20], minutes=45))

    client = api_as(patient)
    error = refused(move(client, series, **to), 409, "SERIES_CONFLICT")
    conflicts = error["details"]["conflicts"]
    assert [(each["number"], instant(each["start"])) for each in conflicts] == [
        (n + 1, wanted[n].astimezone(UTC)) for n in (3, 12, 20)
    ]
    assert all(len(each["alternatives"]) == 3 for each in conflicts)
    assert [instant(each["session"]["start"]) for each in conflicts] == [was[n] for n in (3, 12, 20)]
    assert walls(series) == was
    assert not SessionMove.objects.exists()

    taken = instant(conflicts[0]["alternatives"][0]["start"])
    answers = [
        {"start": conflicts[0]["start"], "instead": taken.isoformat()},
        {"start": conflicts[1]["start"], "instead": None},
    ]
    error = refused(move(client, series, **to, answers=answers), 409, "SERIES_CONFLICT")
    assert [conflict["number"] for conflict in error["details"]["conflicts"]] == [21]
    later = conflicts[2]["alternatives"][2]["start"]
    answers.append({"start": conflicts[2]["start"], "instead": later})
    shown = done(move(client, series, **to, answers=answers))
    assert len(shown["sessions"]) == 26
    expected = {wall.astimezone(UTC) for n, wall in enumerate(wanted) if n not in (3, 12, 20)}
    expected |= {taken, was[12].astimezone(UTC), instant(later)}
    assert {instant(each["start"]) for each in shown["sessions"]} == expected
    assert SessionMove.objects.filter(session__series=series).count() == 25
    assert double_bookings() == []


def test_each_stays_itself_with_its_history_and_everything_is_on_record(api_as, series, patient):
    was = {session.pk: session for session in sessions_of(series)}
    done(move(api_as(patient), series, start=on_the_wall(nine_in_london(), minutes=30).isoformat()))
    for session in sessions_of(series):
        before = was.pop(session.pk)
        assert session.start == before.start + HALF
        assert (session.sequence, session.fee_minor) == (1, before.fee_minor)
        kept = session.moves.get()
        assert (kept.entry_id, kept.start, kept.end) == (before.entry_id, before.start, before.end)
        assert kept.moved_by == patient
        assert session.participants.get().start == session.start
    assert not was
    assert AuditEvent.objects.filter(action="session.rescheduled", patient_id=patient.pk).count() == 5
    assert AuditEvent.objects.filter(action="series.moved", object_id=series.pk).count() == 1
    assert Occupancy.objects.filter(is_active=True).count() == 10
    assert double_bookings() == []


def test_to_one_anothers_times_a_week_on(api_as, series, patient):
    """Each one's new time is the next one's old time."""
    was = [session.start for session in sessions_of(series)]
    done(move(api_as(patient), series, start=was[1].isoformat()))
    assert [session.start for session in sessions_of(series)] == [*was[1:], on_the_wall(was[-1], days=7)]


@pytest.mark.parametrize(("scope", "moved"), [("this", [2]), ("following", [2, 3, 4]), ("all", range(5))])
def test_this_one_this_and_following_or_all(api_as, series, patient, scope, moved):
    sessions = sessions_of(series)
    done(move(api_as(patient), series, scope, session=str(sessions[2].pk), time="14:00"))
    expected = [
        on_the_wall(session.start, hours=5) if number in moved else session.start
        for number, session in enumerate(sessions)
    ]
    assert [session.start for session in sessions_of(series)] == expected


def test_where_one_was_left_out_the_others_keep_their_distance(londoner, patient, rival):
    start = nine_in_london()
    series = booked(londoner, patient, answers={on_the_wall(start, days=7): None})
    assert [session.series_number for session in sessions_of(series)] == [1, 3, 4, 5]
    move_series(series=series, scope=SeriesScope.ALL, to=NewTime(weekday=4), actor=patient)
    assert [session.start for session in sessions_of(series)] == [
        on_the_wall(start, days=4 + days) for days in (0, 14, 21, 28)
    ]


def test_one_that_was_moved_by_itself_comes_back_into_line(api_as, series, patient):
    third = sessions_of(series)[2]
    start = third.start
    done(move(api_as(patient), series, "this", session=str(third.pk), weekday=3, time="15:00"))
    done(move(api_as(patient), series, time="11:00"))
    assert [session.start for session in sessions_of(series)] == [
        on_the_wall(start, days=days, hours=2) for days in (-14, -7, 0, 7, 14)
    ]
    assert Session.objects.get(pk=third.pk).sequence == 2


def test_the_clock_is_kept_on_the_wall_of_the_new_hours(londoner, patient):
    AvailabilityRuleFactory(
        counselor=londoner, weekday=2, start=time(18), end=time(22), timezone="America/New_York"
    )
    series = booked(londoner, patient, rhythm="fortnightly", count=20)
    new_york = ZoneInfo("America/New_York")
    day = nine_in_london().astimezone(LONDON).date() + 2 * DAY
    evening = datetime.combine(day, time(19), new_york).astimezone(UTC)
    move_series(series=series, scope=SeriesScope.ALL, to=NewTime(start=evening), actor=patient)
    new = [session.start.astimezone(new_york) for session in sessions_of(series)]
    assert {(wall.weekday(), wall.time()) for wall in new} == {(2, time(19))}
    series.refresh_from_db()
    assert series.timezone == "America/New_York"


def test_another_way_to_meet_takes_a_room_each_time_and_gives_it_back(api_as, cast):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile, zone="Europe/London")
    patient = cast.a.patient
    series = booked(counselor, patient, count=3, mode="video")
    first, second = (Room.objects.create(centre=cast.a.centre, name=name) for name in ("A", "B"))
    done(move(api_as(patient), series, mode="in_person"))
    sessions = sessions_of(series)
    assert {(session.mode, session.entry.room) for session in sessions} == {("in_person", first)}
    # The desk names the room; a patient cannot.
    refused(move(api_as(patient), series, room=str(second.pk)), 403, "PERMISSION_DENIED")
    rival = PatientFactory().user
    other = open_practice(zone="Europe/London", counselor=CounselorFactory(primary_centre=cast.a.centre))
    book(other, rival, sessions[1].start, mode="in_person", centre_id=cast.a.centre.pk)
    error = refused(move(api_as(cast.a.front_desk), series, room=str(second.pk)), 409, "SERIES_CONFLICT")
    assert [each["message"] for each in error["details"]["conflicts"]] == [
        "This room is not free at this time."
    ]
    done(move(api_as(patient), series, mode="video"))
    assert Occupancy.objects.filter(resource__in=[first.pk, second.pk], is_active=True).count() == 1


def test_an_overbooked_one_takes_its_counselors_time_again(api_as, cast, rival):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile, zone="Europe/London")
    series = booked(counselor, cast.a.patient, count=3)
    second = sessions_of(series)[1]
    book(counselor, rival, on_the_wall(second.start, hours=3))
    reschedule_session(
        session=second,
        start=on_the_wall(second.start, hours=3),
        actor=cast.a.front_desk,
        overbook_reason="Could come only then.",
    )
    SessionParticipant.objects.filter(session=second).update(arrived_at=second.start)
    done(move(api_as(cast.a.patient), series, time="15:00"))
    second = sessions_of(series)[1]
    assert (second.overbooked, second.overbooked_by) == (False, None)
    assert second.entry.occupancies.count() == 2
    assert second.participants.get().arrived_at is None
    assert double_bookings() == []


# --- Two at once ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_in_a_race_with_bookings_of_its_new_times_one_wins_each_and_nothing_is_half_moved():
    practice = open_practice(zone="Europe/London")
    patients = [PatientFactory().user for _ in range(2)]
    series = [booked_at(practice, patients[0], 9), booked_at(practice, patients[1], 11)]
    rivals = [PatientFactory().user for _ in range(4)]
    start = nine_in_london()
    tries = [
        # Both to one time, each other's times, and single bookings of what both want.
        lambda: move_series(
            series=series[0], scope=SeriesScope.ALL, to=NewTime(clock=time(13)), actor=patients[0]
        ),
        lambda: move_series(
            series=series[1], scope=SeriesScope.ALL, to=NewTime(clock=time(13)), actor=patients[1]
        ),
        *(
            lambda number=number, rival=rival: book(
                practice, rival, on_the_wall(start, days=7 * number, hours=4)
            )
            for number, rival in enumerate(rivals)
        ),
    ]
    ready = Barrier(len(tries))

    def go(attempt):
        try:
            ready.wait(20)
            attempt()
        except (SeriesConflict, SlotTaken):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(tries)) as pool:
        won = list(pool.map(go, tries))
    assert won.count(True) >= 1
    assert double_bookings() == []
    for number, each in enumerate(series):
        clocks = {wall.time() for wall in walls(each)}
        assert clocks == {time(13)} if won[number] else clocks == {time(9 + 2 * number)}
    assert sum(won[:2]) <= 1
    assert Session.objects.count() == 8 + won[2:].count(True)


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
