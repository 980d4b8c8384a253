"""Combinations of settings that must not serve people. Every command but a few refuses to start with an error here."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

Problems = Iterator[checks.CheckMessage]

SHORTEST_SECRET = 50
MAIL_PROVIDERS_OF_DEVELOPMENT = ("console", "file")


def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    rules = RULES_ALWAYS if settings.DEBUG else RULES_ALWAYS + RULES_OF_PRODUCTION
    return [problem for rule in rules for problem in rule()]


def _secret_key() -> Problems:
    try:
        secret = settings.SECRET_KEY
    except ImproperlyConfigured:
        secret = ""
    if len(secret) < SHORTEST_SECRET:
        hint = "python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        yield checks.Error(
            f"SECRET_KEY needs at least {SHORTEST_SECRET} random characters.", hint=hint, id="core.E001"
        )


def _hosts() -> Problems:
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        hint = "ALLOWED_HOSTS=mentalspace.example"
        yield checks.Error("ALLOWED_HOSTS must name the hosts served, without *.", hint=hint, id="core.E002")


def _database() -> Problems:
    if not settings.DATABASE_URL:
        hint = "DATABASE_URL=postgres://user:password@host:5432/mentalspace. The embedded server is for development."
        yield checks.Error("DATABASE_URL is not set.", hint=hint, id="core.E003")


def _redis() -> Problems:
    if not settings.REDIS_URL:
        hint = "REDIS_URL=rediss://:password@host:6379/0. The embedded server is for development."
        yield checks.Error("REDIS_URL is not set.", hint=hint, id="core.E004")


def _site_url() -> Problems:
    if not settings.SITE_URL.startswith("https://"):
        hint = "SITE_URL=https://mentalspace.example"
        yield checks.Error(
            "SITE_URL must be the https address that mails link to.", hint=hint, id="core.E005"
        )


def _mail() -> Problems:
    provider = settings.MAIL_PROVIDER
    if provider in MAIL_PROVIDERS_OF_DEVELOPMENT:
        yield checks.Error(f"MAIL_PROVIDER={provider} reaches nobody.", id="core.E006")
    if not settings.DEFAULT_FROM_EMAIL:
        hint = "MAIL_FROM=MentalSpace <hello@mentalspace.example>"
        yield checks.Error("MAIL_FROM is not set.", hint=hint, id="core.E007")
    needed = {
        "smtp": {"SMTP_HOST": settings.EMAIL_HOST},
        "sendgrid": {"SENDGRID_API_KEY": settings.ANYMAIL["SENDGRID_API_KEY"]},
        "resend": {"RESEND_API_KEY": settings.ANYMAIL["RESEND_API_KEY"]},
    }
    for variable, value in needed.get(provider, {}).items():
        if not value:
            yield checks.Error(f"MAIL_PROVIDER={provider} needs {variable}.", id="core.E008")


def _https() -> Problems:
    if not settings.IS_HTTPS:
        yield checks.Error(
            "HTTPS=false sends session cookies in clear.", hint="Only with DEBUG=true.", id="core.E009"
        )


def _known_mail_provider() -> Problems:
    if settings.MAIL_PROVIDER not in settings.MAIL_BACKENDS:
        known = ", ".join(settings.MAIL_BACKENDS)
        yield checks.Error(f"MAIL_PROVIDER={settings.MAIL_PROVIDER} is not one of {known}.", id="core.E010")


def _task_limits() -> Problems:
    """A task still running when the broker gives it to somebody else would run twice at the same time."""
    visible_again_after: Any = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    if visible_again_after < settings.CELERY_TASK_TIME_LIMIT * 2:
        yield checks.Error(
            "CELERY_TASK_TIME_LIMIT must be well under the broker's visibility_timeout.", id="core.E011"
        )


def _proxies() -> Problems:
    if settings.TRUSTED_PROXY_COUNT < 0:
        yield checks.Error("TRUSTED_PROXY_COUNT cannot be negative.", id="core.E012")


RULES_ALWAYS: list[Callable[[], Problems]] = [_known_mail_provider, _task_limits, _proxies]
RULES_OF_PRODUCTION: list[Callable[[], Problems]] = [
    _secret_key,
    _hosts,
    _database,
    _redis,
    _site_url,
    _mail,
    _https,
]
