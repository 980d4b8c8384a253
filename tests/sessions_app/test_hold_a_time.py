"""A time is kept for five minutes, for one patient, and never longer."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from sessions_app.models import CalendarEntry, Occupancy, SlotHold
from sessions_app.services.holds import sweep_expired_holds
from tests.factories import CareRelationshipFactory
from tests.sessions_app.clinic import (
    active_spans,
    ask_hold,
    ask_session,
    ask_to_book_hold,
    coming,
    done,
    instant,
    open_practice,
    refused,
    slots_shown,
)

pytestmark = pytest.mark.django_db
FIVE_MINUTES, FIFTY_MINUTES, QUARTER = timedelta(minutes=5), timedelta(minutes=50), timedelta(minutes=15)


def renew(client, hold_id):
    return client.post(f"/api/sessions/holds/{hold_id}/renew")


def release(client, hold_id):
    return client.delete(f"/api/sessions/holds/{hold_id}")


def test_a_hold_keeps_its_time_for_five_minutes(api_as, practice, patient, rival):
    start = coming()
    hold = done(ask_hold(api_as(patient), practice, start), 201)
    assert set(hold) == {
        *("id", "start", "end", "expires_at", "renewals_left"),
        *("counselor", "patient", "type", "mode", "centre"),
    }
    assert (instant(hold["start"]), instant(hold["end"])) == (start, start + FIFTY_MINUTES)
    left = instant(hold["expires_at"]) - timezone.now()
    assert FIVE_MINUTES - timedelta(seconds=10) < left <= FIVE_MINUTES
    assert (hold["renewals_left"], hold["patient"], hold["mode"]) == (1, str(patient.pk), "video")
    refused(ask_session(api_as(rival), practice, start), 409, "SLOT_TAKEN")
    refused(ask_hold(api_as(rival), practice, start + QUARTER), 409, "SLOT_TAKEN")
    assert AuditEvent.objects.filter(action="hold.placed", object_id=hold["id"], actor_id=patient.pk).exists()


def test_others_do_not_find_the_held_time_and_its_holder_does(api, api_as, practice, patient, rival):
    start = coming()
    done(ask_hold(api_as(patient), practice, start), 201)
    for reader in (api, api_as(rival), api_as(practice.user)):
        assert min(slots_shown(reader, practice, start)) == start + timedelta(hours=1)
    assert min(slots_shown(api_as(patient), practice, start)) == start


def test_a_second_hold_takes_the_place_of_the_first(api_as, practice, patient, rival):
    client, start = api_as(patient), coming()
    first = done(ask_hold(client, practice, start), 201)
    second = done(ask_hold(client, practice, start + timedelta(hours=2)), 201)
    assert [hold["id"] for hold in done(client.get("/api/sessions/holds"))] == [second["id"]]
    refused(ask_to_book_hold(client, first["id"]), 409, "HOLD_EXPIRED")
    done(ask_session(api_as(rival), practice, start), 201)


def test_the_same_time_may_be_held_anew(api_as, practice, patient):
    client, start = api_as(patient), coming()
    first = done(ask_hold(client, practice, start), 201)
    second = done(ask_hold(client, practice, start), 201)
    assert first["id"] != second["id"]
    assert active_spans(practice.pk) == [(start, start + FIFTY_MINUTES)]
    done(ask_to_book_hold(client, second["id"]), 201)


def test_a_hold_that_overlaps_ones_own_hold_takes_its_place(api_as, practice, patient):
    client, start = api_as(patient), coming()
    done(ask_hold(client, practice, start), 201)
    done(ask_hold(client, practice, start + QUARTER), 201)
    assert active_spans(practice.pk) == [(start + QUARTER, start + QUARTER + FIFTY_MINUTES)]


def test_a_refused_second_hold_leaves_the_first_in_place(api_as, practice, patient, rival):
    client, start = api_as(patient), coming()
    first = done(ask_hold(client, practice, start), 201)
    done(ask_session(api_as(rival), practice, start + timedelta(hours=2)), 201)
    refused(ask_hold(client, practice, start + timedelta(hours=2)), 409, "SLOT_TAKEN")
    done(ask_to_book_hold(client, first["id"]), 201)


def test_a_hold_is_renewed_once(api_as, practice, patient):
    client = api_as(patient)
    hold = done(ask_hold(client, practice, coming()), 201)
    CalendarEntry.objects.filter(pk=hold["id"]).update(expires_at=timezone.now() + timedelta(seconds=20))
    Occupancy.objects.filter(entry=hold["id"]).update(expires_at=timezone.now() + timedelta(seconds=20))
    renewed = done(renew(client, hold["id"]))
    assert renewed["renewals_left"] == 0
    left = instant(renewed["expires_at"]) - timezone.now()
    assert FIVE_MINUTES - timedelta(seconds=10) < left <= FIVE_MINUTES
    for occupancy in Occupancy.objects.filter(entry=hold["id"]):
        assert occupancy.expires_at == instant(renewed["expires_at"])
    refused(renew(client, hold["id"]), 409, "INVALID_STATE")
    done(ask_to_book_hold(client, hold["id"]), 201)


def test_a_released_time_is_free_at_once_and_releasing_twice_is_no_error(api_as, practice, patient, rival):
    client, start = api_as(patient), coming()
    hold = done(ask_hold(client, practice, start), 201)
    assert done(release(client, hold["id"]), 204) is None
    done(release(client, hold["id"]), 204)
    assert done(client.get("/api/sessions/holds")) == []
    assert active_spans(practice.pk) == active_spans(patient.pk) == []
    refused(ask_to_book_hold(client, hold["id"]), 409, "HOLD_EXPIRED")
    refused(renew(client, hold["id"]), 409, "HOLD_EXPIRED")
    done(ask_session(api_as(rival), practice, start), 201)


def test_an_expired_hold_can_be_neither_renewed_nor_booked(api_as, practice, patient, expire):
    client = api_as(patient)
    hold = done(ask_hold(client, practice, coming()), 201)
    expire(hold["id"])
    assert done(client.get("/api/sessions/holds")) == []
    for answer in (renew(client, hold["id"]), ask_to_book_hold(client, hold["id"])):
        error = refused(answer, 409, "HOLD_EXPIRED")
        assert "Choose the time again" in error["message"]
    done(release(client, hold["id"]), 204)


def test_an_expired_hold_blocks_nobody_though_nothing_swept_it(api, api_as, practice, patient, rival, expire):
    start = coming()
    hold = done(ask_hold(api_as(patient), practice, start), 201)
    expire(hold["id"])
    assert Occupancy.objects.filter(entry=hold["id"], is_active=True).count() == 2
    assert min(slots_shown(api, practice, start)) == start
    done(ask_session(api_as(rival), practice, start + QUARTER), 201)
    assert not SlotHold.objects.filter(pk=hold["id"], is_live=True).exists()
    refused(ask_to_book_hold(api_as(patient), hold["id"]), 409, "HOLD_EXPIRED")


def test_an_expired_hold_does_not_keep_its_own_patient_from_another_counselor(
    api_as, practice, patient, expire
):
    client, start = api_as(patient), coming()
    hold = done(ask_hold(client, practice, start), 201)
    expire(hold["id"])
    done(ask_hold(client, open_practice(), start), 201)


def test_the_sweeper_gives_back_what_has_expired_and_nothing_else(api_as, practice, patient, rival, expire):
    start = coming()
    dead = done(ask_hold(api_as(patient), practice, start), 201)
    alive = done(ask_hold(api_as(rival), practice, start + timedelta(hours=2)), 201)
    expire(dead["id"])
    assert sweep_expired_holds() == 1
    assert sweep_expired_holds() == 0
    assert [str(hold.pk) for hold in SlotHold.objects.filter(is_live=True)] == [alive["id"]]
    assert len(active_spans(practice.pk)) == 1


def test_a_stranger_finds_no_hold_of_somebody_else(api, api_as, cast, practice, patient, rival):
    hold = done(ask_hold(api_as(patient), practice, coming()), 201)
    for other in (rival, practice.user, cast.a.front_desk):
        client = api_as(other)
        refused(ask_to_book_hold(client, hold["id"]), 404, "NOT_FOUND")
        refused(renew(client, hold["id"]), 404, "NOT_FOUND")
        refused(release(client, hold["id"]), 404, "NOT_FOUND")
        assert done(client.get("/api/sessions/holds")) == []
    for answer in (ask_hold(api, practice, coming()), ask_to_book_hold(api, hold["id"])):
        refused(answer, 401, "NOT_AUTHENTICATED")
    done(ask_to_book_hold(api_as(patient), hold["id"]), 201)


def test_a_hold_that_staff_placed_is_their_centres_and_the_patients_to_book(api_as, cast):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile)
    hold = done(ask_hold(api_as(cast.a.front_desk), counselor, coming(), patient=str(cast.a.patient.pk)), 201)
    for reader in (cast.a.front_desk, cast.a.care_coordinator, cast.a.patient, cast.manager):
        assert [shown["id"] for shown in done(api_as(reader).get("/api/sessions/holds"))] == [hold["id"]]
    refused(ask_to_book_hold(api_as(cast.b.care_coordinator), hold["id"]), 404, "NOT_FOUND")
    session = done(ask_to_book_hold(api_as(cast.a.patient), hold["id"]), 201)
    assert session["patient"]["id"] == str(cast.a.patient.pk)


def test_a_counselor_holds_a_time_for_a_patient_in_their_care_and_for_no_other(
    api_as, practice, patient, rival
):
    CareRelationshipFactory(patient=patient.patient_profile, counselor=practice)
    client = api_as(practice.user)
    done(ask_hold(client, practice, coming(), patient=str(patient.pk)), 201)
    refused(ask_hold(client, practice, coming(4), patient=str(rival.pk)), 404, "NOT_FOUND")
    error = refused(ask_hold(client, practice, coming(4)), 400, "VALIDATION_ERROR")
    assert "patient" in error["details"]


def test_a_direct_booking_elsewhere_leaves_a_hold_whose_time_it_does_not_need(api_as, patient):
    """The held counselor keeps a buffer after the session; the patient does not, so the next session may begin."""
    client, start = api_as(patient), coming()
    held = open_practice(buffer_after_minutes=30, duration_minutes=30)
    hold = done(ask_hold(client, held, start), 201)
    done(ask_session(client, open_practice(), start + timedelta(minutes=30)), 201)
    done(ask_to_book_hold(client, hold["id"]), 201)


def test_buffers_keep_the_counselors_time_but_not_the_patients(api_as, patient, rival):
    start = coming()
    counselor = open_practice(buffer_before_minutes=10, buffer_after_minutes=20)
    done(ask_hold(api_as(patient), counselor, start), 201)
    assert active_spans(counselor.pk) == [
        (start - timedelta(minutes=10), start + FIFTY_MINUTES + timedelta(minutes=20))
    ]
    assert active_spans(patient.pk) == [(start, start + FIFTY_MINUTES)]
    refused(ask_session(api_as(rival), counselor, start + timedelta(hours=1)), 409, "SLOT_TAKEN")


# --- Leaving its page -----------------------------------------------------------------------------------------


def seconds_left(hold):
    entry = CalendarEntry.objects.get(pk=hold["id"])
    assert {row.expires_at for row in Occupancy.objects.filter(entry=entry)} == {entry.expires_at}
    return (entry.expires_at - timezone.now()).total_seconds()


def on_page(client, name, hold):
    return client.post(reverse(name, args=[hold["id"]]))


def test_who_left_the_page_keeps_the_time_for_a_moment_only(api_as, practice, patient, rival, client):
    hold = done(ask_hold(api_as(patient), practice, coming()), 201)
    client.force_login(patient)
    assert on_page(client, "hold_left", hold).status_code == 204
    assert 15 < seconds_left(hold) <= 20
    # Saying it again makes it no longer.
    CalendarEntry.objects.filter(pk=hold["id"]).update(expires_at=timezone.now() + timedelta(seconds=5))
    Occupancy.objects.filter(entry=hold["id"]).update(
        expires_at=CalendarEntry.objects.get(pk=hold["id"]).expires_at
    )
    assert on_page(client, "hold_left", hold).status_code == 204
    assert seconds_left(hold) <= 5
    done(ask_to_book_hold(api_as(patient), hold["id"]), 201)


def test_who_is_back_in_time_has_it_as_before_and_never_longer(api_as, practice, patient, client, expire):
    hold = done(ask_hold(api_as(patient), practice, coming()), 201)
    client.force_login(patient)
    before = instant(hold["expires_at"])
    on_page(client, "hold_left", hold)
    answer = on_page(client, "hold_back", hold)
    assert 290 < answer.json()["seconds_left"] <= 300
    assert abs(CalendarEntry.objects.get(pk=hold["id"]).expires_at - before) < timedelta(seconds=1)
    on_page(client, "hold_back", hold)
    assert abs(CalendarEntry.objects.get(pk=hold["id"]).expires_at - before) < timedelta(seconds=1)
    expire(hold["id"])
    assert on_page(client, "hold_back", hold).status_code == 409
    assert on_page(client, "hold_left", hold).status_code == 204


def test_nobody_else_leaves_it(api_as, practice, patient, rival, client):
    hold = done(ask_hold(api_as(patient), practice, coming()), 201)
    client.force_login(rival)
    assert on_page(client, "hold_left", hold).status_code == 404
    assert on_page(client, "hold_back", hold).status_code == 404
    assert seconds_left(hold) > 280
