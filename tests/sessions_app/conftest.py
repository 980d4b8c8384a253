"""A counselor who is there every day from nine to five, UTC, and patients who want a time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.models import CalendarEntry, Occupancy
from tests.factories import PatientFactory
from tests.sessions_app.clinic import open_practice


@pytest.fixture
def practice(db):
    """The counselor's profile: one type of 50 minutes, in every mode, free."""
    return open_practice()


@pytest.fixture
def londoner(db):
    """A counselor whose hours are on London's clock."""
    return open_practice(zone="Europe/London", paid=True)


@pytest.fixture
def patient(db):
    return PatientFactory().user


@pytest.fixture
def rival(db):
    """Another patient."""
    return PatientFactory().user


@pytest.fixture
def expire():
    """`expire(hold_id)` lets a hold run out, with nobody sweeping."""

    def let_run_out(entry_id):
        past = timezone.now() - timedelta(seconds=1)
        assert CalendarEntry.objects.filter(pk=entry_id).update(expires_at=past) == 1
        Occupancy.objects.filter(entry=entry_id).update(expires_at=past)

    return let_run_out
