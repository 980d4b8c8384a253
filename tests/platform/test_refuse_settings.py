"""What the system checks say about combinations of settings."""

import os
import subprocess
import sys

import pytest

from core.checks import check_settings
from tests.slots import CHECKOUT

PRODUCTION = {
    "DEBUG": False,
    "SECRET_KEY": "x" * 50,
    "ALLOWED_HOSTS": ["mentalspace.example"],
    "DATABASE_URL": "postgres://db.example/mentalspace",
    "REDIS_URL": "rediss://redis.example/0",
    "SITE_URL": "https://mentalspace.example",
    "MAIL_PROVIDER": "smtp",
    "EMAIL_HOST": "smtp.example",
    "DEFAULT_FROM_EMAIL": "hello@mentalspace.example",
    "IS_HTTPS": True,
    "TRUSTED_PROXY_COUNT": 1,
}


@pytest.fixture
def production(settings):
    for name, value in PRODUCTION.items():
        setattr(settings, name, value)
    return settings


def ids():
    return [problem.id for problem in check_settings(None)]


def test_complete_settings_of_production_pass(production):
    assert ids() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SECRET_KEY", "", "core.E001"),
        ("SECRET_KEY", "short", "core.E001"),
        ("ALLOWED_HOSTS", [], "core.E002"),
        ("ALLOWED_HOSTS", ["*"], "core.E002"),
        ("DATABASE_URL", "", "core.E003"),
        ("REDIS_URL", "", "core.E004"),
        ("SITE_URL", "", "core.E005"),
        ("SITE_URL", "http://mentalspace.example", "core.E005"),
        ("MAIL_PROVIDER", "file", "core.E006"),
        ("MAIL_PROVIDER", "console", "core.E006"),
        ("DEFAULT_FROM_EMAIL", "", "core.E007"),
        ("EMAIL_HOST", "", "core.E008"),
        ("MAIL_PROVIDER", "sendgrid", "core.E008"),
        ("MAIL_PROVIDER", "resend", "core.E008"),
        ("IS_HTTPS", False, "core.E009"),
        ("MAIL_PROVIDER", "pigeon", "core.E010"),
        ("CELERY_TASK_TIME_LIMIT", 500, "core.E011"),
        ("TRUSTED_PROXY_COUNT", -1, "core.E012"),
    ],
)
def test_what_must_not_serve_people_is_an_error(production, name, value, expected):
    setattr(production, name, value)
    assert ids() == [expected]


def test_development_may_do_without_any_of_it(production):
    production.DEBUG = True
    production.SITE_URL = production.DATABASE_URL = production.REDIS_URL = ""
    production.MAIL_PROVIDER = "console"
    assert ids() == []


def test_a_bare_environment_has_no_secret_and_does_not_start():
    bare = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")} | {
        "ENV_FILES": ""
    }
    refused = subprocess.run(
        [sys.executable, "manage.py", "migrate"], cwd=CHECKOUT, env=bare, capture_output=True, text=True
    )
    assert refused.returncode == 1
    assert "core.E001" in refused.stderr
    assert "core.E003" in refused.stderr
