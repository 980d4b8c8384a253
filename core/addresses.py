"""Addresses of servers, as the environment gives them, in the words of Django and of Celery. Read with the settings."""

from typing import Any

import environ

# Our prepared statements have many joins and few rows: to plan one anew costs several times what it takes to run, and
# PostgreSQL, left to choose, does so each time (docs/performance.md). Nothing else is prepared.
_PLAN_ONCE = "-c plan_cache_mode=force_generic_plan"


def database_settings(
    url: str, *, pool_size: int, keep_seconds: int, keeps_statements: bool
) -> dict[str, Any]:
    """DATABASES["default"] for a libpq address; `?host=` names a socket's folder."""
    settings: dict[str, Any] = dict(environ.Env.db_url_config(url))
    options = dict(settings.pop("OPTIONS", {}))
    settings["HOST"] = options.pop("host", settings["HOST"])
    # One connection a thread, kept, is cheaper than the pool, which is for servers with many threads.
    if pool_size:
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 5}
    else:
        settings |= {"CONN_MAX_AGE": keep_seconds, "CONN_HEALTH_CHECKS": True}
    if keeps_statements:
        options["options"] = f"{options.get('options', '')} {_PLAN_ONCE}".strip()
    # What is prepared core/statements.py prepares: psycopg would drop that with its own at each rollback.
    return settings | {"OPTIONS": {"connect_timeout": 5, "prepare_threshold": None} | options}


def celery_broker_url(url: str) -> str:
    """Celery spells a socket's address its own way."""
    if not url.startswith("unix://"):
        return url
    path, _, query = url.removeprefix("unix://").partition("?")
    return f"redis+socket://{path}?virtual_host={query.removeprefix('db=') or 0}"
