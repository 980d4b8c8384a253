"""The settings file: what it reads, what it makes of it."""

import json
import os
import re
import subprocess
import sys

import pytest

from core.addresses import celery_broker_url, database_settings
from tests.slots import CHECKOUT

READ_BY_PROCESSES_ONLY = {"HOST", "PORT", "WEB_CONCURRENCY", "WORKER_CONCURRENCY", "POSTGRES_PASSWORD"}


def settings_with(environment, *names):
    """The named settings, as a process with this environment sees them."""
    code = f"import json, mentalspace.settings as s; print(json.dumps([getattr(s, n) for n in {names!r}], default=str))"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(shown.stdout)


def test_every_variable_is_explained_and_nothing_else_is():
    source = (CHECKOUT / "mentalspace" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', source))
    read |= {f"THROTTLE_{name}" for name in re.findall(r'throttle\("([A-Z_]+)"', source)}
    example = (CHECKOUT / ".env.example").read_text()
    explained = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
    assert read - explained == set()
    assert explained - read == READ_BY_PROCESSES_ONLY


def test_production_defaults_are_closed():
    names = [
        "DEBUG",
        "SESSION_COOKIE_NAME",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_NAME",
        "CSRF_COOKIE_SECURE",
    ]
    names += [
        "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_SECONDS",
        "SECRET_KEY",
        "ALLOWED_HOSTS",
        "DATABASES",
        "DATA_KEYS",
    ]
    shown = dict(zip(names, settings_with({"ENV_FILES": ""}, *names), strict=True))
    assert shown == {
        "DEBUG": False,
        "SESSION_COOKIE_NAME": "__Host-session",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31536000,
        "SECRET_KEY": "",
        "ALLOWED_HOSTS": [],
        "DATABASES": {},
        "DATA_KEYS": [],
    }


def test_the_environment_wins_over_the_files():
    environment = {"ENV_FILES": "deploy/check.env", "SITE_URL": "https://other.example"}
    assert settings_with(environment, "SITE_URL", "ALLOWED_HOSTS") == [
        "https://other.example",
        ["mentalspace.example"],
    ]


def test_a_socket_in_the_address_of_the_database_is_understood():
    address = "postgres://someone@/name?host=/Run/With%20Space"
    settings = database_settings(address, pool_size=0, keep_seconds=60, keeps_statements=False)
    assert (settings["HOST"], settings["NAME"], settings["USER"]) == ("/Run/With Space", "name", "someone")
    assert "host" not in settings["OPTIONS"]


def test_a_pool_replaces_the_kept_connections():
    environment = {
        "ENV_FILES": "deploy/check.env",
        "DATABASE_POOL_SIZE": "8",
    }
    (databases,) = settings_with(environment, "DATABASES")
    assert databases["default"]["OPTIONS"]["pool"]["max_size"] == 8
    assert databases["default"].get("CONN_MAX_AGE", 0) == 0


@pytest.mark.parametrize(
    ("redis_url", "broker_url"),
    [
        ("redis://host:6379/3", "redis://host:6379/3"),
        ("unix:///run/redis.sock?db=5", "redis+socket:///run/redis.sock?virtual_host=5"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
    ],
)
def test_the_queue_is_in_the_same_redis(redis_url, broker_url):
    assert celery_broker_url(redis_url) == broker_url
