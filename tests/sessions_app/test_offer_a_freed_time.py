"""A freed time goes to the first who fits, for a stated while, and then to the next."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.models import (
    CalendarEntry,
    EntryKind,
    Occupancy,
    Session,
    SlotHold,
    WaitlistEntry,
    WaitlistOffer,
)
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.holds import place_hold, release_hold
from sessions_app.services.offers import announce_expired_holds, offer_freed_time, pass_on_unanswered
from sessions_app.services.reservations import Choice
from sessions_app.services.waitlist import leave_waitlist, set_priority
from sessions_app.tasks import sweep_holds
from tests.factories import PatientFactory, SessionTypeFactory
from tests.notifications.post import work_off
from tests.sessions_app.clinic import (
    active_spans,
    ask_hold,
    ask_session,
    ask_to_book_hold,
    book,
    coming,
    done,
    open_practice,
    refused,
    slots_shown,
)
from tests.sessions_app.waiting import free, offers_to, the_offer_to, wait

pytestmark = pytest.mark.django_db
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def booked(practice, rival):
    """Somebody else's session, which can be cancelled."""
    return book(practice, rival, coming())


@pytest.fixture
def second(db):
    return PatientFactory().user


def run_out(offer):
    """Half an hour later; nothing has swept it."""
    past = timezone.now() - timedelta(seconds=1)
    CalendarEntry.objects.filter(pk=offer.pk).update(expires_at=past)
    Occupancy.objects.filter(entry=offer.pk).update(expires_at=past)
    WaitlistOffer.objects.filter(pk=offer.pk).update(expires_at=past)


# --- Who is asked ---------------------------------------------------------------------------------------------


def test_a_freed_time_is_kept_for_who_waits(api_as, practice, patient, booked, second):
    entry = wait(patient, practice)
    assert free(booked) == 1
    offer = the_offer_to(patient)
    assert (offer.waitlist_entry_id, offer.start) == (entry.pk, booked.start)
    assert timedelta(minutes=29) < offer.expires_at - timezone.now() <= HALF_AN_HOUR
    kept = CalendarEntry.objects.get(pk=offer.pk)
    assert (kept.kind, kept.expires_at) == (EntryKind.OFFER, offer.expires_at)
    assert active_spans(practice.pk) == active_spans(patient.pk) == [(booked.start, booked.end)]
    refused(ask_session(api_as(second), practice, booked.start), 409, "SLOT_TAKEN")


def test_priority_comes_first_and_then_who_has_waited_longest(practice, patient, booked, second):
    third = PatientFactory().user
    wait(patient, practice)
    wait(second, practice)
    set_priority(entry=wait(third, practice), priority=1, actor=practice.user)
    free(booked)
    asked = [the_offer_to(third)]
    for expected in (patient, second):
        release_hold(hold=asked[-1].hold, actor=third)
        assert offer_freed_time(entry_id=asked[-1].pk) == 1
        asked.append(the_offer_to(expected))
    release_hold(hold=asked[-1].hold, actor=second)
    assert offer_freed_time(entry_id=asked[-1].pk) == 0
    assert WaitlistOffer.objects.filter(outcome="declined").count() == 3


@pytest.mark.parametrize(
    ("more", "minutes_later"),
    [
        ({}, 0),
        ({"earliest": time(9), "latest": time(9, 50)}, 0),
        # The day's other times were free before: only what needs some of the freed time is offered.
        ({"earliest": time(9, 15)}, 15),
        ({"earliest": time(10)}, None),
        ({"latest": time(9, 45)}, None),
        # 09:00 UTC is 14:30 in Kolkata.
        ({"timezone": "Asia/Kolkata", "earliest": time(14, 30), "latest": time(15, 20)}, 0),
        ({"timezone": "Asia/Kolkata", "earliest": time(9), "latest": time(12)}, None),
        ({"mode": "in_person"}, 0),
        ({"duration_minutes": 50}, 0),
        ({"duration_minutes": 30}, None),
        ({"fee_max_minor": 0}, 0),
    ],
)
def test_the_window_is_on_the_patients_wall(practice, patient, booked, more, minutes_later):
    wait(patient, practice, **more)
    assert free(booked) == (0 if minutes_later is None else 1)
    if minutes_later is not None:
        assert the_offer_to(patient).start == booked.start + timedelta(minutes=minutes_later)


def test_days_and_weekdays_are_kept(practice, patient, booked):
    day = booked.start.date()
    others = [number for number in range(7) if number != day.weekday()]
    wait(patient, practice, weekdays=others)
    wait(patient, practice, first_day=day + timedelta(days=1))
    wait(patient, practice, last_day=day - timedelta(days=1))
    assert free(booked) == 0


def test_a_search_is_met_by_whoever_fits_it(patient, rival, second):
    counselor = open_practice()
    session = book(counselor, rival, coming())
    wait(second, specialization="sleep")
    wait(second, specialization="grief", language="fr")
    wait(patient, specialization="grief", language="hi", mode="video")
    free(session)
    assert the_offer_to(patient).counselor_id == counselor.pk
    assert offers_to(second) == []


def test_who_is_busy_then_is_left_out(practice, patient, booked, second):
    book(open_practice(), patient, booked.start)
    wait(patient, practice)
    wait(second, practice)
    free(booked)
    assert offers_to(patient) == []
    the_offer_to(second)


def test_one_has_one_offer_at_a_time_and_the_next_time_goes_to_the_next(practice, patient, rival, second):
    sessions = [book(practice, rival, coming(3, hour)) for hour in (9, 11, 13)]
    wait(patient, practice)
    wait(second, practice)
    assert [free(session) for session in sessions] == [1, 1, 0]
    assert the_offer_to(patient).start == sessions[0].start
    assert the_offer_to(second).start == sessions[1].start


def test_a_long_time_serves_several_who_want_short_ones(practice, patient, rival, second):
    long = SessionTypeFactory(counselor=practice, duration_minutes=120, position=2)
    session = book(practice, rival, coming(), type_id=long.pk)
    wait(patient, practice, duration_minutes=50)
    wait(second, practice, duration_minutes=50)
    assert free(session) == 2
    assert the_offer_to(patient).start == session.start
    assert the_offer_to(second).start == session.start + timedelta(hours=1)


@pytest.mark.parametrize(("minutes_ahead", "answer_minutes"), [(90, 30), (40, 20), (12, 6), (8, None)])
def test_what_begins_soon_is_offered_for_a_shorter_while(
    practice, patient, rival, minutes_ahead, answer_minutes
):
    session = book(practice, rival, coming())
    wait(patient, practice, latest=time(9, 50))
    now = session.start - timedelta(minutes=minutes_ahead)
    cancel_session(session=session, actor=rival, now=now)
    WaitlistEntry.objects.update(first_day=now.date())
    assert offer_freed_time(entry_id=session.entry_id, now=now) == (answer_minutes is not None)
    if answer_minutes is not None:
        assert the_offer_to(patient).expires_at == now + timedelta(minutes=answer_minutes)


def test_who_left_and_who_is_gone_are_not_asked(practice, patient, booked, second):
    leave_waitlist(entry=wait(patient, practice), actor=patient)
    wait(second, practice)
    second.is_active = False
    second.save(update_fields=["is_active"])
    assert free(booked) == 0


# --- What becomes of it ---------------------------------------------------------------------------------------


def test_accepting_is_booking_a_hold_and_ends_the_wait(api_as, practice, patient, booked):
    entry = wait(patient, practice)
    free(booked)
    offer = the_offer_to(patient)
    session = done(ask_to_book_hold(api_as(patient), str(offer.pk)), 201)
    assert Session.objects.get(pk=session["id"]).start == booked.start
    entry.refresh_from_db()
    offer.refresh_from_db()
    assert (entry.status, offer.outcome) == ("booked", "accepted")
    assert entry.ended_at is not None
    assert CalendarEntry.objects.get(pk=offer.pk).expires_at is None
    # A second click is answered with the same session.
    assert done(ask_to_book_hold(api_as(patient), str(offer.pk)), 201)["id"] == session["id"]


def test_an_offer_stands_beside_the_one_hold_of_a_patient(api_as, practice, patient, booked):
    client = api_as(patient)
    hold = done(ask_hold(client, practice, coming(5)), 201)
    wait(patient, practice)
    free(booked)
    offer = the_offer_to(patient)
    assert [shown["id"] for shown in done(client.get("/api/sessions/holds"))] == [hold["id"]]
    other = done(ask_hold(client, practice, coming(6)), 201)
    assert SlotHold.objects.get(pk=offer.pk).is_live
    done(ask_to_book_hold(client, other["id"]), 201)
    done(ask_to_book_hold(client, str(offer.pk)), 201)


def test_an_offer_is_not_kept_longer(api_as, practice, patient, booked):
    wait(patient, practice)
    free(booked)
    error = refused(
        api_as(patient).post(f"/api/sessions/holds/{the_offer_to(patient).pk}/renew"), 409, "INVALID_STATE"
    )
    assert "Take the time" in error["message"]


def test_nobody_else_takes_the_offered_time_and_its_owner_may_book_it_directly(
    api_as, practice, patient, booked, second
):
    entry = wait(patient, practice)
    free(booked)
    assert min(slots_shown(api_as(second), practice, booked.start)) > booked.start
    assert min(slots_shown(api_as(patient), practice, booked.start)) == booked.start
    done(ask_session(api_as(patient), practice, booked.start), 201)
    work_off()
    entry.refresh_from_db()
    assert entry.status == "booked"
    assert [offer.outcome for offer in offers_to(patient)] == ["accepted"]


def test_declining_hands_it_on_and_keeps_ones_place(api_as, practice, patient, booked, second):
    entry = wait(patient, practice)
    wait(second, practice)
    free(booked)
    done(api_as(patient).delete(f"/api/sessions/holds/{the_offer_to(patient).pk}"), 204)
    work_off()
    assert the_offer_to(second).start == booked.start
    entry.refresh_from_db()
    assert entry.status == "waiting"


def test_leaving_hands_on_what_was_being_offered(practice, patient, booked, second):
    entry = wait(patient, practice)
    wait(second, practice)
    free(booked)
    leave_waitlist(entry=entry, actor=patient)
    assert active_spans(patient.pk) == []
    work_off()
    assert the_offer_to(second).start == booked.start


def test_what_is_not_answered_goes_to_the_next_by_the_sweep(practice, patient, booked, second):
    wait(patient, practice)
    wait(second, practice)
    free(booked)
    run_out(the_offer_to(patient))
    sweep_holds()
    work_off()
    assert [offer.outcome for offer in offers_to(patient)] == ["expired"]
    assert the_offer_to(second).start == booked.start
    assert pass_on_unanswered() == 0


def test_the_same_time_is_never_offered_twice_to_one_person(practice, patient, booked, rival):
    wait(patient, practice)
    free(booked)
    run_out(the_offer_to(patient))
    sweep_holds()
    work_off()
    again = book(practice, rival, booked.start)
    assert free(again) == 0
    assert len(offers_to(patient)) == 1


def test_an_expired_offer_blocks_no_booking_though_nothing_swept_it(
    api_as, practice, patient, booked, second
):
    wait(patient, practice)
    free(booked)
    offer = the_offer_to(patient)
    run_out(offer)
    assert Occupancy.objects.filter(entry=offer.pk, is_active=True).count() == 2
    error = refused(ask_to_book_hold(api_as(patient), str(offer.pk)), 409, "HOLD_EXPIRED")
    assert "You still wait" in error["message"]
    done(ask_session(api_as(second), practice, booked.start), 201)


def test_an_unanswered_offer_that_a_booking_cleared_is_still_closed_and_makes_room_for_another(
    api_as, practice, patient, booked, second, rival
):
    wait(patient, practice)
    free(booked)
    run_out(the_offer_to(patient))
    done(ask_session(api_as(second), practice, booked.start), 201)
    another = book(practice, rival, coming(3, 13))
    assert free(another) == 1
    assert [offer.outcome for offer in offers_to(patient)] == ["expired", "open"]


def test_a_hold_that_was_not_taken_is_offered_too(practice, patient, rival, expire):
    hold = place_hold(choice=Choice(practice.pk, coming()), patient_id=rival.pk, actor=rival)
    assert announce_expired_holds() == 0
    wait(patient, practice)
    expire(hold.pk)
    sweep_holds()
    work_off()
    assert the_offer_to(patient).start == coming()


# --- How often ------------------------------------------------------------------------------------------------


def test_hearing_of_it_twice_makes_one_offer(practice, patient, booked, second):
    wait(patient, practice)
    wait(second, practice)
    assert free(booked) == 1
    assert offer_freed_time(entry_id=booked.entry_id) == 0
    work_off()  # the cancellation's own event
    assert WaitlistOffer.objects.count() == 1


def test_a_time_that_is_taken_is_offered_to_nobody(practice, patient, booked):
    wait(patient, practice)
    assert offer_freed_time(entry_id=booked.entry_id) == 0


def test_who_waits_is_read_in_a_fixed_number_of_queries(practice, rival):
    def queries(hour):
        session = book(practice, rival, coming(3, hour))
        with CaptureQueriesContext(connection) as captured:
            assert free(session) == 1
        return len(captured)

    wait(PatientFactory().user, practice)
    wait(PatientFactory().user, practice, earliest=time(23))
    few = queries(9)
    for _ in range(20):
        wait(PatientFactory().user, practice, earliest=time(23))
    wait(PatientFactory().user, practice)
    assert queries(11) == few
