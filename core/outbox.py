"""Effects after a commit: at least once, idempotent, in the order that they became due.

An event is a row of `OutboxEntry`, written in the transaction that causes it. The relay (`manage.py relay`) hands
due rows to the workers; a worker runs the handlers that were registered for the event and notes each that has
succeeded, so that a retry runs only what is missing. A crash anywhere leaves the row due again after its lease.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from core.models import OutboxEntry

log = structlog.get_logger(__name__)

CHANNEL = "outbox"
LEASE = timedelta(seconds=60)
"""How long a handed-out entry is left to its worker before the relay hands it out again."""
MAX_BACKOFF = timedelta(hours=1)

Payload = dict[str, str | int | None]
Handler = Callable[[Payload], None]


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Registration:
    name: str
    handler: Handler
    is_urgent: bool


_handlers: dict[str, list[Registration]] = {}


def register(event: str, name: str, handler: Handler, *, is_urgent: bool = False) -> None:
    """Let `handler` hear `event`. `name` is kept in the row once it has succeeded, so it must stay the same.

    A handler takes the payload, may run twice, and opens its own transactions. An urgent one is run by the relay
    itself when the workers' queue cannot be reached.
    """
    registrations = _handlers.setdefault(event, [])
    if all(known.name != name for known in registrations):
        registrations.append(Registration(name, handler, is_urgent))


def append(events: list[Event]) -> None:
    """Write the rows and wake the relay when the surrounding transaction commits. Must run inside one."""
    OutboxEntry.objects.bulk_create([OutboxEntry(event=event.name, payload=event.payload) for event in events])
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


def claim_due(limit: int = 100) -> list[OutboxEntry]:
    """Take due entries for handing out: each is leased, so that no other relay takes it and none is forgotten."""
    with transaction.atomic():
        due = list(
            OutboxEntry.objects.select_for_update(skip_locked=True)
            .filter(done_at=None, available_at__lte=Now())
            .order_by("available_at", "id")[:limit]
        )
        for entry in due:
            entry.attempts += 1
            entry.available_at = timezone.now() + min(LEASE * 2 ** min(entry.attempts - 1, 10), MAX_BACKOFF)
        OutboxEntry.objects.bulk_update(due, ["attempts", "available_at"])
    return due


def is_urgent(entry: OutboxEntry) -> bool:
    return any(registration.is_urgent for registration in _handlers.get(entry.event, []))


def deliver(entry_id: uuid.UUID) -> None:
    """Run the handlers of one entry that have not succeeded yet. Raises the first handler's error after noting it."""
    entry = OutboxEntry.objects.filter(pk=entry_id, done_at=None).first()
    if entry is None:
        return
    failure: Exception | None = None
    for registration in _handlers.get(entry.event, []):
        if registration.name in entry.handled:
            continue
        try:
            registration.handler(entry.payload)
        except Exception as error:  # one handler's failure must not keep the others from hearing the event
            log.exception("outbox.handler_failed", outbox_event=entry.event, handler=registration.name)
            failure = failure or error
        else:
            entry.handled.append(registration.name)
            entry.save(update_fields=["handled"])
    if failure is not None:
        entry.last_error = type(failure).__name__
        entry.save(update_fields=["last_error"])
        raise failure
    entry.done_at = timezone.now()
    entry.save(update_fields=["done_at"])


def purge_done(*, older_than: timedelta = timedelta(days=7)) -> int:
    """Forget what was delivered long ago; returns how many rows went."""
    return OutboxEntry.objects.filter(done_at__lt=timezone.now() - older_than).delete()[0]
