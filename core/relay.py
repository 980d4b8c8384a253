"""The relay: a small process that sleeps on PostgreSQL's LISTEN and hands due outbox entries to the workers.

It is a process of its own so that urgent effects leave the house even when Redis and the workers are down.
"""

import signal
import threading
from collections.abc import Sequence
from datetime import timedelta
from types import FrameType
from typing import Any

import psycopg
import structlog
from django.db import InterfaceError, OperationalError, connection, connections
from kombu.exceptions import OperationalError as BrokerUnavailable
from redis.exceptions import RedisError

from core import outbox
from core.tasks import deliver_outbox_entry

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 5.0
"""The longest a due entry waits when its wake-up was lost (a retry, or a notification sent while we reconnected)."""
LOOK_AGAIN_SECONDS = 0.1
"""After a wake-up: what was committed just after it sent none of its own (core.outbox.WAKE_PAUSE_SECONDS)."""
RECONNECT_SECONDS = 2.0
BROKER_AWAY = (BrokerUnavailable, RedisError, OSError)
DATABASE_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


class Relay:
    """`run()` until `stop()`; survives restarts of PostgreSQL and Redis. Several may run at once."""

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
            except DATABASE_AWAY as error:
                log.warning("relay.database_away", error=type(error).__name__)
            except Exception:  # the relay must outlive anything that one entry or one reconnect can do to it
                log.exception("relay.failed")
            connections.close_all()
            self._stopping.wait(RECONNECT_SECONDS)

    def _listen_and_hand_out(self) -> None:
        with psycopg.connect(**_connection_parameters(), autocommit=True) as listener:
            listener.execute(f"LISTEN {outbox.CHANNEL}")
            log.info("relay.listening")
            is_woken = False
            while not self._stopping.is_set():
                hand_out_due()
                is_woken = self._sleep(listener, LOOK_AGAIN_SECONDS if is_woken else SWEEP_SECONDS)

    def _sleep(self, listener: psycopg.Connection, longest: float) -> bool:
        """Whether a notification ended it: the first one does, or `longest`, or stop() within a second."""
        waited = 0.0
        while waited < longest and not self._stopping.is_set():
            if any(True for _ in listener.notifies(timeout=min(1.0, longest), stop_after=1)):
                self._swallow_further(listener)
                return True
            waited += 1.0
        return False

    @staticmethod
    def _swallow_further(listener: psycopg.Connection) -> None:
        """One look at the table answers all the wake-ups that have come so far."""
        for _ in listener.notifies(timeout=0):
            pass


def _connection_parameters() -> dict[str, Any]:
    """For a plain connection: a pooled one would be handed back between two queries and lose its LISTEN."""
    parameters = connection.get_connection_params()
    for meant_for_django in ("pool", "server_side_binding", "assume_role", "isolation_level", "context"):
        parameters.pop(meant_for_django, None)
    return parameters


def hand_out_due() -> int:
    """Deliver what is urgent, give the rest to the workers; returns how many entries were due.

    When the broker is away, what it should have had is due again at the next sweep.
    """
    total = 0
    while claims := outbox.claim_due():
        total += len(claims)
        for claim in claims:
            _deliver_urgent(claim)
        if not _hand_to_workers(claims):
            break
    return total


def _deliver_urgent(claim: outbox.Claim) -> None:
    if urgent := outbox.urgent_handlers(claim):
        try:
            outbox.deliver(claim.entry_id, only=urgent)
        except Exception:  # noted in the row, which is tried again; the next entry must not wait for it
            log.exception("relay.urgent_delivery_failed", outbox_event=claim.event)


def _hand_to_workers(claims: Sequence[outbox.Claim]) -> bool:
    for number, claim in enumerate(claims):
        if set(claim.pending) <= set(outbox.urgent_handlers(claim)):
            continue
        try:
            deliver_outbox_entry.apply_async((str(claim.entry_id),), retry=False)
        except BROKER_AWAY as error:
            log.warning("relay.broker_away", error=type(error).__name__, waiting=len(claims) - number)
            outbox.give_back(claims[number:], due_in=timedelta(seconds=SWEEP_SECONDS))
            return False
    return True
