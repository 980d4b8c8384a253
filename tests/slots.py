"""A test process's own database and its own Redis number.

Each pytest process, xdist workers and several runs of one checkout included, holds a number of its own by a file lock
for as long as it lives. Processes it starts are told the number in TEST_SLOT.
"""

import fcntl
import os
import re
from pathlib import Path
from typing import IO

from core.embedded import REDIS_DATABASES, EmbeddedServers

CHECKOUT = Path(__file__).resolve().parent.parent
SERVERS = EmbeddedServers(CHECKOUT, name="test", is_durable=False)

_held: list[IO[str]] = []


def current() -> int:
    """The number told by the parent, or a free one, claimed until this process ends."""
    return int(os.environ.get("TEST_SLOT") or 0) or _claim()


def _claim() -> int:
    SERVERS.prepare_folders()
    for candidate in range(1, REDIS_DATABASES):
        lock = (SERVERS.directory / f"slot-{candidate}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            _held.append(lock)
            return candidate
    raise RuntimeError("Too many test runs at once in this checkout.")


def redis_url(slot: int) -> str:
    """The Redis of the environment or our own, with this number as its database."""
    given = os.environ.get("REDIS_URL") or SERVERS.redis_url()
    if given.startswith("unix:"):
        return f"{given.partition('?')[0]}?db={slot}"
    return f"{re.sub(r'/[0-9]*$', '', given)}/{slot}"


def start_servers() -> None:
    """Brings up our own servers for what the environment does not name."""
    SERVERS.acquire(postgres=not os.environ.get("DATABASE_URL"), redis=not os.environ.get("REDIS_URL"))
