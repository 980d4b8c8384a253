"""Lists of sessions: whose they are, what narrows them, in which order and pages, and at what price in queries."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.models import Session, SessionParticipant, SessionStatus
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.states import complete_session
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, coming, done, open_practice, refused

pytestmark = pytest.mark.django_db


def ids_of(answer):
    return [session["id"] for session in done(answer)]


def listed(client, **query):
    return ids_of(client.get("/api/sessions", query))


@pytest.fixture
def of_a(cast):
    """A session of centre A's counselor and patient."""
    return book(open_practice(counselor=cast.a.counselor.counselor_profile), cast.a.patient, coming())


@pytest.fixture
def of_b(cast):
    return book(open_practice(counselor=cast.b.counselor.counselor_profile), cast.b.patient, coming())


# --- Whose ---------------------------------------------------------------------------------------------------


def test_everybody_lists_what_the_table_of_roles_lets_them_see(api, api_as, cast, of_a, of_b):
    only_a = [
        *(cast.a.patient, cast.a.counselor, cast.a.front_desk, cast.a.care_coordinator, cast.a.centre_manager)
    ]
    for reader in only_a:
        assert listed(api_as(reader)) == [str(of_a.pk)], reader.role
        done(api_as(reader).get(f"/api/sessions/{of_a.pk}"))
        refused(api_as(reader).get(f"/api/sessions/{of_b.pk}"), 404, "NOT_FOUND")
    for reader in (cast.manager, cast.admin):
        assert set(listed(api_as(reader))) == {str(of_a.pk), str(of_b.pk)}
    assert listed(api_as(cast.stranger)) == []
    refused(api.get("/api/sessions"), 401, "NOT_AUTHENTICATED")


def test_a_filter_never_widens_what_one_sees(api_as, cast, of_a, of_b):
    client = api_as(cast.a.front_desk)
    for foreign in (
        {"patient": cast.b.patient.pk},
        {"counselor": cast.b.counselor.pk},
        {"centre": cast.b.centre.pk},
    ):
        assert listed(client, **foreign) == []


@pytest.mark.parametrize(
    ("role", "coming_session", "past_session"),
    [
        ("patient", ["cancel", "reschedule"], []),
        ("counselor", ["cancel", "reschedule"], ["cancel", "complete", "no_show"]),
        ("front_desk", ["cancel", "reschedule"], ["cancel", "no_show"]),
        ("care_coordinator", ["cancel", "reschedule"], ["cancel"]),
        ("centre_manager", ["cancel", "reschedule"], ["cancel", "complete", "no_show"]),
        ("manager", ["cancel", "reschedule"], ["cancel", "complete", "no_show"]),
        ("admin", ["cancel", "reschedule"], ["cancel", "complete", "no_show"]),
    ],
)
def test_each_session_says_what_its_reader_may_do_now_and_that_is_so(
    api_as, cast, of_a, role, coming_session, past_session
):
    client = api_as(cast.of_role(role))
    assert done(client.get(f"/api/sessions/{of_a.pk}"))["can"] == coming_session
    long_ago = timezone.now() - timedelta(days=2)
    Session.objects.filter(pk=of_a.pk).update(start=long_ago, end=long_ago + timedelta(minutes=50))
    assert done(client.get(f"/api/sessions/{of_a.pk}"))["can"] == past_session
    if role == "patient":
        refused(client.post(f"/api/sessions/{of_a.pk}/cancel"), 409, "INVALID_STATE")
    for action, path in (("complete", "complete"), ("no_show", "no-show")):
        if action not in past_session:
            refused(client.post(f"/api/sessions/{of_a.pk}/{path}"), 403, "PERMISSION_DENIED")
    for action, path in (("complete", "complete"), ("no_show", "no-show")):
        if action in past_session:
            may_correct = role in ("centre_manager", "manager", "admin")
            answer = done(client.post(f"/api/sessions/{of_a.pk}/{path}"))
            assert answer["can"] == (["correct"] if may_correct else [])
            break


# --- What narrows them ---------------------------------------------------------------------------------------


def test_filters_narrow_the_list(api_as, cast, of_a, of_b):
    client = api_as(cast.manager)
    counselor = cast.a.counselor.counselor_profile
    by_phone = book(counselor, cast.stranger, coming(5), mode="phone")
    over = book(counselor, cast.a.patient, coming(6))
    cancel_session(session=over, actor=cast.a.patient)
    everything = {str(session.pk) for session in (of_a, of_b, by_phone, over)}
    assert set(listed(client)) == everything
    for query, expected in (
        ({"status": "cancelled"}, {over}),
        ({"status": "confirmed"}, {of_a, of_b, by_phone}),
        ({"mode": "phone"}, {by_phone}),
        ({"counselor": counselor.pk}, {of_a, by_phone, over}),
        ({"patient": cast.a.patient.pk}, {of_a, over}),
        ({"patient": cast.a.patient.pk, "status": "confirmed"}, {of_a}),
        ({"centre": cast.b.centre.pk}, {of_b}),
        ({"from": coming(4).date()}, {by_phone, over}),
        ({"to": coming(3).date()}, {of_a, of_b}),
        ({"from": coming(3).date(), "to": coming(5).date()}, {of_a, of_b, by_phone}),
        ({"from": coming(7).date()}, set()),
        ({"counselor": cast.manager.pk}, set()),
    ):
        assert set(listed(client, **query)) == {str(session.pk) for session in expected}, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "done"}, "status"),
        ({"mode": "chat"}, "mode"),
        ({"counselor": "x"}, "counselor"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-12-01", "to": "2026-11-01"}, "to"),
        ({"from": "1900-01-01", "to": "2100-12-31"}, "to"),
        ({"from": "1026-01-01", "to": "2026-01-01"}, "from"),
        ({"page": 0}, "page"),
        ({"page": "two"}, "page"),
        ({"page_size": 101}, "page_size"),
        ({"ordering": "fee_minor"}, "ordering"),
        ({"ordering": "start;drop table"}, "ordering"),
        ({"limit": 5}, "limit"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(api_as, cast, query, field):
    error = refused(api_as(cast.manager).get("/api/sessions", query), 400, "VALIDATION_ERROR")
    assert list(error["details"]) == [field]


# --- Order and pages -----------------------------------------------------------------------------------------


def test_pages_in_each_order_hold_every_session_once(api_as, patient):
    counselors = [open_practice() for _ in range(2)]
    sessions = [
        book(counselors[number % 2], patient, coming(2 + number // 4, 9 + 2 * (number % 4)))
        for number in range(7)
    ]
    Session.objects.filter(pk=sessions[0].pk).update(created_at=timezone.now() + timedelta(hours=1))
    client = api_as(patient)
    starts = sorted(Session.objects.values_list("start", "pk"))
    created = sorted(Session.objects.values_list("created_at", "pk"))
    for ordering, expected in (
        ("start", starts),
        ("-start", starts[::-1]),
        ("created_at", created),
        ("-created_at", created[::-1]),
    ):
        pages = []
        for page in (1, 2, 3):
            answer = client.get("/api/sessions", {"ordering": ordering, "page": page, "page_size": 3})
            pages += ids_of(answer)
            assert answer.json()["meta"]["pagination"] == {
                "page": page,
                "page_size": 3,
                "total": 7,
                "pages": 3,
            }
        assert pages == [str(pk) for _, pk in expected], ordering
    assert listed(client) == [str(pk) for _, pk in starts[::-1]]
    past_the_end = client.get("/api/sessions", {"page": 9})
    assert (done(past_the_end), past_the_end.json()["meta"]["pagination"]["total"]) == ([], 7)


def test_sessions_of_the_same_start_keep_one_order_over_the_pages(api_as, cast):
    start = coming()
    for _ in range(6):
        book(open_practice(), PatientFactory().user, start)
    client = api_as(cast.admin)
    pages = [ids[0] for page in range(1, 7) if (ids := listed(client, page=page, page_size=1))]
    assert len(set(pages)) == 6
    assert pages == sorted(pages, reverse=True)


# --- The price -----------------------------------------------------------------------------------------------


def queries_of(client, path, query=None):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        done(client.get(path, query))
    return [entry["sql"] for entry in captured]


@pytest.mark.parametrize("role", ["patient", "counselor", "front_desk", "manager"])
def test_thirty_sessions_cost_as_many_queries_as_one(api_as, cast, role):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile)
    client = api_as(cast.of_role(role))
    book(counselor, cast.a.patient, coming(2))
    few = queries_of(client, "/api/sessions", {"page_size": 50})
    for number in range(29):
        book(counselor, cast.a.patient, coming(3 + number // 4, 9 + 2 * (number % 4)))
    many = queries_of(client, "/api/sessions", {"page_size": 50})
    assert Session.objects.count() == 30
    assert len(few) == len(many) == 2, many  # who asks, and the page with its count


def test_one_session_costs_a_fixed_number_of_queries(api_as, cast, of_a):
    assert len(queries_of(api_as(cast.a.patient), f"/api/sessions/{of_a.pk}")) <= 3


def test_a_completed_session_counts_for_its_counselor(api_as, cast, of_a):
    now = of_a.end + timedelta(minutes=1)
    complete_session(session=of_a, actor=cast.a.counselor, now=now)
    counselor = cast.a.counselor.counselor_profile
    counselor.refresh_from_db()
    assert counselor.sessions_completed == 1
    assert Session.objects.get(pk=of_a.pk).status == SessionStatus.COMPLETED


# --- The start that a participation repeats -------------------------------------------------------------------


def test_a_participation_starts_with_its_session_and_moves_with_it(of_a):
    taken = SessionParticipant.objects.get(session=of_a)
    assert taken.start == of_a.start
    moved = of_a.start + timedelta(days=1)
    Session.objects.filter(pk=of_a.pk).update(start=moved, end=of_a.end + timedelta(days=1))
    taken.refresh_from_db()
    assert taken.start == moved


def test_a_participation_cannot_start_at_another_time(of_a):
    SessionParticipant.objects.filter(session=of_a).update(start=of_a.start + timedelta(hours=1))
    with pytest.raises(IntegrityError, match="participant_starts_with_the_session"), transaction.atomic():
        connection.check_constraints()
    SessionParticipant.objects.filter(session=of_a).update(start=of_a.start)


def test_a_page_past_the_end_still_says_how_many_there_are(api_as, cast, of_a):
    for reader in (cast.a.patient, cast.a.counselor):
        answer = api_as(reader).get("/api/sessions", {"page": 3}).json()
        assert (answer["data"], answer["meta"]["pagination"]["total"]) == ([], 1)
