"""The demo clinic, made once for all tests that look at it."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import override_settings

from tests import databases


@pytest.fixture(scope="module")
def said_at_opening(django_db_setup, django_db_blocker) -> Iterator[str]:
    """Runs the command on an empty database; what it printed."""
    said = StringIO()
    with django_db_blocker.unblock(), override_settings(DEBUG=True):
        call_command("demo_data", stdout=said)
    yield said.getvalue()
    with django_db_blocker.unblock():
        databases.reset_test_database()
