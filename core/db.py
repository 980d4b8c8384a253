"""Inserts without the ORM, for the few places where building them is measured to matter (docs/performance.md)."""

import uuid
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
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
    kept, database = row.__dict__, connections[DEFAULT_DB_ALIAS]
    for field, ready in _fields(type(row)):
        value = kept.get(field.attname)
        if type(value) not in ready or (type(value) is datetime and value.tzinfo is None):
            value = field.pre_save(row, add=True)
            if isinstance(value, DatabaseDefault):
                continue
            value = _prepared(field, value, database)
        columns.append(field.column)
        values.append(value)
    return _insert_sql(row._meta.db_table, tuple(columns), on_conflict_do_nothing), values


def insert_values(
    model: type[models.Model], *, on_conflict_do_nothing: bool = False, **values: Any
) -> Statement:
    """The INSERT of a row with these values, by attribute, and the defaults of all others, without the row's object.

    Raises TypeError for a name that the model does not have, and for a field that wants to see the row it is in.
    """
    sql, columns = _columns_given(model, tuple(values), on_conflict_do_nothing)
    row, database = [], connections[DEFAULT_DB_ALIAS]
    for name, default, field, ready in columns:
        value = values[name] if default is None else default()
        if type(value) not in ready or (type(value) is datetime and value.tzinfo is None):
            value = _prepared(field, value, database)
        row.append(value)
    return sql, row


def _prepared(field: Any, value: Any, database: Any) -> Any:
    if isinstance(value, Enum) and type(value.value) in _ready(field):
        return value.value
    return field.get_db_prep_save(value, database)


@cache
def _columns_given(
    model: type[models.Model], given: tuple[str, ...], on_conflict_do_nothing: bool
) -> tuple[str, list[tuple[str, Callable[[], Any] | None, Any, frozenset[type]]]]:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    unknown = set(given) - set(fields)
    if unknown:
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(unknown))}.")
    columns: list[tuple[str, Callable[[], Any] | None, Any, frozenset[type]]] = []
    for name, field in fields.items():
        sees_row = type(field).pre_save not in _WITHOUT_ROW
        if sees_row or getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            raise TypeError(f"{model.__name__}.{name} is filled by the row that it is in.")
        if name in given:
            columns.append((name, None, field, _ready(field)))
        elif field.db_default is models.NOT_PROVIDED:
            columns.append((name, field.get_default, field, _ready(field)))
    names = tuple(fields[name].column for name, *_ in columns)
    return _insert_sql(model._meta.db_table, names, on_conflict_do_nothing), columns


_WITHOUT_ROW = (models.Field.pre_save, models.DateTimeField.pre_save, models.DateField.pre_save)

# Fields that do nothing to values of these types on their way to the database (of instants: aware ones); all else goes
# through the field.
_PLAIN = (
    *(models.UUIDField, models.ForeignKey, models.OneToOneField, models.BooleanField),
    *(models.CharField, models.TextField, models.PositiveIntegerField, models.PositiveSmallIntegerField),
)
_READY = {
    **dict.fromkeys(_PLAIN, frozenset({uuid.UUID, str, int, bool, NoneType})),
    models.DateTimeField: frozenset({datetime, NoneType}),
    DateTimeRangeField: frozenset({DateTimeTZRange, NoneType}),
}


@cache
def _ready(field: Any) -> frozenset[type]:
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return frozenset()
    return _READY.get(type(field), frozenset())


@cache
def _fields(model: type[models.Model]) -> list[tuple[Any, frozenset[type]]]:
    return [(field, _ready(field)) for field in model._meta.concrete_fields]


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
