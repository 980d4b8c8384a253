"""Moving a session: the new time first, the same session, the same terms; and everyone is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from accounts.models import AuditEvent
from core.errors import SlotTaken
from core.models import OutboxEntry
from sessions_app.models import Reminder, Session, SessionMove, SessionType, SlotHold
from sessions_app.services.policies import set_notice_policy
from sessions_app.services.rescheduling import reschedule_session
from tests.factories import PatientFactory, SessionTypeFactory
from tests.notifications.post import work_off
from tests.sessions_app.clinic import (
    active_spans,
    ask_hold,
    ask_to_cancel,
    book,
    coming,
    done,
    instant,
    keep_policy,
    open_practice,
    refused,
)
from tests.sessions_app.overlaps import double_bookings
from tests.sessions_app.pages import browser_of, led_to, source, words


@pytest.fixture
def practice(cast):
    return open_practice(counselor=cast.a.counselor.counselor_profile, paid=True)


@pytest.fixture
def session(practice, cast):
    return book(practice, cast.a.patient, coming())


def move(client, session, start, **more):
    return client.post(
        f"/api/sessions/{session.pk}/reschedule", {"start": start.isoformat(), **more}, format="json"
    )


@pytest.mark.django_db
def test_it_is_the_same_session_at_another_time(api_as, cast, session, practice):
    was = (session.entry_id, session.start, session.end)
    answer = done(move(api_as(cast.a.patient), session, coming(5, 11)))
    assert answer["id"] == str(session.pk)
    assert instant(answer["start"]) == coming(5, 11)
    session.refresh_from_db()
    assert (session.sequence, session.status, session.duration_minutes) == (1, "confirmed", 50)
    kept = SessionMove.objects.get()
    assert (kept.entry_id, kept.start, kept.end, kept.moved_by) == (*was, cast.a.patient)
    for person in (practice.pk, cast.a.patient.pk):
        assert active_spans(person) == [(session.start, session.end)]
    event = AuditEvent.objects.get(action="session.rescheduled")
    assert (event.actor_id, event.patient_id) == (cast.a.patient.pk, cast.a.patient.pk)
    assert OutboxEntry.objects.filter(event="time.freed", payload__entry=str(was[0])).exists()
    assert double_bookings() == []


@pytest.mark.django_db
def test_its_own_time_and_ones_own_hold_are_no_obstacle(api_as, cast, session, practice):
    client = api_as(cast.a.patient)
    assert instant(done(move(client, session, coming(3, 9, 15)))["start"]) == coming(3, 9, 15)
    done(ask_hold(client, practice, coming(4, 10)), 201)
    done(move(client, session, coming(4, 10, 15)))
    assert not SlotHold.objects.live().exists()
    elsewhere = done(ask_hold(client, practice, coming(6, 10)), 201)["id"]
    done(move(client, session, coming(4, 14)))
    assert str(SlotHold.objects.live().get().pk) == elsewhere
    assert Session.objects.get().sequence == 3
    assert double_bookings() == []


@pytest.mark.django_db
def test_a_time_that_cannot_be_had_leaves_everything_as_it_was(api_as, cast, session, practice):
    other = PatientFactory().user
    book(practice, other, coming(4))
    client = api_as(cast.a.patient)
    before = (Session.objects.values().get(pk=session.pk), active_spans(practice.pk))
    error = refused(move(client, session, coming(4)), 409, "SLOT_TAKEN")
    assert len(error["details"]["alternatives"]) == 3
    for never in (coming(4, 3), coming(4, 9, 5), coming(-1), coming(400)):
        refused(move(client, session, never), 400, "VALIDATION_ERROR")
    refused(move(client, session, session.start), 409, "INVALID_STATE")
    refused(move(client, session, coming(5), duration_minutes=20), 400, "VALIDATION_ERROR")
    assert before == (Session.objects.values().get(pk=session.pk), active_spans(practice.pk))
    assert not SessionMove.objects.exists()


@pytest.mark.django_db
def test_another_session_of_the_patient_is_in_the_way_and_the_counselors_hours_too(api_as, cast, session):
    elsewhere = open_practice()
    book(elsewhere, cast.a.patient, coming(4))
    refused(move(api_as(cast.a.front_desk), session, coming(4)), 409, "SLOT_TAKEN")


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["in_progress", "completed", "no_show"])
def test_what_has_begun_or_ended_stays(api_as, cast, session, state):
    Session.objects.filter(pk=session.pk).update(status=state)
    refused(move(api_as(cast.a.counselor), session, coming(5)), 409, "INVALID_STATE")
    Session.objects.filter(pk=session.pk).update(status="confirmed", start=coming(-1), end=coming(-1, 10))
    assert "begun" in refused(move(api_as(cast.admin), session, coming(5)), 409, "INVALID_STATE")["message"]
    assert not SessionMove.objects.exists()


@pytest.mark.django_db
def test_a_cancelled_session_is_booked_anew_and_not_moved(api_as, cast, session):
    client = api_as(cast.a.patient)
    done(ask_to_cancel(client, session.pk))
    refused(move(client, session, coming(5)), 409, "INVALID_STATE")
    assert active_spans(cast.a.patient.pk) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "role", ["counselor", "front_desk", "care_coordinator", "centre_manager", "manager", "admin"]
)
def test_who_may_change_it_may_move_it(api_as, cast, session, role):
    done(move(api_as(cast.of_role(role)), session, coming(5)))
    assert Session.objects.get(pk=session.pk).start == coming(5)
    for stranger in (cast.stranger, cast.b.counselor, cast.b.front_desk):
        refused(move(api_as(stranger), session, coming(6)), 404, "NOT_FOUND")


# --- The terms -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_moving_is_no_way_around_the_notice(api_as, cast, practice):
    keep_policy(practice, free_until_hours=200, late_percent=50)
    session = book(practice, cast.a.patient, coming())
    error = refused(move(api_as(cast.a.patient), session, coming(20)), 409, "INVALID_STATE")
    assert "Ask your counselor or the centre" in error["message"]
    done(move(api_as(cast.a.front_desk), session, coming(20)))
    cost = done(api_as(cast.a.patient).get(f"/api/sessions/{session.pk}/cancellation"))
    assert (cost["charge_minor"], cost["policy"]["version"]) == (0, 1)


@pytest.mark.django_db
def test_a_moved_session_keeps_the_version_it_was_booked_under_and_its_fee(api_as, cast, practice):
    session = book(practice, cast.a.patient, coming())
    set_notice_policy(
        counselor=practice,
        free_until_hours=300,
        late_percent=100,
        actor=cast.a.counselor,
        now=timezone.now() - timedelta(minutes=15),
    )
    SessionType.objects.filter(counselor=practice).update(fee_minor=9900)
    for day in (5, 6):
        answer = done(move(api_as(cast.a.patient), session, coming(day)))
        assert answer["fee_minor"] == 6000
        cost = done(api_as(cast.a.patient).get(f"/api/sessions/{session.pk}/cancellation"))
        assert (cost["charge_minor"], cost["policy"]) == (0, None)


@pytest.mark.django_db
def test_another_length_is_another_type_with_its_fee(api_as, cast, session, practice):
    long = SessionTypeFactory(counselor=practice, duration_minutes=80, position=1, paid=True, fee_minor=9000)
    answer = done(move(api_as(cast.a.patient), session, coming(5), duration_minutes=80))
    assert (answer["duration_minutes"], answer["fee_minor"]) == (80, 9000)
    assert Session.objects.get().session_type == long


@pytest.mark.django_db
def test_a_type_that_is_no_longer_offered_does_not_nail_its_sessions_down(api_as, cast, session, practice):
    SessionType.objects.filter(counselor=practice).update(is_active=False)
    SessionTypeFactory(counselor=practice, position=1)
    answer = done(move(api_as(cast.a.patient), session, coming(5)))
    assert answer["fee_minor"] == 6000
    assert Session.objects.get().session_type_id == session.session_type_id


# --- What follows --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_everyone_is_told_and_the_calendar_and_the_reminders_move_along(cast, session):
    work_off()
    mail.outbox.clear()
    for day in (5, 6):
        reschedule_session(session=session, start=coming(day), actor=cast.a.patient)
        work_off()
    told = [letter for letter in mail.outbox if letter.to == [cast.a.patient.email]]
    assert len(told) == 2
    assert {letter.to[0] for letter in mail.outbox} == {cast.a.patient.email, cast.a.counselor.email}
    (attached,) = [part for part in told[-1].message().walk() if part.get_content_type() == "text/calendar"]
    (event,) = Calendar.from_ical(attached.get_payload(decode=True)).walk("VEVENT")
    assert (int(event["SEQUENCE"]), event["DTSTART"].dt) == (2, coming(6))
    due = {(one.session_start, one.due_at) for one in Reminder.objects.filter(kind="24h")}
    assert due == {(coming(6), coming(5))}


# --- Two at once ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_sessions_that_want_one_time_or_each_others_are_never_at_one_time():
    practice = open_practice()
    people = [PatientFactory().user for _ in range(4)]
    sessions = [book(practice, person, coming(4, 9 + number)) for number, person in enumerate(people)]
    wanted = [coming(5), coming(5), coming(4, 9), coming(4, 11)]  # one time twice; and each the other's
    ready = Barrier(4)

    def go(number):
        try:
            ready.wait(20)
            reschedule_session(session=sessions[number], start=wanted[number], actor=people[number])
        except SlotTaken:
            return "refused"
        finally:
            connection.close()
        return "moved"

    with ThreadPoolExecutor(4) as pool:
        fared = list(pool.map(go, range(4)))
    assert sorted(fared[:2]) == ["moved", "refused"]
    assert double_bookings() == []
    assert SessionMove.objects.count() == fared.count("moved")
    starts = set(Session.objects.values_list("start", flat=True))
    assert len(starts) == 4


# --- The page ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["patient", "counselor", "front_desk"])
def test_on_the_page_a_time_is_chosen_and_the_session_moves(cast, session, role):
    browser = browser_of(cast.of_role(role))
    page = reverse("session_reschedule", args=[session.pk])
    assert page in source(browser.get(reverse("session_detail", args=[session.pk])))
    shown = source(browser.get(f"{page}?from={coming(5).date()}&day={coming(5).date()}"))
    assert "Its new time" in shown
    assert f'value="{coming(5).isoformat()}"' in shown
    assert "has its new time" in words(browser.post(page, {"start": coming(5).isoformat()}, follow=True))
    assert Session.objects.get().start == coming(5)


@pytest.mark.django_db
def test_the_page_says_what_is_in_the_way(cast, session, practice):
    book(practice, PatientFactory().user, coming(4))
    browser, page = browser_of(cast.a.patient), reverse("session_reschedule", args=[session.pk])
    shown = words(browser.post(page, {"start": coming(4).isoformat()}), 409)
    assert "The session is where it was" in shown
    assert led_to(browser.post(page, {"start": "soon"})) == page
    Session.objects.filter(pk=session.pk).update(status="completed")
    assert "can no longer be moved" in words(browser.get(page, follow=True))
