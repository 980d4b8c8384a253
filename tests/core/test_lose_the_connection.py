"""PostgreSQL restarts, or somebody ends our connections: the next request connects anew and nobody notices."""

import urllib.request

import pytest
from django.db import connection

from accounts.services.tokens import Client, open_device
from tests.factories import PatientFactory


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("live servers")
def test_a_request_after_the_connection_was_ended_is_answered_as_ever(live_server_processes):
    (address,) = live_server_processes(1)
    user = PatientFactory().user
    token = open_device(user=user, client=Client(user_agent="tests", ip=None)).access
    request = urllib.request.Request(f"{address}/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    for _ in range(3):
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0] >= 1
