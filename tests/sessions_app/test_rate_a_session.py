"""Rating a session: by who took part, once it has taken place; and the counselor's figures are always true."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEvent, CounselorProfile
from sessions_app.models import SessionRating, SessionStatus
from sessions_app.services.states import complete_session, correct_session
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, coming, done, open_practice, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def counselor(cast):
    return open_practice(counselor=cast.a.counselor.counselor_profile)


@pytest.fixture
def over(cast, counselor):
    return took_place(book(counselor, cast.a.patient, coming()), cast)


def took_place(session, cast):
    return complete_session(session=session, actor=cast.a.counselor, now=session.end)


def rate(client, session, rating, **more):
    return client.put(f"/api/sessions/{session.pk}/rate", {"rating": rating, **more}, format="json")


def figures(counselor):
    counselor = CounselorProfile.objects.get(pk=counselor.pk)
    return counselor.rating_count, counselor.rating_average


def test_ratings_are_averaged_and_changed_in_place(api_as, cast, counselor, over):
    client = api_as(cast.a.patient)
    refused(client.get(f"/api/sessions/{over.pk}/rate"), 404, "NOT_FOUND")
    assert done(rate(client, over, 5, comment="It helped."))["comment"] == "It helped."
    assert figures(counselor) == (1, Decimal("5.00"))
    other = PatientFactory().user
    second = took_place(book(counselor, other, coming(4)), cast)
    done(rate(api_as(other), second, 4))
    third = took_place(book(counselor, other, coming(5)), cast)
    done(rate(api_as(other), third, 4))
    assert figures(counselor) == (3, Decimal("4.33"))
    done(rate(client, over, 1))
    assert figures(counselor) == (3, Decimal("3.00"))
    shown = done(client.get(f"/api/sessions/{over.pk}/rate"))
    assert (shown["rating"], shown["comment"]) == (1, "")
    assert AuditEvent.objects.filter(action="session.rated", object_id=over.pk).count() == 2
    listed = done(client.get(f"/api/counselors/{counselor.pk}"))
    assert (listed["rating_average"], listed["rating_count"]) == (3.0, 3)


def test_only_what_took_place_is_rated(api_as, cast, counselor):
    session = book(counselor, cast.a.patient, coming())
    client = api_as(cast.a.patient)
    assert "rate" not in done(client.get(f"/api/sessions/{session.pk}"))["can"]
    refused(rate(client, session, 5), 409, "INVALID_STATE")
    took_place(session, cast)
    assert "rate" in done(client.get(f"/api/sessions/{session.pk}"))["can"]
    done(rate(client, session, 5))


def test_nobody_else_rates_it_or_reads_the_rating(api_as, cast, over):
    done(rate(api_as(cast.a.patient), over, 2, comment="Private words."))
    for stranger in (cast.b.patient, cast.stranger):
        refused(rate(api_as(stranger), over, 5), 404, "NOT_FOUND")
        refused(api_as(stranger).get(f"/api/sessions/{over.pk}/rate"), 404, "NOT_FOUND")
    for role in ("counselor", "front_desk", "centre_manager", "manager", "admin"):
        client = api_as(cast.of_role(role))
        refused(rate(client, over, 5), 403, "PERMISSION_DENIED")
        assert "Private words" not in client.get(f"/api/sessions/{over.pk}").content.decode()
    assert SessionRating.objects.get().stars == 2


@pytest.mark.parametrize(
    "body", [{}, {"rating": 0}, {"rating": 6}, {"rating": "good"}, {"rating": 5, "comment": "x" * 2001}]
)
def test_what_is_no_rating_is_refused(api_as, cast, over, body):
    client = api_as(cast.a.patient)
    refused(client.put(f"/api/sessions/{over.pk}/rate", body, format="json"), 400, "VALIDATION_ERROR")


def test_a_rating_counts_only_while_the_session_is_completed(api_as, cast, counselor, over):
    done(rate(api_as(cast.a.patient), over, 4))
    correct_session(
        session=over, status=SessionStatus.NO_SHOW, reason="Nobody was there.", actor=cast.manager
    )
    assert figures(counselor) == (0, None)
    refused(rate(api_as(cast.a.patient), over, 5), 409, "INVALID_STATE")
    correct_session(session=over, status=SessionStatus.COMPLETED, reason="It was.", actor=cast.manager)
    assert figures(counselor) == (1, Decimal("4.00"))


def test_the_comment_is_sealed_in_the_database(api_as, cast, over):
    done(rate(api_as(cast.a.patient), over, 4, comment="Nobody reads this."))
    with connection.cursor() as cursor:
        cursor.execute("SELECT comment FROM sessions_app_sessionrating")
        assert b"Nobody reads this" not in bytes(cursor.fetchone()[0])


def test_figures_that_do_not_add_up_are_refused_by_the_database(counselor):
    for wrong in (
        {"rating_count": 1},
        {"rating_average": "5.00"},
        {"rating_count": 2, "rating_sum": 9, "rating_average": "4.60"},
    ):
        with pytest.raises(IntegrityError, match="counselor_rating_adds_up"), transaction.atomic():
            CounselorProfile.objects.filter(pk=counselor.pk).update(**wrong)
