"""The audit trail: written with the fact, with where it came from, and never changed."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditEvent
from core.facts import fact
from tests.factories import CentreFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(cast):
    with fact(actor=cast.admin) as f:
        f.audit("centre.changed", cast.a.centre, centre_id=cast.a.centre.pk, why="moved")
    return AuditEvent.objects.get()


def test_a_row_says_who_what_where_and_why(event, cast):
    assert (event.actor_id, event.action, event.object_type, event.object_id, event.centre_id, event.why) == (
        cast.admin.pk, "centre.changed", "accounts.centre", cast.a.centre.pk, cast.a.centre.pk, "moved",
    )  # fmt: skip


def test_a_row_of_a_request_carries_its_id_and_address(cast, api_as):
    answer = api_as(cast.admin).patch(
        f"/api/centres/{cast.a.centre.pk}", {"city": "Solan"}, format="json", REMOTE_ADDR="203.0.113.9"
    )

    event = AuditEvent.objects.get(action="centre.changed")
    assert event.ip == "203.0.113.9"
    assert event.request_id == answer["X-Request-ID"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditevent SET why = 'other'",
        "UPDATE accounts_auditevent SET actor_id = NULL",
        "DELETE FROM accounts_auditevent",
        "TRUNCATE accounts_auditevent",
        "TRUNCATE accounts_auditevent CASCADE",
        "INSERT INTO accounts_auditevent SELECT * FROM accounts_auditevent ON CONFLICT (id) DO UPDATE SET why = 'x'",
        "MERGE INTO accounts_auditevent a USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    ],
)
def test_the_database_refuses_to_change_it(event, statement):
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert AuditEvent.objects.values().get() == AuditEvent.objects.filter(pk=event.pk).values().get()
    assert AuditEvent.objects.get().why == "moved"


def test_the_orm_is_refused_as_well(event):
    for change in (
        lambda: AuditEvent.objects.update(why="x"),
        lambda: AuditEvent.objects.all().delete(),
        lambda: event.delete(),
        lambda: event.save(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_a_fact_that_fails_leaves_neither_change_nor_row(cast):
    def fail() -> None:
        with fact(actor=cast.admin) as f:
            f.audit("centre.created", CentreFactory(name="Nowhere"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not AuditEvent.objects.exists()
    assert not type(cast.a.centre).objects.filter(name="Nowhere").exists()


def test_rows_outlive_what_they_speak_of(cast, event):
    pk = cast.stranger.pk
    with fact(actor=cast.admin) as f:
        f.audit("account.closed", cast.stranger, patient_id=pk)
    cast.stranger.delete()

    assert AuditEvent.objects.filter(patient_id=pk).count() == 1
