import socket
import time

import pytest
import redis
from django.db.migrations.recorder import MigrationRecorder
from redis.backoff import NoBackoff
from redis.retry import Retry

from core import health


def redis_at(port):
    return redis.Redis(port=port, socket_timeout=5, retry=Retry(NoBackoff(), retries=0))


def test_alive_needs_neither_database_nor_redis(client, monkeypatch):
    monkeypatch.setattr(health, "redis_client", lambda: redis_at(1))
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json() == {"status": "alive"}
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_ready_names_each_part(client):
    response = client.get("/health/ready")
    assert response.status_code == 200, response.content
    assert response.json()["status"] == "ready"
    assert all(part["ready"] for part in response.json()["parts"].values())
    assert set(response.json()["parts"]) == {"database", "redis", "migrations"}


@pytest.mark.django_db
def test_not_ready_while_redis_is_away(client, monkeypatch):
    monkeypatch.setattr(health, "redis_client", lambda: redis_at(1))
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["parts"]["redis"]["ready"] is False
    assert response.json()["parts"]["database"]["ready"] is True


@pytest.mark.django_db
def test_a_redis_that_hangs_is_given_up_after_half_a_second(client, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(health, "redis_client", lambda: redis_at(silent.getsockname()[1]))
        started = time.monotonic()
        response = client.get("/health/ready")
        assert response.status_code == 503
        assert time.monotonic() - started < 1.5


def test_not_ready_without_the_database(client):
    # pytest-django forbids the database here, which is as good as one that is away.
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["parts"]["database"]["ready"] is False


def test_not_ready_while_a_migration_is_missing(client, transactional_db):
    newest = sorted(name for app, name in health._newest_migrations() if app == "core")[-1]
    MigrationRecorder.Migration.objects.get(app="core", name=newest).delete()
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["parts"]["migrations"]["ready"] is False
    assert response.json()["parts"]["database"]["ready"] is True


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
@pytest.mark.django_db
def test_a_load_balancer_may_ask_by_address_and_without_tls(client, settings, path):
    settings.ALLOWED_HOSTS = ["mentalspace.example"]
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(path, HTTP_HOST="10.0.0.7:8000").status_code == 200


def test_only_reading_is_answered(client):
    assert client.head("/health").status_code == 200
    assert client.post("/health").status_code == 405
