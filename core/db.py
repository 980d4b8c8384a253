"""Inserts without the ORM, for the few places where building them is measured to matter (docs/performance.md)."""

from functools import cache

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

from core.statements import Statement, read


def insert_at_once(*inserts: Statement) -> None:
    """Run INSERTs, each of its own table or row, as one statement: they see the same state, and not each other."""
    if inserts:
        values = [value for _, row_values in inserts for value in row_values]
        read(_all_in_one(tuple(sql for sql, _ in inserts)), values)


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
