"""The databases of a benchmark run: the house's and the baseline's, in one cluster, filled alike."""

import os
import subprocess
import sys

import psycopg
from psycopg import sql

from benchmarks.servers import BASELINE, CHECKOUT, EMBEDDED

HOUSE, EXPRESS = "bench", "bench_baseline"


def prepare(*, with_baseline: bool, keep: bool) -> None:
    """Make both databases anew, which takes about a minute, or `keep` those of the last run."""
    EMBEDDED.acquire()
    if keep:
        return
    for name in (HOUSE, EXPRESS):
        _recreate(name)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=CHECKOUT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "benchmarks.settings"},
        check=True,
    )
    fill(HOUSE, (CHECKOUT / "benchmarks" / "dataset.sql").read_text())
    if with_baseline:
        fill(EXPRESS, (BASELINE / "schema.sql").read_text())


def baseline_url() -> str:
    return EMBEDDED.database_url(EXPRESS)


def rows(database: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(_dsn(database)) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def _recreate(name: str) -> None:
    with psycopg.connect(_dsn("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def fill(name: str, script: str) -> None:
    with psycopg.connect(_dsn(name), autocommit=True) as connection:
        connection.execute(script)  # type: ignore[arg-type]
        # Rows that are written all at once, in no order of time, leave indexes of ranges several times slower than
        # those that grow with the bookings: both sides get theirs as after a restore.
        connection.execute("REINDEX DATABASE")
        connection.execute("VACUUM ANALYZE")


def _dsn(database: str) -> str:
    return EMBEDDED.database_url(database).replace("postgres://", "postgresql://", 1)
