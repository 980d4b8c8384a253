"""Inserts without the ORM, for the few places where building them is measured to matter (docs/performance.md)."""

import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

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
    kept = row.__dict__
    for field, is_plain in _fields(type(row)):
        if is_plain and type(value := kept.get(field.attname)) in _PLAIN_VALUES:
            columns.append(field.column)
            values.append(value)
            continue
        value = field.pre_save(row, add=True)
        if isinstance(value, DatabaseDefault):
            continue
        columns.append(field.column)
        values.append(field.get_db_prep_save(value, connection))
    return _insert_sql(row._meta.db_table, tuple(columns), on_conflict_do_nothing), values


def insert_values(
    model: type[models.Model], *, on_conflict_do_nothing: bool = False, **values: Any
) -> Statement:
    """The INSERT of a row with these values, by attribute, and the defaults of all others, without the row's object.

    Raises TypeError for a name that the model does not have, and for a field that wants to see the row it is in.
    """
    sql, columns = _columns_given(model, tuple(values), on_conflict_do_nothing)
    row = []
    for name, default, field in columns:
        value = values[name] if default is None else default()
        is_plain = type(value) in _PLAIN_VALUES and type(field) in _PLAIN_FIELDS
        row.append(value if is_plain else field.get_db_prep_save(value, connection))
    return sql, row


@cache
def _columns_given(
    model: type[models.Model], given: tuple[str, ...], on_conflict_do_nothing: bool
) -> tuple[str, list[tuple[str, Callable[[], Any] | None, Any]]]:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    unknown = set(given) - set(fields)
    if unknown:
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(unknown))}.")
    columns: list[tuple[str, Callable[[], Any] | None, Any]] = []
    for name, field in fields.items():
        sees_row = type(field).pre_save not in _WITHOUT_ROW
        if sees_row or getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            raise TypeError(f"{model.__name__}.{name} is filled by the row that it is in.")
        if name in given:
            columns.append((name, None, field))
        elif field.db_default is models.NOT_PROVIDED:
            columns.append((name, field.get_default, field))
    names = tuple(fields[name].column for name, _, _ in columns)
    return _insert_sql(model._meta.db_table, names, on_conflict_do_nothing), columns


_WITHOUT_ROW = (models.Field.pre_save, models.DateTimeField.pre_save, models.DateField.pre_save)

# Fields that do nothing to these values on their way to the database; all else goes through the field.
_PLAIN_FIELDS = (
    *(models.UUIDField, models.ForeignKey, models.OneToOneField, models.BooleanField),
    *(models.CharField, models.TextField, models.PositiveIntegerField, models.PositiveSmallIntegerField),
)
_PLAIN_VALUES = (uuid.UUID, str, int, bool, type(None))


@cache
def _fields(model: type[models.Model]) -> list[tuple[Any, bool]]:
    return [(field, type(field) in _PLAIN_FIELDS) for field in model._meta.concrete_fields]


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
