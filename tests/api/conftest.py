"""People and clients for the plumbing's tests, which run on the little endpoints of tests/api/views.py."""

import pytest
from django.urls import clear_url_caches
from rest_framework.test import APIClient

from accounts.models import User
from accounts.roles import Role


@pytest.fixture(autouse=True)
def little_endpoints(settings):
    settings.ROOT_URLCONF = "tests.api.urls"
    clear_url_caches()
    yield
    clear_url_caches()


@pytest.fixture
def patient(db):
    return User.objects.create(email="patient@example.test", role=Role.PATIENT)


@pytest.fixture
def stranger(db):
    return User.objects.create(email="stranger@example.test", role=Role.PATIENT)


@pytest.fixture
def signed_in():
    """`signed_in(user)` is a client that sends that user along, as a token would."""

    def client_of(user):
        client = APIClient()
        client.force_authenticate(user)
        return client

    return client_of
