"""Prepared statements in one round trip, with little between us and PostgreSQL: for what requests ask all the time.

A cursor of psycopg costs twice what PostgreSQL needs for a small answer (docs/performance.md). So its parts are used
here without it: its adapters for the values both ways, and libpq's calls between them. Rows come in the binary format.
"""

import select
import threading
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from functools import cache
from itertools import count
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import errors, generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus

Statement = tuple[str, Sequence[Any]]
Row = tuple[Any, ...]

MAX_PREPARED = 500
"""How many statements one connection keeps; with one more it starts anew."""
_NO_LONGER_PREPARED = ("26000", "0A000")
"""It is not there, or a migration changed what it answers."""


def read_in_one_round_trip(*statements: Statement) -> list[list[Row]]:
    """Run statements, each after the one before, in one round trip; returns the rows of each, in order.

    Places are written %s, a percent sign %%. Errors are Django's, as from its cursors; what comes after a statement
    that fails is not run.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    _leave_lost_connection(database)
    database.ensure_connection()
    database.validate_no_broken_transaction()
    raw = database.connection
    if database.queries_logged or database.execute_wrappers or not settings.DATABASE_PREPARED_STATEMENTS:
        return _through_cursors(database, statements)
    with database.wrap_database_errors:
        line = _Line.of(raw)
        if not _along.statements or database.in_atomic_block:
            return line.ask(statements)
        return _along.ask(line, statements)


def read(sql: str, values: Sequence[Any] = ()) -> list[Row]:
    """One statement and its rows; all else as `read_in_one_round_trip`."""
    return read_in_one_round_trip((sql, values))[0]


def read_and_commit(sql: str, values: Sequence[Any]) -> list[Row]:
    """The last statement of a transaction with its COMMIT, in one round trip; within another transaction just `read`.

    To be followed by nothing but the end of the outermost `atomic` block, whose own commit then finds nothing to do.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if not database.in_atomic_block or database.savepoint_ids or database.needs_rollback:
        return read(sql, values)
    if database.queries_logged or database.execute_wrappers or not settings.DATABASE_PREPARED_STATEMENTS:
        return read(sql, values)
    return read_in_one_round_trip((sql, values), ("COMMIT", ()))[0]


def send_along(*statements: Statement) -> None:
    """Let these go with what is asked next, for whoever is about to read just them, in this order, and nothing else.

    For one request's reading that is known before it is known whether its sender may: what came is given to nobody
    who does not ask for it. End the request with `send_nothing_along`.
    """
    _along.statements, _along.answers = statements, None


def send_nothing_along() -> None:
    _along.statements, _along.answers = (), None


class _Along(threading.local):
    statements: tuple[Statement, ...] = ()
    answers: list[list[Row]] | None = None

    def ask(self, line: "_Line", statements: tuple[Statement, ...]) -> list[list[Row]]:
        along, answers = self.statements, self.answers
        send_nothing_along()
        if answers is not None:
            return answers if statements == along else line.ask(statements)
        try:
            answers = line.ask((*statements, *along))
        except psycopg.Error:
            return line.ask(statements)  # whoever asks for the others will be told what is wrong with them
        self.statements, self.answers = along, answers[len(statements) :]
        return answers[: len(statements)]


_along = _Along()


def _leave_lost_connection(database: Any) -> None:
    """Django's check at the start of a request (CONN_HEALTH_CHECKS), without its round trip.

    A server that restarts or ends a connection says so: then there is something to read before anything was asked.
    Only then Django's own check is made, which closes what is lost; the next use connects anew.
    """
    if database.connection is None or not database.health_check_enabled or database.health_check_done:
        return
    unread = select.poll()
    unread.register(database.connection.fileno(), select.POLLIN)
    if unread.poll(0):
        database.close_if_health_check_failed()
    else:
        database.health_check_done = True


def _through_cursors(database: Any, statements: Sequence[Statement]) -> list[list[Row]]:
    """The same with psycopg's cursors, wrapped as Django wraps its own: where statements are counted or not kept."""
    make = database.make_debug_cursor if database.queries_logged else database.make_cursor
    with ExitStack() as stack:
        cursors = []
        for _ in statements:
            cursor: Any = psycopg.Cursor(database.connection)
            cursor.format = Format.BINARY
            cursors.append(stack.enter_context(make(cursor)))
        with database.wrap_database_errors, database.connection.pipeline():
            for cursor, (sql, values) in zip(cursors, statements, strict=True):
                cursor.execute(sql, values)
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]


class _Line:
    """What is kept for one connection: its adapters, and the names of what was prepared on it."""

    def __init__(self, raw: "psycopg.Connection[Any]") -> None:
        self.raw = raw
        self.adapters = Transformer(raw)
        self.names: dict[tuple[str, Any], bytes] = {}
        self.new_names = count()  # a name is given once: what it stood for may still be prepared

    @classmethod
    def of(cls, raw: "psycopg.Connection[Any]") -> "_Line":
        line: _Line | None = getattr(raw, "_house_line", None)
        if line is None:
            line = raw._house_line = cls(raw)  # type: ignore[attr-defined]
        return line

    def ask(self, statements: Sequence[Statement]) -> list[list[Row]]:
        was_idle = self.raw.pgconn.transaction_status == TransactionStatus.IDLE
        try:
            return self._ask(statements)
        except psycopg.Error as error:
            if error.sqlstate not in _NO_LONGER_PREPARED:
                raise
            self._forget()
            if not (was_idle and self.raw.autocommit):
                raise  # the transaction is broken; the next one prepares anew
            return self._ask(statements)

    def _ask(self, statements: Sequence[Statement]) -> list[list[Row]]:
        pg = self.raw.pgconn
        # psycopg begins a transaction with its first statement, and so must we.
        is_to_begin = not self.raw.autocommit and pg.transaction_status == TransactionStatus.IDLE
        if len(self.names) + len(statements) > MAX_PREPARED:
            self._forget()
        prepared = [self._prepared(sql, values) for sql, values in statements]
        if len(prepared) == 1 and not is_to_begin:
            return [self._rows(pg.exec_prepared(*prepared[0], Format.BINARY))]
        pg.enter_pipeline_mode()
        try:
            if is_to_begin:
                pg.send_query_params(b"BEGIN", None)
            for one in prepared:
                pg.send_query_prepared(*one, Format.BINARY)
            pg.pipeline_sync()
            results = self.raw.wait(self._results(len(prepared) + is_to_begin + 1))
        except BaseException:
            # Interrupted between sending and reading: whoever came next would be given these answers.
            self.raw.close()
            raise
        pg.exit_pipeline_mode()
        return [self._rows(result) for result in results[:-1]][is_to_begin:]

    def _results(self, count: int) -> Generator[Any, Any, list[Any]]:
        yield from generators.send(self.raw.pgconn)
        results = []
        for _ in range(count):
            fetched = yield from generators.fetch_many(self.raw.pgconn)
            results.append(fetched[-1])
        return results

    def _prepared(self, sql: str, values: Sequence[Any]) -> tuple[bytes, Any, Any]:
        """The name, the values and their formats, as libpq takes them."""
        dumped = self.adapters.dump_sequence(values, _automatic(len(values)))
        types, formats = self.adapters.types, self.adapters.formats
        name = self.names.get((sql, types))
        if name is None:
            name = self.names[sql, types] = self._prepare(sql, types)
        return name, dumped, formats

    def _prepare(self, sql: str, types: Any) -> bytes:
        name = b"house_%d" % next(self.new_names)
        self.raw.pgconn.send_prepare(name, _numbered(sql), types)
        self._rows(self.raw.wait(generators.execute(self.raw.pgconn))[-1])
        return name

    def _forget(self) -> None:
        """What was prepared is given up; in a broken transaction PostgreSQL keeps it until the connection ends."""
        for name in self.names.values():
            self.raw.pgconn.close_prepared(name)
        self.names.clear()

    def _rows(self, result: Any) -> list[Row]:
        if result.status == ExecStatus.TUPLES_OK:
            self.adapters.set_pgresult(result)
            return self.adapters.load_rows(0, result.ntuples, tuple)
        if result.status == ExecStatus.COMMAND_OK:
            return []
        if self.raw.pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(self.raw.pgconn.get_error_message())
        raise errors.error_from_result(result, encoding="utf-8")


@cache
def _automatic(count: int) -> list[PyFormat]:
    return [PyFormat.AUTO] * count


@cache
def _numbered(sql: str) -> bytes:
    first, *others = sql.split("%s")
    numbered = first + "".join(f"${number}{part}" for number, part in enumerate(others, start=1))
    return numbered.replace("%%", "%").encode()
