"""A series moves whole, or is refused with each session that cannot; every session stays itself."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from accounts.models import AuditEvent
from core.errors import SeriesConflict, SlotTaken
from sessions_app.models import Occupancy, Room, Session, SessionMove, SessionParticipant
from sessions_app.services.participants import add_participant
from sessions_app.services.repeats import Repeat
from sessions_app.services.rescheduling import reschedule_session
from sessions_app.services.reservations import Choice
from sessions_app.services.series import SeriesScope, book_series
from sessions_app.services.series_moves import move_series
from sessions_app.services.series_times import NewTime
from tests.factories import AvailabilityRuleFactory, CounselorFactory, PatientFactory, SessionTypeFactory
from tests.sessions_app.clinic import book, done, instant, open_practice, refused
from tests.sessions_app.overlaps import double_bookings
from tests.sessions_app.series import LONDON, booked, move, nine_in_london, on_the_wall, sessions_of, walls

pytestmark = pytest.mark.django_db
HALF = timedelta(minutes=30)
DAY = timedelta(days=1)


@pytest.fixture
def series(londoner, patient):
    """Five Mondays at nine on London's wall."""
    return booked(londoner, patient, count=5)


def booked_at(counselor, patient, hour):
    """Four Mondays at that hour."""
    return book_series(
        choice=Choice(counselor.pk, on_the_wall(nine_in_london(), hours=hour - 9)),
        repeat=Repeat("weekly", count=4),
        patient_id=patient.pk,
        actor=patient,
    )


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
    assert {move.centre for session in sessions for move in session.moves.all()} == {cast.a.centre}
    # Taking back one of the moves would leave it without the way to meet that it had.
    undo = f"/api/sessions/{sessions[0].pk}/reschedule/undo"
    assert "changed since" in refused(api_as(patient).post(undo), 409, "INVALID_STATE")["message"]
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


def test_a_session_that_others_have_joined_is_moved_by_itself(api_as, londoner, patient, rival):
    couple = SessionTypeFactory(counselor=londoner, kind="couple", capacity=2, position=1)
    choice = Choice(londoner.pk, nine_in_london(), type_id=couple.pk)
    series = book_series(
        choice=choice, repeat=Repeat("weekly", count=3), patient_id=patient.pk, actor=patient
    )
    second = sessions_of(series)[1]
    add_participant(session=second, patient_id=rival.pk, actor=londoner.user)
    error = refused(move(api_as(londoner.user), series, time="13:00"), 409, "SERIES_CONFLICT")
    (conflict,) = error["details"]["conflicts"]
    assert (conflict["number"], conflict["alternatives"]) == (2, [])
    assert "Others take part" in conflict["message"]
    left = [{"start": conflict["start"], "instead": None}]
    done(move(api_as(londoner.user), series, time="13:00", answers=left))
    assert Session.objects.get(pk=second.pk).start == second.start
    assert SessionMove.objects.count() == 2


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
