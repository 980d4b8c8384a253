"""Test databases: migrated once into a template, then copied in a fraction of a second."""

import hashlib
import importlib.metadata
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import errors, sql

from tests.slots import CHECKOUT

TEMPLATE_PREFIX = "template_mentalspace_"
TEMPLATES_KEPT = 4
LOCK = 20261120
DROP_SECONDS = 20


def create_test_database() -> None:
    """Leaves Django connected to a fresh, migrated database of this process's own."""
    with _server() as server:
        template = _template_name()
        if not _exists(server, template):
            _build_template(server, template)
        _copy_template(server)
    _connect_django_to(settings.TEST_DATABASE)


def reset_test_database() -> None:
    """What a test committed goes, what migrations wrote comes back.

    Instead of Django's flush: as quick, keeps the rows of data migrations, and works where a trigger forbids TRUNCATE.
    Connections of other processes are cut; they open new ones.
    """
    connection.close()
    with _server() as server:
        _copy_template(server)


def drop_test_database(maintenance: str) -> None:
    _connect_django_to(maintenance)
    with _server() as server:
        _drop(server, settings.TEST_DATABASE)


@contextmanager
def _server() -> Iterator[psycopg.Connection[Any]]:
    """A connection that is the only one making databases here, among all test runs on this server."""
    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    for django_only in ("cursor_factory", "context", "prepare_threshold", "pool"):
        parameters.pop(django_only, None)
    with psycopg.connect(**parameters, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield server


def _build_template(server: psycopg.Connection[Any], template: str) -> None:
    unfinished = f"{TEMPLATE_PREFIX}unfinished"
    _drop(server, unfinished)
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
    _connect_django_to(unfinished)
    call_command("migrate", verbosity=0, interactive=False)
    connection.close()
    server.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(template))
    )
    _drop_old_templates(server)


def _copy_template(server: psycopg.Connection[Any]) -> None:
    _drop(server, settings.TEST_DATABASE)
    server.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(settings.TEST_DATABASE), sql.Identifier(_template_name())
        )
    )


def _drop_old_templates(server: psycopg.Connection[Any]) -> None:
    """Some stay: another run may have begun before a migration was edited."""
    outdated = server.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid DESC OFFSET %s",
        [TEMPLATE_PREFIX, TEMPLATES_KEPT],
    )
    for (name,) in outdated.fetchall():
        _drop(server, name)


@cache
def _template_name() -> str:
    return TEMPLATE_PREFIX + _migrations_hash()


def _migrations_hash() -> str:
    """Changes with everything that a migrated database depends on: our migrations and models, others' versions."""
    digest = hashlib.sha256()
    for source in sorted(_sources()):
        digest.update(str(source.relative_to(CHECKOUT)).encode() + b"\0" + source.read_bytes() + b"\0")
    for package in ("django", "django-allauth"):
        digest.update(importlib.metadata.version(package).encode())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for app in settings.INSTALLED_APPS:
        folder = CHECKOUT / app
        if folder.is_dir():
            yield from folder.glob("migrations/*.py")
            yield from folder.glob("models/*.py")
            yield from folder.glob("models.py")
            yield from (path for path in folder.glob("data/**/*") if path.is_file())


def _exists(server: psycopg.Connection[Any], name: str) -> bool:
    return server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _drop(server: psycopg.Connection[Any], name: str) -> None:
    """Cuts the connections to it. An autovacuum at work in it is not ours to end: it is over in a moment."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    deadline = time.monotonic() + DROP_SECONDS
    while True:
        try:
            server.execute(drop)
            return
        except (errors.InsufficientPrivilege, errors.ObjectInUse):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _connect_django_to(database: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = database
    settings.DATABASES["default"]["NAME"] = database
