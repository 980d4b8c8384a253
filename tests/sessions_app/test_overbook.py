"""Staff book over what a counselor has or offers, with a reason; never over the patient or the room."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import AuditEvent, CareRelationship
from sessions_app.models import Mode, Occupancy, Session, SlotHold
from sessions_app.services.booking import book_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.offers import offer_freed_time
from sessions_app.services.reservations import Choice
from sessions_app.services.rooms import add_room
from sessions_app.services.states import correct_session, mark_no_show
from tests.cast import signed_in_client
from tests.factories import CentreFactory, CounselorFactory, PatientFactory, StaffCentreFactory
from tests.notifications.post import work_off
from tests.sessions_app.clinic import active_spans, ask_session, book, coming, done, open_practice, refused
from tests.sessions_app.groups import lead_group, meet
from tests.sessions_app.overlaps import double_bookings
from tests.sessions_app.waiting import wait

STAFF = ["front_desk", "care_coordinator", "centre_manager", "manager", "admin"]
WHY = "Came in without an appointment, agreed with the counselor."
OVER = {"overbook": True, "reason": WHY}
NIGHT = {"hour": 22}
"""Out of the hours of every practice here."""


@pytest.fixture
def practice(cast):
    return open_practice(counselor=cast.a.counselor.counselor_profile)


@pytest.fixture
def desk(cast):
    return signed_in_client(cast.a.front_desk)


@pytest.fixture
def taken(practice):
    """Somebody else's session, at nine."""
    return book(practice, PatientFactory().user, coming())


def overbook(client, practice, patient, start, **more):
    return ask_session(client, practice, start, patient=str(patient.pk), **OVER | more)


def overbooked(practice, patient, actor, start, **choice):
    """As the desk does it; the session."""
    return book_session(
        choice=Choice(practice.pk, start, **choice), patient_id=patient.pk, actor=actor, overbook_reason=WHY
    )


# --- What it does --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", STAFF)
def test_staff_book_over_a_session_and_it_takes_the_patients_time_only(cast, practice, taken, role):
    start = coming(minute=20)
    shown = done(overbook(signed_in_client(cast.of_role(role)), practice, cast.a.patient, start), 201)

    assert shown["overbooked"] is True
    assert active_spans(practice.pk) == [(taken.start, taken.end)]
    assert active_spans(cast.a.patient.pk) == [(start, start + timedelta(minutes=50))]
    assert double_bookings() == []


@pytest.mark.django_db(transaction=True)
def test_it_is_audited_with_its_reason_and_everybody_is_told(cast, practice, taken, desk):
    shown = done(overbook(desk, practice, cast.a.patient, taken.start), 201)

    events = AuditEvent.objects.filter(object_id=shown["id"], actor_id=cast.a.front_desk.pk)
    assert dict(events.values_list("action", "why")) == {"session.booked": "", "session.overbooked": WHY}
    assert set(events.values_list("patient_id", "centre_id")) == {(cast.a.patient.pk, cast.a.centre.pk)}
    work_off()
    letters = [letter for letter in mail.outbox if letter.to == [cast.a.counselor.email]]
    (to_counselor,) = (letter for letter in letters if cast.a.patient.full_name in letter.body)
    (to_patient,) = (letter for letter in mail.outbox if letter.to == [cast.a.patient.email])
    assert "overbooked" in to_counselor.body
    assert "overbooked" not in to_patient.body


@pytest.mark.parametrize("when", [{"hour": 8, "minute": 20}, NIGHT, {"hour": 16, "minute": 40}])
def test_a_time_that_is_not_offered_can_be_had(cast, practice, desk, when):
    done(overbook(desk, practice, cast.a.patient, coming(**when)), 201)
    assert active_spans(practice.pk) == []


def test_the_counselors_other_bookings_are_not_affected(cast, practice, desk):
    start = coming()
    book(practice, PatientFactory().user, start)
    overbooked(practice, cast.a.patient, cast.a.front_desk, start + timedelta(minutes=45))

    neighbour = book(practice, PatientFactory().user, start + timedelta(minutes=60))
    assert active_spans(practice.pk)[1] == (neighbour.start, neighbour.end)


def test_a_time_that_is_free_is_booked_as_any_other(cast, practice, desk):
    error = refused(overbook(desk, practice, cast.a.patient, coming()), 400, "VALIDATION_ERROR")
    assert "free" in error["details"]["overbook"][0]
    assert not Session.objects.exists()


def test_who_books_comes_into_care_and_ones_own_hold_gives_way(cast, practice, taken, desk):
    other = open_practice()
    held = done(
        desk.post(
            "/api/sessions/holds",
            {"counselor": str(practice.pk), "start": coming(hour=10).isoformat()}
            | {"patient": str(cast.a.patient.pk)},
            format="json",
        ),
        201,
    )
    done(overbook(desk, practice, cast.a.patient, coming(minute=30)), 201)

    assert not SlotHold.objects.get(pk=held["id"]).is_live
    assert CareRelationship.objects.filter(counselor=practice.pk, patient=cast.a.patient.pk).exists()
    assert other.pk != practice.pk


# --- Who may, and what is asked -------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["patient", "counselor"])
def test_patients_and_counselors_may_not(cast, practice, taken, role):
    client = signed_in_client(cast.of_role(role))
    refused(overbook(client, practice, cast.a.patient, taken.start), 403, "PERMISSION_DENIED")
    assert Session.objects.count() == 1


def test_the_desk_overbooks_at_its_own_centre_only(cast, desk):
    other = open_practice(counselor=cast.b.counselor.counselor_profile)
    refused(overbook(desk, other, cast.a.patient, coming(**NIGHT)), 403, "PERMISSION_DENIED")
    refused(
        overbook(desk, other, cast.a.patient, coming(**NIGHT), centre=str(cast.a.centre.pk)),
        400,
        "VALIDATION_ERROR",
    )
    StaffCentreFactory(user=cast.b.counselor, centre=cast.a.centre)
    shown = done(overbook(desk, other, cast.a.patient, coming(**NIGHT), centre=str(cast.a.centre.pk)), 201)
    assert shown["centre"]["id"] == str(cast.a.centre.pk)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"overbook": True}, "reason"),
        ({"reason": WHY}, "reason"),
        ({"overbook": False, "reason": WHY}, "reason"),
        ({"overbook": True, "reason": "x" * 401}, "reason"),
        ({**OVER, "start": "2020-01-01T09:00:00Z"}, "start"),
        ({**OVER, "start": coming(minute=7).replace(second=7).isoformat()}, "start"),
        ({**OVER, "duration_minutes": 45}, "duration_minutes"),
    ],
)
def test_what_is_wrong_is_said_by_field(cast, practice, taken, desk, body, field):
    wanted = {
        "counselor": str(practice.pk),
        "start": taken.start.isoformat(),
        "patient": str(cast.a.patient.pk),
    }
    answer = desk.post("/api/sessions", wanted | body, format="json")
    assert field in refused(answer, 400, "VALIDATION_ERROR")["details"]


def test_a_hold_is_booked_without_the_flag(cast, desk):
    answer = desk.post("/api/sessions", {"hold": str(cast.a.centre.pk)} | OVER, format="json")
    assert set(refused(answer, 400, "VALIDATION_ERROR")["details"]) == {"overbook", "reason"}


# --- Never the patient, never the room -------------------------------------------------------------------------


def test_a_patient_is_never_in_two_places(cast, practice, taken, desk):
    elsewhere = open_practice(counselor=CounselorFactory(primary_centre=cast.a.centre))
    book(elsewhere, cast.a.patient, coming(minute=30))

    error = refused(overbook(desk, practice, cast.a.patient, coming()), 409, "SLOT_TAKEN")
    assert len(error["details"]["alternatives"]) == 3
    overbooked(practice, cast.a.patient, cast.a.front_desk, coming(**NIGHT))
    refused(overbook(desk, elsewhere, cast.a.patient, coming(**NIGHT)), 409, "SLOT_TAKEN")


def test_a_room_is_never_taken_twice(cast, practice, taken, desk):
    room = add_room(centre=cast.a.centre, name="Blue", actor=None)
    there = {"mode": Mode.IN_PERSON}
    shown = done(overbook(desk, practice, cast.a.patient, coming(minute=20), **there), 201)
    assert shown["room"]["id"] == str(room.pk)
    assert active_spans(room.pk) == [(coming(minute=20), coming(hour=10, minute=10))]

    another = PatientFactory(centre=cast.a.centre).user
    error = refused(overbook(desk, practice, another, coming(hour=10), **there), 409, "SLOT_TAKEN")
    assert "room" in error["message"]
    done(overbook(desk, practice, another, coming(hour=9, minute=40), mode=Mode.VIDEO), 201)


def test_a_centre_where_the_counselor_has_no_hours_lends_its_rooms_all_the_same(cast, practice, desk):
    centre = CentreFactory()
    for user in (cast.a.counselor, cast.a.front_desk):
        StaffCentreFactory(user=user, centre=centre)
    room = add_room(centre=centre, name="Green", actor=None)
    place = {"mode": Mode.IN_PERSON, "centre": str(centre.pk)}
    shown = done(overbook(desk, practice, cast.a.patient, coming(**NIGHT), **place), 201)
    assert shown["room"]["id"] == str(room.pk)
    another = PatientFactory(centre=cast.a.centre).user
    refused(overbook(desk, practice, another, coming(**NIGHT), **place), 409, "SLOT_TAKEN")


# --- Afterwards ------------------------------------------------------------------------------------------------


@pytest.fixture
def squeezed(cast, practice, taken):
    return overbooked(practice, cast.a.patient, cast.a.front_desk, coming(minute=20))


def move(client, session, start, **more):
    return client.post(
        f"/api/sessions/{session.pk}/reschedule", {"start": start.isoformat(), **more}, format="json"
    )


def test_moved_to_a_time_that_is_offered_it_is_a_session_like_any_other(
    cast, practice, taken, squeezed, desk
):
    shown = done(move(desk, squeezed, coming(hour=14)))
    assert shown["overbooked"] is False
    assert active_spans(practice.pk) == [
        (taken.start, taken.end),
        (coming(hour=14), coming(hour=14, minute=50)),
    ]
    assert Session.objects.get(pk=squeezed.pk).overbooked_by is None


def test_moved_over_another_time_it_asks_for_the_flag_again(cast, practice, taken, squeezed, desk):
    refused(move(desk, squeezed, coming(minute=25)), 400, "VALIDATION_ERROR")
    refused(move(desk, squeezed, coming(minute=30)), 409, "SLOT_TAKEN")
    assert Session.objects.get(pk=squeezed.pk).start == squeezed.start

    refused(move(desk, squeezed, coming(minute=25), overbook=True), 400, "VALIDATION_ERROR")
    shown = done(move(desk, squeezed, coming(minute=25), **OVER))
    assert shown["overbooked"] is True
    assert active_spans(practice.pk) == [(taken.start, taken.end)]
    assert AuditEvent.objects.filter(object_id=squeezed.pk, action="session.overbooked").count() == 2


def test_any_session_can_be_moved_over_another_by_staff_and_gives_its_time_back(cast, practice, taken, desk):
    session = book(practice, cast.a.patient, coming(hour=14))
    for role in ("patient", "counselor"):
        client = signed_in_client(cast.of_role(role))
        refused(move(client, session, taken.start, **OVER), 403, "PERMISSION_DENIED")
    done(move(desk, session, taken.start, **OVER))
    assert active_spans(practice.pk) == [(taken.start, taken.end)]


def test_a_group_moves_over_another_session_with_everybody_in_it(cast, practice, taken, desk):
    people = [cast.a.patient, PatientFactory().user]
    group = meet(lead_group(counselor=practice), people, coming(4))
    refused(move(signed_in_client(people[1]), group, taken.start, **OVER), 403, "PERMISSION_DENIED")
    shown = done(move(desk, group, taken.start, **OVER))
    assert shown["overbooked"] is True
    assert active_spans(practice.pk) == [(taken.start, taken.end)]
    for person in people:
        assert active_spans(person.pk) == [(taken.start, taken.start + timedelta(hours=1))]
    audited = AuditEvent.objects.filter(object_id=group.pk, action="session.overbooked", why=WHY)
    assert set(audited.values_list("patient_id", flat=True)) == {person.pk for person in people}
    assert double_bookings() == []


def test_cancelled_it_frees_the_patient_and_offers_the_counselors_time_to_nobody(
    cast, practice, taken, squeezed
):
    wait(PatientFactory().user, practice)
    cancel_session(session=squeezed, actor=cast.a.front_desk)
    offer_freed_time(entry_id=squeezed.entry_id)
    assert active_spans(cast.a.patient.pk) == []
    assert active_spans(practice.pk) == [(taken.start, taken.end)]


def test_an_end_that_is_put_right_gives_it_none_of_the_counselors_time(cast, practice, taken, squeezed):
    later = squeezed.end + timedelta(hours=1)
    mark_no_show(session=squeezed, actor=cast.a.front_desk, now=later)
    correct_session(session=squeezed, status="confirmed", reason="came", actor=cast.a.centre_manager)
    assert Session.objects.get(pk=squeezed.pk).overbooked
    assert active_spans(practice.pk) == [(taken.start, taken.end)]
    assert double_bookings() == []


@pytest.mark.parametrize(("role", "expected"), [("patient", None), ("counselor", True), ("front_desk", True)])
def test_it_is_shown_to_staff_and_to_the_counselor(cast, squeezed, taken, role, expected):
    client = signed_in_client(cast.of_role(role))
    assert done(client.get(f"/api/sessions/{squeezed.pk}"))["overbooked"] is expected
    listed = {row["id"]: row["overbooked"] for row in done(client.get("/api/sessions"))}
    assert listed[str(squeezed.pk)] is expected
    if expected:
        assert listed[str(taken.pk)] is False


# --- What the database refuses ---------------------------------------------------------------------------------


def at_commit(change):
    """Runs it as a transaction of its own would end."""

    def commit():
        change()
        connection.check_constraints()

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        commit()
    return str(refusal.value)


def test_the_database_lets_no_other_session_leave_out_its_counselor(cast, practice, taken, squeezed):
    def pretend():
        Session.objects.filter(pk=squeezed.pk).update(overbooked=False, overbooked_by=None)

    def hide():
        Session.objects.filter(pk=taken.pk).update(overbooked=True, overbooked_by=cast.a.front_desk)

    def occupy():
        Occupancy.objects.create(
            entry_id=squeezed.entry_id,
            resource=practice.pk,
            busy=DateTimeTZRange(coming(hour=15), coming(hour=16)),
        )
        Session.objects.filter(pk=squeezed.pk).update(overbooked=True)

    for change in (pretend, hide, occupy):
        assert "takes its counselor's time unless it is overbooked" in at_commit(change)


@pytest.mark.parametrize("values", [{"overbooked": True}, {"overbooked_by": "desk"}])
def test_an_overbooking_says_by_whom(cast, taken, values):
    if "overbooked_by" in values:
        values = {"overbooked_by": cast.a.front_desk}
    with pytest.raises(IntegrityError, match="session_overbooked_says_by_whom"), transaction.atomic():
        Session.objects.filter(pk=taken.pk).update(**values)
