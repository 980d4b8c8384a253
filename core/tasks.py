"""Core's background work."""

import uuid

from celery import shared_task

from core import outbox
from core.api.idempotency import purge_expired_keys


@shared_task(name="core.deliver_outbox_entry", ignore_result=True)
def deliver_outbox_entry(entry_id: str) -> None:
    """Run what is due for one outbox entry. The relay hands it out again after its lease if this fails."""
    outbox.deliver(uuid.UUID(entry_id))


@shared_task(name="core.purge_outbox", ignore_result=True)
def purge_outbox() -> None:
    outbox.purge_done()


@shared_task(name="core.purge_idempotency_keys", ignore_result=True)
def purge_idempotency_keys() -> None:
    purge_expired_keys()
