"""Fewer round trips to PostgreSQL, for the few places where that is measured to matter (docs/performance.md)."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
from django.db import connection

Statement = tuple[str, Sequence[Any]]
Row = tuple[Any, ...]


def prepared_cursor() -> Any:
    """A cursor whose statements PostgreSQL prepares and keeps; Django's own binds on the client and cannot.

    It is wrapped as Django wraps its own, so that errors are Django's and tests can count its statements. Close it.
    """
    connection.ensure_connection()
    cursor: Any = psycopg.Cursor(connection.connection)
    return (
        connection.make_debug_cursor(cursor) if connection.queries_logged else connection.make_cursor(cursor)
    )


def read_in_one_round_trip(*statements: Statement) -> list[list[Row]]:
    """Run reading statements in one pipeline; returns the rows of each, in order."""
    with ExitStack() as stack:
        cursors = [stack.enter_context(prepared_cursor()) for _ in statements]
        with pipelined():
            for cursor, (sql, parameters) in zip(cursors, statements, strict=True):
                cursor.execute(sql, parameters)
        return [cursor.fetchall() for cursor in cursors]


@contextmanager
def pipelined() -> Iterator[None]:
    """Send what the block writes without waiting for each answer; an error of any of it is raised at the end."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
