"""Effects after a commit: at least once, by handlers that may run twice.

An event is a row of `OutboxEntry`, written in the transaction that causes it, with the names of the handlers that
must hear of it. The relay (`manage.py relay`) hands due rows to the workers; a worker runs the handlers and strikes
out each that has succeeded, so that a retry runs only what is missing. A crash anywhere leaves the row due again
after its lease. Two entries may overtake one another: a handler reads the state as it is, not as it was.
"""

import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Now
from django.utils import timezone

from core.db import insert_values
from core.models import OutboxEntry
from core.statements import Statement, read

log = structlog.get_logger(__name__)

CHANNEL = "outbox"
LEASE = timedelta(minutes=3)
"""How long a handed-out entry is left to its worker, longer than any task may run; doubled with each attempt."""
FIRST_RETRY = timedelta(seconds=10)
"""How soon a handler that failed is tried again; doubled with each attempt."""
LONGEST_WAIT = timedelta(hours=1)

Payload = dict[str, str | int | None]
Handler = Callable[[Payload], None]


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    payload: Payload
    after: timedelta = timedelta()
    """How long to leave it, for what may be taken back until then."""


@dataclass(frozen=True, slots=True)
class Registration:
    handler: Handler
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A due entry that was leased to this process for handing out."""

    entry_id: uuid.UUID
    event: str
    pending: list[str]


class UnknownHandlerError(LookupError):
    """The entry waits for a handler that this release does not have; a worker of the newer release will."""


_handlers: dict[str, dict[str, Registration]] = {}


def register(event: str, name: str, handler: Handler, *, is_urgent: bool = False) -> None:
    """Let `handler` hear `event`. `name` is written into the rows, so it must stay the same over releases.

    A handler takes the payload, may run twice, also at the same time, and opens its own transactions. An urgent one
    is run by the relay itself, without Redis and the workers, and must be done within seconds.
    """
    registrations = _handlers.setdefault(event, {})
    if name in registrations and registrations[name].handler is not handler:
        raise ValueError(f"Two handlers of {event} are named {name}.")
    registrations[name] = Registration(handler, is_urgent)


def inserts_for(events: Sequence[Event]) -> list[Statement]:
    """The rows that tell of these events, to be written in the transaction that causes them (core/facts.py).

    An event that nobody listens to leaves no row.
    """
    return [_insert_for(event) for event in events if event.name in _handlers]


def _insert_for(event: Event) -> Statement:
    due: dict[str, Any] = {"available_at": timezone.now() + event.after} if event.after else {}
    return insert_values(
        OutboxEntry, event=event.name, payload=event.payload, pending=list(_handlers[event.name]), **due
    )


WAKE_PAUSE_SECONDS = 0.02
"""So soon after one wake-up a process sends no other: the relay looks again (core.relay.LOOK_AGAIN_SECONDS)."""


def wake_on_commit() -> None:
    """Wake the relay once the transaction is committed.

    Inside the transaction, NOTIFY would make every commit wait for every other one. A wake-up that is lost between
    the two costs one sweep of the relay.
    """
    transaction.on_commit(_wake_relay, robust=True)


def _wake_relay() -> None:
    now = time.monotonic()
    if now < _last_wake.at + WAKE_PAUSE_SECONDS:
        return
    # Noted before it is sent: what follows within the pause is then committed before the relay's second look.
    _last_wake.at = now
    try:
        read(f"NOTIFY {CHANNEL}")
    except BaseException:
        _last_wake.at = 0.0
        raise


class _LastWake:
    at = 0.0


_last_wake = _LastWake()


_CLAIM_DUE = """
    UPDATE core_outboxentry
       SET attempts = attempts + 1,
           available_at = statement_timestamp() + least(%(lease)s * power(2, least(attempts, 20)), %(longest)s)
     WHERE id IN (SELECT id FROM core_outboxentry
                   WHERE done_at IS NULL AND available_at <= statement_timestamp()
                   ORDER BY available_at, id
                   LIMIT %(limit)s
                     FOR UPDATE SKIP LOCKED)
 RETURNING id, event, pending
"""

# Whoever starts on an entry late, because the queue was long, renews its lease.
_BEGIN = """
    UPDATE core_outboxentry
       SET available_at = greatest(available_at, statement_timestamp() + %(lease)s)
     WHERE id = %(id)s AND done_at IS NULL
 RETURNING event, payload, pending
"""

# In the row itself: a second worker may be striking out another name.
_STRIKE_OUT = """
    UPDATE core_outboxentry
       SET pending = array_remove(pending, %(handler)s),
           done_at = CASE WHEN array_remove(pending, %(handler)s) = '{}' THEN statement_timestamp() END
     WHERE id = %(id)s AND done_at IS NULL
"""

_TRY_AGAIN = """
    UPDATE core_outboxentry
       SET available_at = statement_timestamp()
                        + least(%(first)s * power(2, least(greatest(attempts - 1, 0), 20)), %(longest)s),
           last_error = %(error)s
     WHERE id = %(id)s AND done_at IS NULL
"""


def claim_due(limit: int = 100) -> list[Claim]:
    """Lease due entries for handing out, oldest first: no other relay gets them, and none is forgotten."""
    rows = _execute(_CLAIM_DUE, lease=LEASE, longest=LONGEST_WAIT, limit=limit)
    return sorted((Claim(*row) for row in rows), key=lambda claim: claim.entry_id)


def give_back(claims: Sequence[Claim], *, due_in: timedelta) -> None:
    """Return what could not be handed out: due again in `due_in`, and not counted as an attempt."""
    OutboxEntry.objects.filter(pk__in=[claim.entry_id for claim in claims], done_at=None).update(
        available_at=Now() + Value(due_in), attempts=F("attempts") - 1
    )


def urgent_handlers(claim: Claim) -> list[str]:
    known = _handlers.get(claim.event, {})
    return [name for name in claim.pending if name in known and known[name].is_urgent]


def deliver(entry_id: uuid.UUID, *, only: Sequence[str] | None = None) -> None:
    """Run the handlers that the entry still waits for, or those of them in `only`.

    All of them run, whatever becomes of the others. Raises the first one's error, after the entry was put back to
    be tried again.
    """
    begun = _execute(_BEGIN, id=entry_id, lease=LEASE)
    if not begun:
        return
    event, payload, pending = begun[0]
    failure: Exception | None = None
    for name in pending if only is None else [name for name in pending if name in only]:
        try:
            _handler(event, name)(json.loads(payload))
        except Exception as error:  # one handler's failure must not keep the others from hearing the event
            log.warning("outbox.handler_failed", outbox_event=event, handler=name, error=type(error).__name__)
            failure = failure or error
        else:
            _execute(_STRIKE_OUT, id=entry_id, handler=name)
    if failure is not None:
        _execute(
            _TRY_AGAIN,
            id=entry_id,
            first=FIRST_RETRY,
            longest=LONGEST_WAIT,
            error=type(failure).__name__[:200],
        )
        raise failure


def _handler(event: str, name: str) -> Handler:
    registration = _handlers.get(event, {}).get(name)
    if registration is None:
        raise UnknownHandlerError(f"{event}: {name}")
    return registration.handler


def _execute(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def purge_done(*, older_than: timedelta = timedelta(days=7)) -> int:
    """Forget what was delivered long ago; returns how many rows went."""
    return OutboxEntry.objects.filter(done_at__lt=Now() - Value(older_than)).delete()[0]
