"""Undo of a move: the session is where it was, whatever hours and notice say by now, unless somebody has the time."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import AuditEvent
from core.errors import InvalidState, SlotTaken
from core.models import OutboxEntry
from sessions_app.models import AvailabilityRule, BookingRules, Mode, Room, SessionMove, WaitlistOffer
from sessions_app.services import moves
from sessions_app.services.moves import UNDO_FOR, take_back_move
from sessions_app.services.rescheduling import reschedule_session
from tests.factories import SessionTypeFactory
from tests.notifications.post import work_off
from tests.sessions_app.clinic import active_spans, book, coming, done, instant, open_practice, refused
from tests.sessions_app.groups import lead_group, meet, persons
from tests.sessions_app.overlaps import double_bookings
from tests.sessions_app.waiting import wait

pytestmark = pytest.mark.django_db


@pytest.fixture
def practice(cast):
    return open_practice(counselor=cast.a.counselor.counselor_profile)


@pytest.fixture
def moved(practice, cast):
    """By its counselor, from the third day to the fifth."""
    session = book(practice, cast.a.patient, coming(3))
    return reschedule_session(session=session, start=coming(5), actor=cast.a.counselor)


def undo(client, session):
    return client.post(f"/api/sessions/{session.pk}/reschedule/undo", {}, format="json")


def test_the_session_is_where_it_was_and_everyone_hears_of_it(api_as, cast, practice, moved):
    answer = done(undo(api_as(cast.a.counselor), moved))
    assert (answer["id"], instant(answer["start"])) == (str(moved.pk), coming(3))
    assert active_spans(practice.pk) == [(coming(3), coming(3, 9, 50))] == active_spans(cast.a.patient.pk)
    moved.refresh_from_db()
    assert moved.sequence == 2
    assert [one.start for one in SessionMove.objects.all()] == [coming(3), coming(5)]
    assert OutboxEntry.objects.filter(event="session.rescheduled").count() == 2
    assert OutboxEntry.objects.filter(event="time.freed").count() == 2
    (told,) = AuditEvent.objects.filter(action="session.move_taken_back")
    assert told.actor_id == cast.a.counselor.pk
    assert double_bookings() == []


def test_neither_hours_nor_notice_are_asked(cast, practice, moved):
    AvailabilityRule.objects.filter(counselor=practice, weekday=coming(3).weekday()).delete()
    BookingRules.objects.create(counselor=practice, minimum_notice_minutes=30 * 1440, timezone="UTC")
    assert take_back_move(session=moved, actor=cast.a.counselor).start == coming(3)


def test_the_room_comes_back_with_it(cast, practice):
    centre = practice.primary_centre
    blue, red = (Room.objects.create(centre=centre, name=name) for name in ("Blue", "Red"))
    session = book(practice, cast.a.patient, coming(3), mode=Mode.IN_PERSON)
    reschedule_session(session=session, start=coming(5), actor=cast.a.counselor)
    Room.objects.filter(pk=blue.pk).update(is_active=False)
    back = take_back_move(session=session, actor=cast.a.counselor)
    assert back.entry.room_id == blue.pk
    assert active_spans(blue.pk) == [(coming(3), coming(3, 9, 50))]
    assert active_spans(red.pk) == []


def test_the_time_that_was_left_waits_out_the_undo_before_it_is_offered(cast, practice, moved):
    wait(cast.stranger, practice)
    work_off()
    assert not WaitlistOffer.objects.exists()
    take_back_move(session=moved, actor=cast.a.counselor)
    left = OutboxEntry.objects.filter(event="time.freed")
    assert all(one.available_at - one.created_at >= UNDO_FOR - timedelta(seconds=1) for one in left)
    left.update(available_at=timezone.now())
    work_off()
    assert [offer.hold.entry.start for offer in WaitlistOffer.objects.all()] == [coming(5)]


def test_whoever_has_the_time_by_now_keeps_it(api_as, cast, practice, moved):
    book(practice, cast.stranger, coming(3))
    error = refused(undo(api_as(cast.a.counselor), moved), 409, "SLOT_TAKEN")
    assert "given to somebody else" in error["message"]
    moved.refresh_from_db()
    assert moved.start == coming(5)
    assert len(active_spans(practice.pk)) == 2


def test_the_constraint_has_the_last_word(cast, practice, moved, monkeypatch):
    book(practice, cast.stranger, coming(3))
    monkeypatch.setattr(moves, "_require_free", lambda before: None)
    with pytest.raises(SlotTaken, match="given to somebody else") as refusal:
        take_back_move(session=moved, actor=cast.a.counselor)
    assert isinstance(refusal.value.__cause__, IntegrityError)


def test_only_who_moved_it_and_within_half_a_minute(api_as, cast, moved):
    refused(undo(api_as(cast.a.patient), moved), 409, "INVALID_STATE")
    later = timezone.now() + UNDO_FOR + timedelta(seconds=1)
    with pytest.raises(InvalidState, match="Choose its time anew"):
        take_back_move(session=moved, actor=cast.a.counselor, now=later)
    SessionMove.objects.update(start=timezone.now() - timedelta(minutes=1))
    with pytest.raises(InvalidState, match="has begun"):
        take_back_move(session=moved, actor=cast.a.counselor)


def test_another_length_is_not_taken_back(cast, practice):
    SessionTypeFactory(counselor=practice, duration_minutes=80, position=1)
    session = book(practice, cast.a.patient, coming(3), duration_minutes=50)
    reschedule_session(session=session, start=coming(5), duration_minutes=80, actor=cast.a.counselor)
    with pytest.raises(InvalidState, match="has changed since"):
        take_back_move(session=session, actor=cast.a.counselor)


def test_a_group_goes_back_with_all_who_take_part_unless_that_has_changed(cast):
    leads, people = lead_group(), persons(3)
    group = meet(leads, people[:2])
    reschedule_session(session=group, start=coming(5), actor=leads.user)
    take_back_move(session=group, actor=leads.user)
    spans = {tuple(active_spans(one.pk)) for one in (leads, *people[:2])}
    assert spans == {((coming(3), coming(3, 10)),)}
    reschedule_session(session=group, start=coming(5), actor=leads.user)
    meet(leads, people[2:], coming(5))
    with pytest.raises(InvalidState, match="has changed since"):
        take_back_move(session=group, actor=leads.user)


def test_an_overbooking_ends_with_the_undo_and_is_not_brought_back_by_one(cast, practice):
    book(practice, cast.stranger, coming(5))
    session = book(practice, cast.a.patient, coming(3))
    over = {"actor": cast.a.front_desk, "overbook_reason": "A crisis"}
    reschedule_session(session=session, start=coming(5), **over)
    back = take_back_move(session=session, actor=cast.a.front_desk)
    assert (back.start, back.overbooked) == (coming(3), False)
    reschedule_session(session=session, start=coming(5), **over)
    reschedule_session(session=session, start=coming(6), actor=cast.a.front_desk)
    with pytest.raises(InvalidState, match="has changed since"):
        take_back_move(session=session, actor=cast.a.front_desk)
