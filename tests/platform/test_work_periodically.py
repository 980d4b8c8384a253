"""What beat starts."""

import pytest

from mentalspace.celery import app
from sessions_app.models import SlotHold
from tests.factories import PatientFactory
from tests.sessions_app.clinic import coming, open_practice

PERIODIC = app.conf.beat_schedule
NEEDED = {
    "accounts.purge_expired_devices",
    "core.purge_idempotency_keys",
    "core.purge_outbox",
    "sessions_app.read_due_outside_calendars",
    "sessions_app.send_due_reminders",
    "sessions_app.sweep_expired_holds",
}


def test_everything_that_has_to_be_done_again_and_again_is_on_the_schedule():
    assert {entry["task"] for entry in PERIODIC.values()} == NEEDED


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(PERIODIC))
def test_each_is_a_task_that_runs_with_nothing_to_do(name):
    app.loader.import_default_modules()

    app.tasks[PERIODIC[name]["task"]].apply(throw=True)


@pytest.mark.django_db
def test_holds_that_ran_out_are_swept(time_machine):
    from sessions_app.services.holds import place_hold
    from sessions_app.services.reservations import Choice
    from sessions_app.tasks import sweep_holds

    patient = PatientFactory().user
    practice, start = open_practice(), coming(3)
    hold = place_hold(choice=Choice(practice.pk, start), patient_id=patient.pk, actor=patient)
    time_machine.move_to(hold.entry.expires_at, tick=False)

    sweep_holds()

    assert not SlotHold.objects.get(pk=hold.pk).is_live
