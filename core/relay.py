"""The relay: a small process that sleeps on PostgreSQL's LISTEN and hands due outbox entries to the workers.

It is a process of its own so that urgent effects leave the house even when Redis and the workers are down.
"""

import signal
import threading
from types import FrameType

import psycopg
import structlog
from django.db import connection, connections
from kombu.exceptions import OperationalError as BrokerUnavailable

from core import outbox
from core.models import OutboxEntry
from core.tasks import deliver_outbox_entry

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 5.0
"""The longest a due entry waits when its wake-up was lost (a retry, or a notification sent while we reconnected)."""
RECONNECT_SECONDS = 2.0


class Relay:
    """`run()` until `stop()`; survives restarts of PostgreSQL and Redis."""

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def stop_on_signals(self) -> None:
        def handle(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        signal.signal(signal.SIGTERM, handle)
        signal.signal(signal.SIGINT, handle)

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen_and_hand_out()
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                log.warning("relay.database_away", error=type(error).__name__)
            except Exception:  # the relay must outlive anything that one entry or one reconnect can do to it
                log.exception("relay.failed")
            connections.close_all()
            self._stopping.wait(RECONNECT_SECONDS)

    def _listen_and_hand_out(self) -> None:
        # A connection of its own: a pooled one would be handed back between two queries and lose its LISTEN.
        parameters = connection.get_connection_params()
        for pool_only in ("pool", "server_side_binding", "assume_role", "isolation_level", "context"):
            parameters.pop(pool_only, None)
        with psycopg.connect(**parameters, autocommit=True) as listener:
            listener.execute(f"LISTEN {outbox.CHANNEL}")
            log.info("relay.listening")
            while not self._stopping.is_set():
                hand_out_due()
                self._sleep_until_woken(listener)

    def _sleep_until_woken(self, listener: psycopg.Connection) -> None:
        """Return on the first notification, after SWEEP_SECONDS, or within a second of stop()."""
        waited = 0.0
        while waited < SWEEP_SECONDS and not self._stopping.is_set():
            for _ in listener.notifies(timeout=1.0, stop_after=1):
                return
            waited += 1.0


def hand_out_due() -> int:
    """Give every due entry to a worker; returns how many. Urgent ones are delivered here when the broker is away."""
    total = 0
    while entries := outbox.claim_due():
        total += len(entries)
        for entry in entries:
            _hand_out(entry)
    return total


def _hand_out(entry: OutboxEntry) -> None:
    try:
        deliver_outbox_entry.apply_async((str(entry.pk),), retry=False)
    except (BrokerUnavailable, OSError) as error:
        log.warning("relay.broker_away", outbox_event=entry.event, error=type(error).__name__)
        if outbox.is_urgent(entry):
            _deliver_here(entry)


def _deliver_here(entry: OutboxEntry) -> None:
    try:
        outbox.deliver(entry.pk)
    except Exception:
        log.exception("relay.urgent_delivery_failed", outbox_event=entry.event)
