"""A centre's rooms are part of the booking in person: the first free one by name, never one twice, none is said so."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from core.errors import SeriesConflict, SlotTaken
from sessions_app.free_time import merge_spans
from sessions_app.models import CalendarEntry, Mode, Occupancy, Room, Session
from sessions_app.room_times import RoomTimes, free_room
from sessions_app.services.booking import book_hold, book_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.holds import place_hold, sweep_expired_holds
from sessions_app.services.repeats import Repeat
from sessions_app.services.reservations import Choice
from sessions_app.services.rooms import add_room, change_room
from sessions_app.services.series import book_series
from tests.factories import CentreFactory, CounselorFactory, PatientFactory, StaffFactory
from tests.notifications.post import work_off
from tests.sessions_app.clinic import (
    active_spans,
    ask_session,
    book,
    coming,
    done,
    instant,
    open_practice,
    refused,
    slots_shown,
)
from tests.sessions_app.pages import browser_of, kept_by, on_hold, words

THERE = {"mode": Mode.IN_PERSON}


@pytest.fixture
def centre(db):
    return CentreFactory(name="Riverside", address="4 Mill Lane")


@pytest.fixture
def manager(centre):
    return StaffFactory(role="centre_manager", centre=centre)


@pytest.fixture
def counselors(centre):
    return [open_practice(counselor=CounselorFactory(primary_centre=centre)) for _ in range(3)]


@pytest.fixture
def rooms(centre, manager):
    """Two; the second by name was made first."""
    blue = add_room(centre=centre, name="Blue", actor=manager)
    return [add_room(centre=centre, name="Amber", actor=manager), blue]


def someone():
    return PatientFactory().user


def room_of(session):
    return CalendarEntry.objects.select_related("room").get(pk=session.entry_id).room


def test_the_first_free_room_by_name_is_taken_with_the_buffers(counselors, rooms):
    counselors[0].session_types.update(buffer_before_minutes=10, buffer_after_minutes=20)
    start = coming(3, 10)
    first = book(counselors[0], someone(), start, **THERE)
    second = book(counselors[1], someone(), start, **THERE)
    assert [room_of(session) for session in (first, second)] == rooms
    assert active_spans(rooms[0].pk) == [(start - timedelta(minutes=10), start + timedelta(minutes=70))]
    assert active_spans(rooms[1].pk) == [(start, start + timedelta(minutes=50))]


def test_all_rooms_taken_is_a_refusal_that_says_so_with_other_times(counselors, rooms, api_as):
    start = coming(3, 10)
    for counselor in counselors[:2]:
        book(counselor, someone(), start, **THERE)
    client = api_as(someone())
    assert start not in slots_shown(client, counselors[2], start, **THERE)
    assert start in slots_shown(client, counselors[2], start, mode="video")
    error = refused(ask_session(client, counselors[2], start, **THERE), 409, "SLOT_TAKEN")
    assert "All rooms" in error["message"]
    offered = [instant(slot["start"]) for slot in error["details"]["alternatives"]]
    assert len(offered) == 3
    assert start not in offered
    done(ask_session(client, counselors[2], offered[0], **THERE), 201)
    done(ask_session(api_as(someone()), counselors[2], start, mode="video"), 201)


def test_a_slot_whose_rooms_are_taken_is_still_had_in_other_ways(counselors, rooms, api_as):
    start = coming(3, 10)
    for counselor in counselors[:2]:
        book(counselor, someone(), start, **THERE)
    days = {"from": start.date(), "to": start.date()}
    client = api_as(someone())
    answer = client.get(f"/api/counselors/{counselors[2].pk}/slots", days)
    shown = {instant(slot["start"]): slot for slot in done(answer)}
    assert "in_person" not in str(shown[start])
    session = done(ask_session(client, counselors[2], start), 201)
    assert session["mode"] != Mode.IN_PERSON
    assert session["room"] is None


def test_the_reason_is_named_to_whoever_asks_why(counselors, rooms, api_as, manager):
    start = coming(3, 10)
    for counselor in counselors[:2]:
        book(counselor, someone(), start, **THERE)
    from django.utils import timezone

    from sessions_app.services.reasons import find_reason, in_safe_words
    from sessions_app.services.slots import Wish

    def reason(**wish):
        finding, _ = find_reason(
            counselor_id=counselors[2].pk, start=start, wish=Wish(**wish), now=timezone.now()
        )
        return finding and in_safe_words(finding)[0]

    assert reason(mode=Mode.IN_PERSON) == "rooms_taken"
    assert reason(mode=Mode.VIDEO) is None
    assert reason() is None


def test_a_centre_without_rooms_works_as_before(counselors):
    start = coming(3, 10)
    sessions = [book(counselor, someone(), start, **THERE) for counselor in counselors]
    assert {room_of(session) for session in sessions} == {None}


def test_other_ways_to_meet_need_no_room(counselors, rooms):
    session = book(counselors[0], someone(), coming(3, 10), mode=Mode.VIDEO)
    assert room_of(session) is None
    assert active_spans(rooms[0].pk) == []


def test_a_room_out_of_use_is_not_taken_and_those_that_have_it_keep_it(counselors, rooms, manager):
    start = coming(3, 10)
    kept = book(counselors[0], someone(), start, **THERE)
    change_room(room=rooms[0], values={"is_active": False}, actor=manager)
    assert room_of(book(counselors[1], someone(), start, **THERE)) == rooms[1]
    with pytest.raises(SlotTaken):
        book(counselors[2], someone(), start, **THERE)
    assert room_of(kept) == rooms[0]
    change_room(room=rooms[1], values={"is_active": False}, actor=manager)
    assert room_of(book(counselors[2], someone(), start, **THERE)) is None


def test_cancelling_frees_the_room(counselors, rooms):
    start = coming(3, 10)
    patient = someone()
    session = book(counselors[0], patient, start, **THERE)
    cancel_session(session=session, actor=patient)
    assert active_spans(rooms[0].pk) == []
    assert room_of(book(counselors[1], someone(), start, **THERE)) == rooms[0]


def test_a_hold_keeps_a_room_and_the_session_has_the_same(counselors, rooms, expire):
    start, patient = coming(3, 10), someone()
    hold = place_hold(choice=Choice(counselors[0].pk, start, **THERE), patient_id=patient.pk, actor=patient)
    assert room_of(book(counselors[1], someone(), start, **THERE)) == rooms[1]
    session = book_hold(hold=hold, actor=patient)
    assert room_of(session) == rooms[0]


def test_a_dead_hold_keeps_no_room_with_nobody_sweeping(counselors, rooms, expire):
    start = coming(3, 10)
    for counselor in counselors[:2]:
        patient = someone()
        hold = place_hold(choice=Choice(counselor.pk, start, **THERE), patient_id=patient.pk, actor=patient)
        expire(hold.pk)
    assert room_of(book(counselors[2], someone(), start, **THERE)) == rooms[0]
    sweep_expired_holds()


def test_ones_own_hold_keeps_no_room_from_oneself(counselors, centre, manager):
    (only,) = [add_room(centre=centre, name="Only", actor=manager)]
    counselors[0].session_types.update(buffer_after_minutes=15)
    start, patient = coming(3, 10), someone()
    held = place_hold(choice=Choice(counselors[0].pk, start, **THERE), patient_id=patient.pk, actor=patient)
    # Another counselor, right after it: only the room with its buffer is in the way.
    after = start + timedelta(hours=1)
    session = book(counselors[1], patient, after, **THERE)
    assert room_of(session) == only
    assert not CalendarEntry.objects.get(pk=held.pk).is_active


def test_a_counselor_of_two_centres_takes_the_room_of_the_right_one(counselors, rooms, manager):
    elsewhere = CentreFactory()
    add_room(centre=elsewhere, name="Aaa", actor=StaffFactory(role="centre_manager", centre=elsewhere))
    session = book(counselors[0], someone(), coming(3, 10), **THERE)
    assert room_of(session) == rooms[0]


def test_a_series_takes_a_room_each_time_and_asks_about_times_without_one(counselors, rooms):
    start, patient = coming(3, 10), someone()
    weeks = [start + timedelta(weeks=number) for number in range(4)]
    book(counselors[1], someone(), weeks[1], **THERE)
    for counselor in counselors[1:]:
        book(counselor, someone(), weeks[2], **THERE)
    wanted = {
        "choice": Choice(counselors[0].pk, start, **THERE),
        "repeat": Repeat("weekly", count=4),
        "patient_id": patient.pk,
        "actor": patient,
    }
    with pytest.raises(SeriesConflict) as refused_:
        book_series(**wanted)
    (conflict,) = refused_.value.details["conflicts"]
    assert conflict["start"] == weeks[2]
    series = book_series(**wanted, answers={weeks[2]: None})
    sessions = Session.objects.filter(series=series).order_by("start")
    assert [room_of(session) for session in sessions] == [rooms[0], rooms[1], rooms[0]]
    assert active_spans(rooms[1].pk)[0] == (weeks[1], weeks[1] + timedelta(minutes=50))


def test_a_series_by_video_needs_no_room(counselors, rooms):
    patient = someone()
    series = book_series(
        choice=Choice(counselors[0].pk, coming(3, 10), mode=Mode.VIDEO),
        repeat=Repeat("weekly", count=3),
        patient_id=patient.pk,
        actor=patient,
    )
    assert {room_of(session) for session in Session.objects.filter(series=series)} == {None}


def test_the_database_keeps_a_room_from_two_sessions(counselors, rooms):
    start = coming(3, 10)
    session = book(counselors[0], someone(), start, **THERE)
    other = book(counselors[1], someone(), start, **THERE)
    mine = Occupancy.objects.get(entry=session.entry_id, resource=rooms[0].pk)
    with pytest.raises(IntegrityError, match="nobody_is_busy_twice_at_once"), transaction.atomic():
        Occupancy.objects.create(entry_id=other.entry_id, resource=rooms[0].pk, busy=mine.busy)


# --- Shown


def test_the_room_is_on_the_session_in_mail_and_in_the_calendar_file(counselors, rooms, api_as):
    patient = someone()
    shown = done(ask_session(api_as(patient), counselors[0], coming(3, 10), **THERE), 201)
    assert shown["room"] == {"id": str(rooms[0].pk), "name": "Amber"}
    again = done(api_as(patient).get(f"/api/sessions/{shown['id']}"))
    assert again["room"] == shown["room"]
    for reader in (patient, counselors[0].user):
        assert "Riverside, Amber" in words(browser_of(reader).get(f"/sessions/{shown['id']}"))
    work_off()
    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert "Riverside, Amber, 4 Mill Lane" in message.body
    file = api_as(patient).get(f"/api/sessions/{shown['id']}/calendar.ics")
    (event,) = Calendar.from_ical(file.content).walk("VEVENT")
    assert event["LOCATION"].startswith("Amber, 4 Mill Lane")


def test_the_room_stands_on_the_day_and_on_the_hold(counselors, rooms, manager):
    patient, start = someone(), coming(3, 10)
    browser = browser_of(patient)
    hold = kept_by(browser, counselors[0], start, mode=Mode.IN_PERSON)
    assert "Riverside, Amber" in words(browser.get(on_hold("book_details", hold)))
    browser.post(on_hold("book_confirm", hold))
    assert "Riverside, Amber" in words(browser_of(counselors[0].user).get(f"/today?day={start.date()}"))


# --- Kept by those who run the centre


def test_a_manager_of_the_centre_keeps_its_rooms(centre, manager, api_as):
    client, path = api_as(manager), f"/api/centres/{centre.pk}/rooms"
    made = done(client.post(path, {"name": "Blue"}, format="json"), 201)
    assert made == {"id": made["id"], "name": "Blue", "is_active": True}
    refused(client.post(path, {"name": "BLUE"}, format="json"), 400, "VALIDATION_ERROR")
    refused(client.post(path, {"name": "  "}, format="json"), 400, "VALIDATION_ERROR")
    changed = done(client.patch(f"{path}/{made['id']}", {"name": "Green", "is_active": False}, format="json"))
    assert (changed["name"], changed["is_active"]) == ("Green", False)
    assert done(client.get(path)) == [changed]


def test_rooms_of_another_centre_are_not_reached(centre, rooms, api_as):
    elsewhere = CentreFactory()
    stranger = api_as(StaffFactory(role="centre_manager", centre=elsewhere))
    refused(stranger.get(f"/api/centres/{centre.pk}/rooms"), 403, "PERMISSION_DENIED")
    answer = stranger.patch(
        f"/api/centres/{elsewhere.pk}/rooms/{rooms[0].pk}", {"name": "Mine"}, format="json"
    )
    refused(answer, 404, "NOT_FOUND")


def test_rooms_are_kept_in_the_console(centre, cast):
    browser = browser_of(cast.manager)
    answer = browser.post("/admin/sessions_app/room/add/", {"centre": str(centre.pk), "name": "Blue"})
    assert answer.status_code == 302, answer.content[-2000:]
    room = Room.objects.get()
    address = f"/admin/sessions_app/room/{room.pk}/change/"
    assert browser.post(address, {"name": "Blue"}).status_code == 302
    room.refresh_from_db()
    assert not room.is_active
    assert b"Riverside" in browser.get("/admin/sessions_app/room/").content


# --- Against a plain model, and at once


spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda span: (span[0], span[0] + span[1])),
    max_size=5,
)


@settings(max_examples=300, deadline=None)
@given(rooms=st.lists(spans, max_size=4), start=st.integers(0, 60), length=st.integers(1, 20))
def test_a_room_is_free_exactly_when_none_of_its_minutes_is_taken(rooms, start, length):
    times = [RoomTimes(number, "", merge_spans(busy)) for number, busy in enumerate(rooms)]
    taken = [{minute for first, last in busy for minute in range(first, last)} for busy in rooms]
    wanted = set(range(start, start + length))
    expected = next((number for number, minutes in enumerate(taken) if not minutes & wanted), None)
    found = free_room(times, start, start + length)
    assert (found.id if found else None) == expected


@pytest.mark.django_db(transaction=True)
def test_twelve_at_once_get_two_rooms_and_ten_refusals(transactional_db):
    centre = CentreFactory()
    manager = StaffFactory(role="centre_manager", centre=centre)
    rooms = [add_room(centre=centre, name=name, actor=manager) for name in ("Amber", "Blue")]
    counselors = [open_practice(counselor=CounselorFactory(primary_centre=centre)) for _ in range(6)]
    people, start, at_once = [someone() for _ in range(12)], coming(3, 10), Barrier(12)

    def attempt(number):
        try:
            at_once.wait(20)
            choice = Choice(counselors[number % 6].pk, start + timedelta(minutes=15 * (number % 3)), **THERE)
            return book_session(choice=choice, patient_id=people[number].pk, actor=people[number])
        except SlotTaken as refusal:
            return refusal
        finally:
            connection.close()

    for _ in range(3):
        with ThreadPoolExecutor(12) as pool:
            results = list(pool.map(attempt, range(12)))
        booked = [result for result in results if isinstance(result, Session)]
        assert len(booked) == 2
        assert {room_of(session) for session in booked} == set(rooms)
        for session in booked:
            cancel_session(session=session, actor=manager)
