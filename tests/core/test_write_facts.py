"""One fact, one commit: the change, who did it, and what others must hear of it (docs/transactions.md)."""

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEvent, PatientCentre
from core import facts, outbox
from core.facts import fact
from core.models import OutboxEntry
from tests.factories import CentreFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def listener(handlers):
    outbox.register("centre.renamed", "tests.ear", lambda payload: None)


@pytest.fixture
def woken(monkeypatch):
    """How often the relay was woken."""
    times: list[None] = []
    monkeypatch.setattr(outbox, "_wake_relay", lambda: times.append(None))
    return times


def rename(centre, actor, name="New"):
    with fact(actor=actor) as current:
        centre.name = name
        centre.save(update_fields=["name"])
        current.audit("centre.renamed", centre, centre_id=centre.pk, why="moved")
        current.announce("centre.renamed", centre=centre.pk)


def test_change_record_and_event_are_one(listener):
    actor, centre = UserFactory(), CentreFactory()
    rename(centre, actor)
    event = AuditEvent.objects.get(action="centre.renamed")
    assert (event.actor_id, event.object_id, event.centre_id, event.why) == (
        actor.pk,
        centre.pk,
        centre.pk,
        "moved",
    )
    assert event.object_type == "accounts.centre"
    assert OutboxEntry.objects.get().payload == {"centre": str(centre.pk)}


def test_the_system_itself_is_nobody(listener):
    rename(CentreFactory(), None)
    assert AuditEvent.objects.get(action="centre.renamed").actor_id is None


def test_whatever_goes_wrong_takes_all_of_it_back(listener, django_capture_on_commit_callbacks, woken):
    centre = CentreFactory(name="Old")
    with django_capture_on_commit_callbacks(execute=True), fact(actor=None):
        rename(centre, UserFactory())
        transaction.set_rollback(True)
    centre.refresh_from_db()
    assert centre.name == "Old"
    assert not AuditEvent.objects.filter(action="centre.renamed").exists()
    assert not OutboxEntry.objects.exists()
    assert woken == []


def test_rows_that_end_the_fact_and_break_a_constraint_take_all_of_it_back(listener):
    centre, patient = CentreFactory(name="Old"), PatientFactory()
    PatientCentre.objects.create(patient=patient, centre=centre)
    with pytest.raises(IntegrityError), transaction.atomic(), fact(actor=None) as current:  # noqa: PT012
        centre.name = "New"
        centre.save(update_fields=["name"])
        current.insert(PatientCentre(patient=patient, centre=centre))
        current.announce("centre.renamed", centre=centre.pk)
    centre.refresh_from_db()
    assert centre.name == "Old"
    assert not OutboxEntry.objects.exists()


def test_no_record_no_change(listener, monkeypatch):
    monkeypatch.setattr(facts, "_audit_writers", [])
    centre = CentreFactory(name="Old")
    with pytest.raises(RuntimeError, match="audit"):
        rename(centre, None)
    centre.refresh_from_db()
    assert centre.name == "Old"


def test_the_relay_is_woken_once_and_only_after_the_commit(
    listener, django_capture_on_commit_callbacks, woken
):
    with django_capture_on_commit_callbacks(execute=True):
        rename(CentreFactory(), None)
        assert woken == []
    assert len(woken) == 1


def test_what_nobody_hears_wakes_nobody(handlers, django_capture_on_commit_callbacks, woken):
    with django_capture_on_commit_callbacks(execute=True):
        rename(CentreFactory(), None)
    assert woken == []


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_that_fails_does_not_fail_the_fact(listener, monkeypatch):
    def fail():
        raise ConnectionError

    monkeypatch.setattr(outbox, "_wake_relay", fail)
    rename(CentreFactory(), None)
    assert OutboxEntry.objects.count() == 1
    assert not connection.in_atomic_block
