"""Refuses to run where clinical text could not be sealed, or would be sealed with a key that anybody can derive."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from core.crypto.environment import DEVELOPMENT_KEY_ID, live_keys


@checks.register(checks.Tags.security)
def data_keys_are_usable(**_: Any) -> list[checks.CheckMessage]:
    try:
        live_keys()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="core.E110")]
    return []


@checks.register(checks.Tags.security, deploy=True)
def data_keys_are_secret(**_: Any) -> list[checks.CheckMessage]:
    if not any(entry.startswith(f"{DEVELOPMENT_KEY_ID}:") for entry in settings.DATA_KEYS):
        return []
    return [
        checks.Error(
            "DATA_KEYS holds the development key, which whoever knows SECRET_KEY can derive.",
            hint="Set DATA_KEYS to keys of their own; .env.example says how one is made.",
            id="core.E111",
        )
    ]
