import urllib.request

import pytest
from django.contrib.contenttypes.models import ContentType


def test_alive_touches_nothing(client):
    assert client.get("/health").json() == {"status": "alive"}


@pytest.mark.django_db
def test_ready_names_its_parts(client):
    response = client.get("/health/ready")
    assert response.status_code == 200, response.content
    assert set(response.json()["parts"]) == {"database", "redis", "migrations"}


def test_live(live_server_processes):
    for address in live_server_processes(2):
        with urllib.request.urlopen(address + "/health/ready") as response:
            assert response.status == 200


def test_browser(live_server_processes, page):
    page.goto(live_server_processes(1)[0] + "/health")
    assert "alive" in page.content()
    assert ContentType.objects.count()
