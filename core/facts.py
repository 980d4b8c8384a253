"""The transaction that every service shares: the change, its audit rows and its outbox rows in one commit.

    with fact(actor=user) as f:
        session = …                      # lock, read, decide, write
        f.audit("session.booked", session, patient_id=…, centre_id=…)
        f.announce("session.confirmed", session=session.pk)

Either all of it is in the database or none of it. What follows from the fact (mail, reminders, sockets) is done
after the commit by the outbox's handlers, at least once (docs/transactions.md).
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from django.db import DEFAULT_DB_ALIAS, connection, models, transaction

from core import outbox
from core.db import insert_at_once, insert_statement, insert_values
from core.statements import Statement


class Actor(Protocol):
    @property
    def pk(self) -> uuid.UUID: ...


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Who did what to which row. Codes and ids only, never clinical text; `why` is a reason that somebody stated."""

    actor_id: uuid.UUID | None
    action: str
    object_type: str
    object_id: uuid.UUID
    patient_id: uuid.UUID | None
    centre_id: uuid.UUID | None
    why: str


@dataclass
class Fact:
    actor_id: uuid.UUID | None
    audits: list[AuditRecord] = field(default_factory=list)
    events: list[outbox.Event] = field(default_factory=list)
    inserts: list[Statement] = field(default_factory=list)

    def insert(self, *rows: models.Model, on_conflict_do_nothing: bool = False) -> None:
        """Write new rows when the block ends, together with the audit and outbox rows, in one statement.

        Until then they are not in the database; what is wrong with them is raised at the end of the block.
        """
        for row in rows:
            self.inserts.append(insert_statement(row, on_conflict_do_nothing=on_conflict_do_nothing))
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS

    def insert_values(
        self, model: type[models.Model], *, on_conflict_do_nothing: bool = False, **values: Any
    ) -> None:
        """`insert` of a row that nobody needs as an object: its values, by attribute."""
        self.inserts.append(insert_values(model, on_conflict_do_nothing=on_conflict_do_nothing, **values))

    def audit(
        self,
        action: str,
        obj: models.Model,
        *,
        patient_id: uuid.UUID | None = None,
        centre_id: uuid.UUID | None = None,
        why: str = "",
    ) -> None:
        """Note who did it; written when the block ends, in the same transaction."""
        self.audits.append(
            AuditRecord(self.actor_id, action, obj._meta.label_lower, obj.pk, patient_id, centre_id, why)
        )

    def announce(
        self, event: str, after: timedelta = timedelta(), /, **ids: uuid.UUID | str | int | None
    ) -> None:
        """Tell the rest of the house, once the transaction is committed. Ids and codes only: no text.

        `after` is how long handlers are not to hear it yet, where it may be taken back until then.
        """
        self.events.append(outbox.Event(event, {key: _plain(value) for key, value in ids.items()}, after))


AuditWriter = Callable[[list[AuditRecord]], list[Statement]]
"""Makes the inserts of the audit trail's rows; `fact` runs them."""
_audit_writers: list[AuditWriter] = []


def register_audit_writer(writer: AuditWriter) -> None:
    """Called once, by the app that owns the audit table (core stands below it and may not import it)."""
    _audit_writers[:] = [writer]


@contextmanager
def fact(*, actor: Actor | None) -> Iterator[Fact]:
    """One atomic fact. `actor` is the signed-in person, None for the system itself.

    Raises RuntimeError when there is something to audit and no writer: no record, no change.
    """
    is_whole = bool(connection.atomic_blocks) and isinstance(connection.atomic_blocks[-1], _WholeRequest)
    with transaction.atomic(savepoint=not is_whole):
        current = Fact(actor_id=actor.pk if actor is not None else None)
        yield current
        events = outbox.inserts_for(current.events)
        insert_at_once(*current.inserts, *_audit_inserts(current.audits), *events)
        if events:
            outbox.wake_on_commit()


class _WholeRequest(transaction.Atomic):
    """Nothing goes on in it after a refusal, so a fact in it needs no savepoint."""


def whole_request() -> transaction.Atomic:
    """A transaction around one fact, for a door that writes what it answered into it. A refusal leaves it at once."""
    return _WholeRequest(using=DEFAULT_DB_ALIAS, savepoint=True, durable=False)


def _audit_inserts(records: list[AuditRecord]) -> list[Statement]:
    if records and not _audit_writers:
        raise RuntimeError("No audit writer is registered: refusing to commit a change without its record.")
    return _audit_writers[0](records) if records else []


def _plain(value: uuid.UUID | str | int | None) -> str | int | None:
    return str(value) if isinstance(value, uuid.UUID) else value
