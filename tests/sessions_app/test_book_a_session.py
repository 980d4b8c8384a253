"""Booking over the API: from a hold, directly, twice, and when somebody else was quicker."""

from datetime import timedelta

import pytest

from accounts.models import AuditEvent, CareRelationship, PatientCentre
from sessions_app.models import Session, SessionKind, SlotHold
from sessions_app.services.slots import Wish, find_slots
from tests.factories import AvailabilityRuleFactory, PatientFactory, SessionTypeFactory
from tests.sessions_app.clinic import (
    active_spans,
    ask_hold,
    ask_session,
    ask_to_book_hold,
    ask_to_cancel,
    book,
    coming,
    done,
    instant,
    open_practice,
    refused,
    wanted,
)

pytestmark = pytest.mark.django_db
FIFTY_MINUTES, QUARTER, HOUR = timedelta(minutes=50), timedelta(minutes=15), timedelta(hours=1)


# --- It works -----------------------------------------------------------------------------------------------


def test_a_time_is_booked_directly(api_as, practice, patient):
    start = coming()
    session = done(ask_session(api_as(patient), practice, start), 201)
    offered = practice.session_types.get()
    assert (instant(session["start"]), instant(session["end"])) == (start, start + FIFTY_MINUTES)
    assert session["counselor"] == {"id": str(practice.pk), "display_name": practice.user.full_name}
    assert session["patient"] == {"id": str(patient.pk), "display_name": patient.full_name}
    assert session["centre"] == {"id": str(practice.primary_centre_id), "name": practice.primary_centre.name}
    expected = {
        "status": "confirmed",
        "duration_minutes": 50,
        "mode": "video",
        "kind": SessionKind.FOLLOW_UP,
        "type_name": offered.name,
        "fee_minor": 0,
        "currency": "USD",
        "payment_policy": "free",
        "cancellation": None,
        "can": ["cancel", "reschedule"],
    }
    assert {name: session[name] for name in expected} == expected
    assert active_spans(practice.pk) == active_spans(patient.pk) == [(start, start + FIFTY_MINUTES)]


def test_what_a_booking_answers_is_what_is_read_afterwards(api_as, practice, patient):
    session = done(ask_session(api_as(patient), practice, coming()), 201)
    assert done(api_as(patient).get(f"/api/sessions/{session['id']}")) == session


def test_a_booking_opens_care_registers_the_patient_and_leaves_its_record(api_as, practice, patient):
    session = done(ask_session(api_as(patient), practice, coming()), 201)
    assert CareRelationship.objects.filter(patient=patient.pk, counselor=practice, until=None).count() == 1
    assert PatientCentre.objects.filter(patient=patient.pk, centre=practice.primary_centre).count() == 1
    record = AuditEvent.objects.get(action="session.booked")
    assert (record.actor_id, record.object_id) == (patient.pk, Session.objects.get(pk=session["id"]).pk)
    done(ask_session(api_as(patient), practice, coming(4)), 201)
    assert CareRelationship.objects.filter(patient=patient.pk, counselor=practice).count() == 1


def test_a_held_time_is_booked_and_keeps_the_terms_of_its_type(api_as, patient):
    counselor = open_practice(paid=True)
    client = api_as(patient)
    hold = done(ask_hold(client, counselor, coming(), mode="phone"), 201)
    session = done(ask_to_book_hold(client, hold["id"]), 201)
    assert (session["start"], session["end"], session["mode"]) == (hold["start"], hold["end"], "phone")
    assert (session["fee_minor"], session["payment_policy"]) == (6000, "at_centre")
    assert done(client.get("/api/sessions/holds")) == []
    counselor.session_types.update(fee_minor=9000, name="Dearer")
    assert done(client.get(f"/api/sessions/{session['id']}"))["fee_minor"] == 6000


def test_a_second_click_on_a_hold_gives_the_same_session(api_as, practice, patient, rival):
    client = api_as(patient)
    hold = done(ask_hold(client, practice, coming()), 201)
    first, second = (done(ask_to_book_hold(client, hold["id"]), 201) for _ in range(2))
    assert first["id"] == second["id"]
    assert Session.objects.count() == 1
    assert AuditEvent.objects.filter(action="session.booked").count() == 1


def test_a_hold_whose_session_was_cancelled_does_not_bring_it_back(api_as, practice, patient):
    client = api_as(patient)
    hold = done(ask_hold(client, practice, coming()), 201)
    session = done(ask_to_book_hold(client, hold["id"]), 201)
    done(ask_to_cancel(client, session["id"]))
    error = refused(ask_to_book_hold(client, hold["id"]), 409, "INVALID_STATE")
    assert "cancelled" in error["message"]


def test_a_hold_that_became_a_session_can_no_longer_be_released_or_renewed(api_as, practice, patient):
    client, start = api_as(patient), coming()
    hold = done(ask_hold(client, practice, start), 201)
    done(ask_to_book_hold(client, hold["id"]), 201)
    done(client.delete(f"/api/sessions/holds/{hold['id']}"), 204)
    refused(client.post(f"/api/sessions/holds/{hold['id']}/renew"), 409, "HOLD_EXPIRED")
    assert active_spans(practice.pk) == [(start, start + FIFTY_MINUTES)]


def test_ones_own_hold_is_not_in_the_way_of_ones_own_direct_booking(api_as, practice, patient):
    client, start = api_as(patient), coming()
    hold = done(ask_hold(client, practice, start), 201)
    session = done(ask_session(client, practice, start + QUARTER), 201)
    assert instant(session["start"]) == start + QUARTER
    assert (
        active_spans(practice.pk)
        == active_spans(patient.pk)
        == [(start + QUARTER, start + QUARTER + FIFTY_MINUTES)]
    )
    assert not SlotHold.objects.filter(pk=hold["id"], is_live=True).exists()
    refused(ask_to_book_hold(client, hold["id"]), 409, "HOLD_EXPIRED")


def test_the_same_idempotency_key_books_once_and_answers_alike(api_as, practice, patient):
    client, body = api_as(patient), wanted(practice, coming())
    answers = [
        client.post("/api/sessions", body, format="json", headers={"Idempotency-Key": "once"})
        for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.content for answer in answers}) == 1
    assert Session.objects.count() == 1
    other = client.post(
        "/api/sessions", wanted(practice, coming(4)), format="json", headers={"Idempotency-Key": "once"}
    )
    refused(other, 409, "CONFLICT")
    assert Session.objects.count() == 1


def test_a_refusal_is_not_kept_under_its_key_so_asking_again_may_succeed(api_as, practice, patient, rival):
    taken = done(ask_session(api_as(rival), practice, coming()), 201)
    client, body = api_as(patient), wanted(practice, coming())
    key = {"Idempotency-Key": "again"}
    refused(client.post("/api/sessions", body, format="json", headers=key), 409, "SLOT_TAKEN")
    done(ask_to_cancel(api_as(rival), taken["id"]))
    done(client.post("/api/sessions", body, format="json", headers=key), 201)


def test_a_type_is_chosen_by_its_id_or_its_length_and_else_is_the_first(api_as, practice, patient):
    client = api_as(patient)
    long = SessionTypeFactory(
        counselor=practice, name="Couple", kind=SessionKind.COUPLE, duration_minutes=80, position=1
    )
    by_id = done(ask_session(client, practice, coming(3), type=str(long.pk)), 201)
    by_length = done(ask_session(client, practice, coming(4), duration_minutes=80), 201)
    first = done(ask_session(client, practice, coming(5)), 201)
    assert [session["type_name"] for session in (by_id, by_length, first)] == ["Couple", "Couple", "Session"]
    assert [session["duration_minutes"] for session in (by_id, by_length, first)] == [80, 80, 50]


def test_hours_without_a_centre_are_for_video_and_phone(api_as, patient):
    client, online = api_as(patient), open_practice(online=True)
    refused(ask_session(client, online, coming(), mode="in_person"), 400, "VALIDATION_ERROR")
    session = done(ask_session(client, online, coming(), mode="phone"), 201)
    assert session["centre"]["id"] == str(online.primary_centre_id)


def test_a_session_in_person_is_where_the_counselor_then_is(api_as, cast, patient):
    counselor = open_practice(weekdays=[])
    AvailabilityRuleFactory(counselor=counselor, weekday=coming().weekday(), centre=cast.b.centre)
    client = api_as(patient)
    session = done(ask_session(client, counselor, coming(), mode="in_person"), 201)
    assert session["centre"]["id"] == str(cast.b.centre.pk)
    elsewhere = str(counselor.primary_centre_id)
    refused(
        ask_session(client, counselor, coming(hour=11), mode="in_person", centre=elsewhere),
        400,
        "VALIDATION_ERROR",
    )


# --- Staff and counselors book for patients -----------------------------------------------------------------


def test_staff_book_for_the_patients_of_their_centre(api_as, cast):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile)
    for days, staff in enumerate(
        (cast.a.front_desk, cast.a.care_coordinator, cast.a.centre_manager), start=3
    ):
        answer = ask_session(api_as(staff), counselor, coming(days), patient=str(cast.a.patient.pk))
        assert done(answer, 201)["patient"]["id"] == str(cast.a.patient.pk)
    for staff in (cast.a.front_desk, cast.a.care_coordinator, cast.a.centre_manager):
        answer = ask_session(api_as(staff), counselor, coming(9), patient=str(cast.b.patient.pk))
        refused(answer, 404, "NOT_FOUND")


def test_staff_of_a_centre_book_there_and_nowhere_else(api_as, cast):
    elsewhere = open_practice(counselor=cast.b.counselor.counselor_profile)
    answer = ask_session(api_as(cast.a.front_desk), elsewhere, coming(), patient=str(cast.a.patient.pk))
    refused(answer, 403, "PERMISSION_DENIED")
    assert Session.objects.count() == 0
    for days, everywhere in enumerate((cast.manager, cast.admin), start=3):
        done(ask_session(api_as(everywhere), elsewhere, coming(days), patient=str(cast.a.patient.pk)), 201)


def test_a_patient_books_for_nobody_else(api_as, practice, patient, rival):
    answer = ask_session(api_as(patient), practice, coming(), patient=str(rival.pk))
    refused(answer, 404, "NOT_FOUND")
    done(ask_session(api_as(patient), practice, coming(), patient=str(patient.pk)), 201)


def test_a_patient_whose_account_is_closed_takes_no_bookings(api_as, cast):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile)
    cast.a.patient.is_active = False
    cast.a.patient.save(update_fields=["is_active"])
    answer = ask_session(api_as(cast.a.front_desk), counselor, coming(), patient=str(cast.a.patient.pk))
    refused(answer, 403, "PERMISSION_DENIED")


# --- Somebody was quicker -----------------------------------------------------------------------------------


def test_the_loser_is_told_the_three_nearest_free_times_and_can_book_each(api_as, practice, patient, rival):
    start = coming(hour=12)
    done(ask_session(api_as(rival), practice, start), 201)
    client = api_as(patient)
    error = refused(ask_session(client, practice, start), 409, "SLOT_TAKEN")
    alternatives = error["details"]["alternatives"]
    assert [instant(slot["start"]) for slot in alternatives] == [
        start - HOUR - QUARTER,
        start - HOUR,
        start + HOUR,
    ]
    for slot in alternatives:
        assert set(slot) == {"start", "end", "counselor"}
        assert slot["counselor"] == {"id": str(practice.pk), "display_name": practice.user.full_name}
        session = done(ask_session(client, practice, instant(slot["start"])), 201)
        assert session["end"] == slot["end"]
        done(ask_to_cancel(client, session["id"]))


def test_the_nearest_times_are_those_of_all_that_are_free_for_both(api_as, practice, patient, rival):
    start = coming(hour=9, minute=30)
    done(ask_session(api_as(rival), practice, start), 201)
    client, other = api_as(patient), open_practice()
    done(ask_session(client, other, start + HOUR), 201)
    error = refused(ask_session(client, practice, start), 409, "SLOT_TAKEN")
    window = {"start": start - timedelta(days=7), "end": start + timedelta(days=7), "wish": Wish()}
    free = [slot.start for slot in find_slots(counselor_id=practice.pk, **window)]
    own = (start + HOUR, start + HOUR + FIFTY_MINUTES)
    free = [slot for slot in free if slot + FIFTY_MINUTES <= own[0] or slot >= own[1]]
    nearest = sorted(sorted(free, key=lambda slot: abs(slot - start))[:3])
    assert [instant(slot["start"]) for slot in error["details"]["alternatives"]] == nearest


def test_when_a_whole_week_is_taken_the_alternatives_lie_further_off(api_as, patient, rival):
    day = coming(10)
    counselor = open_practice(weekdays=[day.weekday()], duration_minutes=480)
    for weeks in (-1, 0, 1):
        book(counselor, PatientFactory().user, day + timedelta(weeks=weeks))
    error = refused(ask_session(api_as(patient), counselor, day), 409, "SLOT_TAKEN")
    assert [instant(slot["start"]) for slot in error["details"]["alternatives"]] == [
        day + timedelta(weeks=weeks) for weeks in (2, 3, 4)
    ]


def test_a_patient_cannot_be_in_two_sessions_at_once(api_as, practice, patient):
    client, start = api_as(patient), coming()
    done(ask_session(client, open_practice(), start), 201)
    error = refused(ask_session(client, practice, start + QUARTER), 409, "SLOT_TAKEN")
    assert "another session" in error["message"]
    alternatives = [instant(slot["start"]) for slot in error["details"]["alternatives"]]
    assert alternatives == [start + HOUR, start + HOUR + QUARTER, start + HOUR + 2 * QUARTER]
    done(ask_session(client, practice, alternatives[0]), 201)


def test_a_hold_elsewhere_that_is_in_the_way_is_given_back_by_a_booking(api_as, practice, patient):
    """One's own hold never stands in one's own way: whoever books has decided."""
    client, start = api_as(patient), coming()
    other = open_practice()
    done(ask_hold(client, other, start), 201)
    done(ask_session(client, practice, start), 201)
    assert active_spans(other.pk) == []
