"""Fewer round trips to PostgreSQL, for the few places where that is measured to matter (docs/performance.md)."""

import select
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import psycopg
from django.db import connection, models
from django.db.models.expressions import DatabaseDefault
from psycopg.pq import Format

Statement = tuple[str, Sequence[Any]]
Row = tuple[Any, ...]


def prepared_cursor() -> Any:
    """A cursor whose statements PostgreSQL prepares and keeps; Django's own binds on the client and cannot.

    Rows come in the binary format. It is wrapped as Django wraps its own, so that errors are Django's and tests can
    count its statements. Close it.
    """
    _leave_lost_connection()
    connection.ensure_connection()
    cursor: Any = psycopg.Cursor(connection.connection)
    cursor.format = Format.BINARY
    return (
        connection.make_debug_cursor(cursor) if connection.queries_logged else connection.make_cursor(cursor)
    )


def _leave_lost_connection() -> None:
    """Django's check at the start of a request (CONN_HEALTH_CHECKS), without its round trip.

    A server that restarts or ends a connection says so: then there is something to read before anything was asked.
    Only then Django's own check is made, which closes what is lost; the next use connects anew.
    """
    kept: Any = connection
    if kept.connection is None or not kept.health_check_enabled or kept.health_check_done:
        return
    unread = select.poll()
    unread.register(kept.connection.fileno(), select.POLLIN)
    if unread.poll(0):
        kept.close_if_health_check_failed()
    else:
        kept.health_check_done = True


def read_in_one_round_trip(*statements: Statement) -> list[list[Row]]:
    """Run statements in one pipeline, each after the one before; returns the rows of each, in order."""
    if len(statements) == 1:
        with prepared_cursor() as cursor:
            cursor.execute(*statements[0])
            return [cursor.fetchall()]
    with ExitStack() as stack:
        cursors = [stack.enter_context(prepared_cursor()) for _ in statements]
        with pipelined():
            for cursor, (sql, parameters) in zip(cursors, statements, strict=True):
                cursor.execute(sql, parameters)
        return [cursor.fetchall() for cursor in cursors]


def insert_at_once(*inserts: Statement) -> None:
    """Run INSERTs, each of its own table or row, as one statement: they see the same state, and not each other."""
    if not inserts:
        return
    with prepared_cursor() as cursor:
        parameters = [value for _, values in inserts for value in values]
        cursor.execute(_all_in_one(tuple(sql for sql, _ in inserts)), parameters)


@contextmanager
def pipelined() -> Iterator[None]:
    """Send what the block executes without waiting for each answer; an error of any of it is raised at the end."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def insert_statement(row: models.Model, *, on_conflict_do_nothing: bool = False) -> Statement:
    """The INSERT of a new row, as `save(force_insert=True)` would write it, without building it anew each time.

    Fields with a database default that were not set are left to the database, and not read back.
    """
    columns, values = [], []
    for field in row._meta.concrete_fields:
        value = field.pre_save(row, add=True)
        if isinstance(value, DatabaseDefault):
            continue
        columns.append(field.column)
        values.append(field.get_db_prep_save(value, connection))
    return _insert_sql(row._meta.db_table, tuple(columns), on_conflict_do_nothing), values


@cache
def _insert_sql(table: str, columns: tuple[str, ...], on_conflict_do_nothing: bool) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    places = ", ".join(["%s"] * len(columns))
    ending = " ON CONFLICT DO NOTHING" if on_conflict_do_nothing else ""
    return f'INSERT INTO "{table}" ({names}) VALUES ({places}){ending}'  # noqa: S608 - names are the models'


@cache
def _all_in_one(inserts: tuple[str, ...]) -> str:
    *others, last = inserts
    parts = ", ".join(f"insert_{number} AS ({sql})" for number, sql in enumerate(others))
    return f"WITH {parts} {last}" if parts else last
