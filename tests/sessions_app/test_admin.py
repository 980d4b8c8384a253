"""Scheduling in the console: found and looked at there, and changed by the services alone."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent
from core.models import OutboxEntry
from sessions_app.models import (
    AvailabilityException,
    BookingRules,
    CalendarEntry,
    Session,
    SessionStatus,
    SessionType,
)
from sessions_app.services.holds import place_hold
from sessions_app.services.repeats import Repeat
from sessions_app.services.reservations import Choice
from sessions_app.services.series import book_series
from tests.factories import PatientFactory, SessionTypeFactory
from tests.sessions_app.clinic import active_spans, book, coming, keep_policy, open_practice
from tests.sessions_app.waiting import free, wait

pytestmark = pytest.mark.django_db

SESSIONS = "/admin/sessions_app/session/"
TYPES = "/admin/sessions_app/sessiontype/"
LISTS = (
    *("session", "slothold", "sessiontype", "noticepolicy", "availabilityrule", "calendarentry"),
    *("reminder", "waitlistentry", "waitlistoffer", "sessionseries"),
    *("availabilityexception", "bookingrules"),
)


def repeat(counselor, patient):
    """Two sessions, a week apart, on a day that nothing else here is on."""
    return book_series(
        choice=Choice(counselor.pk, coming(20, hour=9 + counselor.series.count())),
        repeat=Repeat("weekly", count=2),
        patient_id=patient.pk,
        actor=patient,
    )


@pytest.fixture
def console(client, cast):
    """A browser in which a manager is signed in; `console.become(user)` changes who."""
    client.become = client.force_login
    client.force_login(cast.manager)
    return client


@pytest.fixture
def session(practice, patient):
    """A coming one."""
    return book(practice, patient, coming())


@pytest.fixture
def past_session(session):
    """One that took place the day before yesterday, as far as the clock is concerned."""
    return begun(session)


def begun(session):
    back = timedelta(days=5)
    Session.objects.filter(pk=session.pk).update(start=session.start - back, end=session.end - back)
    CalendarEntry.objects.filter(pk=session.entry_id).update(
        start=session.start - back, end=session.end - back
    )
    session.refresh_from_db()
    return session


def page_of(session, verb="change"):
    return f"{SESSIONS}{session.pk}/{verb}/"


def found(answer):
    """The ids of a list's rows."""
    assert answer.status_code == 200
    return [row.pk for row in answer.context["cl"].result_list]


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def ask_for(console, action, *sessions, **more):
    body = {"action": action, "_selected_action": [str(session.pk) for session in sessions]}
    return console.post(SESSIONS, body | more, follow=True)


def status_of(session):
    return Session.objects.values_list("status", flat=True).get(pk=session.pk)


# --- Looking ------------------------------------------------------------------------------------------------


def depart_from_the_week(counselor):
    """A day of leave, and booking rules."""
    day = coming(200).date()
    AvailabilityException.objects.create(
        counselor=counselor, kind="unavailable", first_day=day, last_day=day, timezone="UTC"
    )
    BookingRules.objects.create(counselor=counselor, timezone="UTC")


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_everything_opens_that_the_reader_may_see(console, cast, session, role, patient):
    console.become(cast.of_role(role))
    keep_policy(session.counselor)
    depart_from_the_week(session.counselor)
    place_hold(choice=Choice(session.counselor_id, coming(4)), patient_id=patient.pk, actor=patient)
    wait(patient, session.counselor)
    repeat(session.counselor, patient)
    free(book(session.counselor, PatientFactory().user, coming(5)))
    for name in LISTS:
        is_for_admins = name in ("calendarentry", "reminder")
        expected = 403 if is_for_admins and role == "manager" else 200
        answer = console.get(f"/admin/sessions_app/{name}/")
        assert answer.status_code == expected, name
        if expected == 200 and name != "reminder":
            (row, *_) = answer.context["cl"].result_list
            assert console.get(f"/admin/sessions_app/{name}/{row.pk}/change/").status_code == 200, name


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_whatever_its_length(console, cast, practice, django_assert_num_queries, name):
    console.become(cast.admin)
    url = f"/admin/sessions_app/{name}/"

    def fill(days):
        other = open_practice()
        keep_policy(other)
        depart_from_the_week(other)
        for day in days:
            book(other, PatientFactory().user, coming(day))
            someone = PatientFactory().user
            place_hold(choice=Choice(practice.pk, coming(day, hour=11)), patient_id=someone.pk, actor=someone)
            wait(someone, other)
            repeat(other, someone)
            free(book(other, PatientFactory().user, coming(day, hour=13)))

    fill([3])
    console.get(url)
    with CaptureQueriesContext(connection) as short:
        console.get(url)
    fill([4, 5, 6])
    with django_assert_num_queries(len(short)):
        console.get(url)


def test_a_session_shows_when_in_the_readers_zone_who_and_for_how_much(console, cast, practice):
    cast.manager.timezone = "Asia/Kolkata"
    cast.manager.save(update_fields=["timezone"])
    hidden = PatientFactory(anonymous=True)
    session = book(practice, hidden.user, coming(hour=9))

    text = console.get(page_of(session)).content.decode()

    assert "2:30 pm to 3:20 pm, Kolkata time" in text
    assert practice.user.full_name in text
    assert f"{hidden.user.full_name} (to counselors: {hidden.alias})" in text
    assert "Free" in text


@pytest.mark.parametrize("who", ["patient", "counselor"])
def test_a_session_is_found_by_the_name_of(console, practice, session, rival, who):
    other = book(open_practice(), rival, coming())
    person = session.participants.get().patient.user if who == "patient" else practice.user
    person.first_name, person.last_name = "Zebedee", "Quill"
    person.save(update_fields=["first_name", "last_name"])

    assert found(console.get(SESSIONS, {"q": "quill zeb"})) == [session.pk]
    assert other.pk in found(console.get(SESSIONS))


def test_a_session_is_found_by_status_centre_counselor_mode_and_day(console, practice, session, rival):
    elsewhere = open_practice(zone="Asia/Kolkata")
    other = book(elsewhere, rival, coming(5, hour=5), mode="phone")
    day = session.start.date().isoformat()

    for query in (
        {"centre__id__exact": session.centre_id},
        {"counselor": practice.pk},
        {"mode__exact": session.mode},
        {"start_from": day, "start_to": day},
        {"start_to": day},
    ):
        assert found(console.get(SESSIONS, query)) == [session.pk], query
    assert set(found(console.get(SESSIONS, {"status__exact": "confirmed"}))) == {session.pk, other.pk}
    assert found(console.get(SESSIONS, {"status__exact": "cancelled"})) == []
    assert found(console.get(SESSIONS, {"counselor": "nobody"})) == []
    assert len(found(console.get(SESSIONS, {"start_from": "whenever"}))) == 2


def test_a_day_of_the_filter_is_one_of_the_readers_zone(console, cast, practice, patient):
    cast.manager.timezone = "Pacific/Auckland"
    cast.manager.save(update_fields=["timezone"])
    session = book(practice, patient, coming(hour=15))
    there = session.start.astimezone(ZoneInfo("Pacific/Auckland")).date()
    assert there > session.start.date()

    day = there.isoformat()
    assert found(console.get(SESSIONS, {"start_from": day, "start_to": day})) == [session.pk]
    assert found(console.get(SESSIONS, {"start_to": session.start.date().isoformat()})) == []


# --- Ending sessions ----------------------------------------------------------------------------------------


def test_cancelling_asks_first_and_then_does_all_that_cancelling_does(console, cast, session):
    asked = console.get(page_of(session, "cancel"))
    assert b"Yes, cancel" in asked.content
    assert status_of(session) == SessionStatus.CONFIRMED

    answer = console.post(page_of(session, "cancel"), follow=True)

    assert said(answer) == ["Cancelled: 1."]
    session.refresh_from_db()
    assert (session.status, session.cancelled_by) == (SessionStatus.CANCELLED, cast.manager)
    assert active_spans(session.counselor_id) == []
    assert AuditEvent.objects.filter(action="session.cancelled", actor_id=cast.manager.pk).count() == 1
    assert OutboxEntry.objects.filter(event="session.cancelled").count() == 1
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("verb", "status"), [("complete", SessionStatus.COMPLETED), ("no_show", SessionStatus.NO_SHOW)]
)
def test_a_past_session_took_place_or_nobody_came(console, past_session, verb, status):
    console.get(page_of(past_session, verb))
    assert status_of(past_session) == SessionStatus.CONFIRMED

    console.post(page_of(past_session, verb))

    assert status_of(past_session) == status


def test_what_cannot_be_done_is_not_offered_and_is_refused_in_the_services_words(
    console, session, past_session, rival, practice
):
    ahead = book(practice, rival, coming(4))

    def offered(one):
        return [each["path"].split("/")[-2] for each in console.get(page_of(one)).context["actions_detail"]]

    assert offered(ahead) == ["cancel"]
    assert offered(past_session) == ["cancel", "complete", "no_show"]
    answer = console.post(page_of(ahead, "complete"), follow=True)
    assert said(answer) == ["This session has not begun yet."]
    console.post(page_of(ahead, "cancel"))
    assert offered(ahead) == []
    assert said(console.post(page_of(ahead, "cancel"), follow=True)) == [
        "This session is cancelled, so this can no longer be done."
    ]


def test_several_are_ended_together_after_a_page_that_names_them(console, practice, session, rival):
    begun_one = begun(book(practice, rival, coming(5)))

    asked = ask_for(console, "complete_selected", session, begun_one)
    assert rival.full_name in asked.content.decode()
    assert {status_of(session), status_of(begun_one)} == {SessionStatus.CONFIRMED}

    answer = ask_for(console, "complete_selected", session, begun_one, confirmed="yes")
    assert said(answer) == ["Completed: 1.", "This session has not begun yet."]
    assert (status_of(session), status_of(begun_one)) == (SessionStatus.CONFIRMED, SessionStatus.COMPLETED)

    missed = begun(book(practice, rival, coming(5, hour=12)))
    ask_for(console, "no_show_selected", missed, confirmed="yes")
    assert status_of(missed) == SessionStatus.NO_SHOW


def test_a_wrong_end_and_a_charge_lead_to_the_pages_that_ask_why(console, past_session):
    console.post(page_of(past_session, "no_show"))
    offered = [
        each["path"].split("/")[-2] for each in console.get(page_of(past_session)).context["actions_detail"]
    ]
    assert offered == ["correct"]
    answer = console.get(page_of(past_session, "correct"), follow=True)
    assert answer.redirect_chain[-1][0] == f"/sessions/{past_session.pk}/correct"
    assert b"Put right how it ended" in answer.content


@pytest.mark.parametrize("object_id", ["nonsense", "01900000-0000-7000-8000-000000000000"])
def test_a_session_that_is_not_there_is_not_found(console, object_id):
    for ask in (console.get, console.post):
        assert ask(f"{SESSIONS}{object_id}/cancel/").status_code == 404


def test_no_form_gets_past_the_services(console, cast, session):
    console.become(cast.admin)
    for name in LISTS:
        if name != "sessiontype":
            assert console.get(f"/admin/sessions_app/{name}/add/").status_code == 403, name
    assert console.post(page_of(session), {"status": "completed"}).status_code == 403
    assert console.post(page_of(session, "delete"), {"post": "yes"}).status_code == 403
    assert ask_for(console, "delete_selected", session, post="yes").status_code == 200
    assert status_of(session) == SessionStatus.CONFIRMED
    kept = SessionTypeFactory()
    assert console.post(f"{TYPES}{kept.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("role", ["patient", "counselor", "front_desk", "centre_manager"])
def test_who_may_not_enter_ends_nothing(console, cast, session, role):
    console.become(cast.of_role(role))

    assert console.post(page_of(session, "cancel"), follow=True).status_code == 403
    assert status_of(session) == SessionStatus.CONFIRMED


# --- Session types ------------------------------------------------------------------------------------------

FORM = {
    "name": "Evening session",
    "kind": "follow_up",
    "duration_minutes": "50",
    "modes": ["video", "phone"],
    "payment_policy": "at_centre",
    "fee": "45.50",
    "currency": "GBP",
    "buffer_before_minutes": "0",
    "buffer_after_minutes": "10",
    "position": "1",
    "is_active": "on",
}


def test_a_session_type_is_offered_for_a_counselor_and_changed(console, cast, practice):
    answer = console.post(f"{TYPES}add/", FORM | {"counselor": practice.pk})

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = SessionType.objects.get(name="Evening session")
    assert (made.counselor_id, made.fee_minor, made.modes) == (practice.pk, 4550, ["video", "phone"])

    answer = console.post(f"{TYPES}{made.pk}/change/", FORM | {"fee": "50", "counselor": cast.b.counselor.pk})

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made.refresh_from_db()
    assert (made.counselor_id, made.fee_minor) == (practice.pk, 5000), "whose it is does not change"
    events = AuditEvent.objects.filter(action="session_type.saved", object_id=made.pk)
    assert [event.actor_id for event in events] == [cast.manager.pk] * 2
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"duration_minutes": "5"}, "duration_minutes"),
        ({"modes": []}, "modes"),
        ({"fee": ""}, "fee"),
        ({"payment_policy": "free"}, "fee"),
        ({"currency": "pounds"}, "currency"),
        ({"counselor": ""}, "counselor"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(console, practice, values, field):
    answer = console.post(f"{TYPES}add/", FORM | {"counselor": practice.pk} | values)

    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not SessionType.objects.filter(name=FORM["name"]).exists()


def test_the_times_of_a_hold_are_told_in_full(console, practice, patient):
    hold = place_hold(choice=Choice(practice.pk, coming()), patient_id=patient.pk, actor=patient)

    text = console.get("/admin/sessions_app/slothold/").content.decode()

    assert patient.full_name in text
    until = timezone.localtime(hold.entry.expires_at)
    assert f"{until.hour % 12 or 12}:{until.minute:02} " in text
