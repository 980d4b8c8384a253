"""A pair of servers that several processes share.

Used only where DATABASE_URL or REDIS_URL is not set, never in production. A process that needs the servers takes a
share (`acquire`); the first one starts them and the last one to leave stops them. Shares are file locks, so a process
that was killed has left too.
"""

import atexit
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

from core.embedded.postgres import ROLE, Postgres
from core.embedded.programs import SYSTEM_STATE, EmbeddedServerError, is_root, make_passable, server_uid
from core.embedded.redis_server import RedisServer

# A socket's address holds 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 100


@dataclass(eq=False)
class EmbeddedServers:
    """One PostgreSQL cluster and one Redis of a checkout, under one folder.

    `name` keeps several pairs apart ("main", "test"). With `is_durable=False` the cluster skips fsync: quick, and lost
    when the machine stops.
    """

    checkout: Path
    name: str = "main"
    is_durable: bool = True
    _share: IO[str] | None = field(default=None, init=False, repr=False)
    _owner_pid: int = field(default=0, init=False, repr=False)

    @property
    def directory(self) -> Path:
        """Where everything of this pair lives.

        PostgreSQL refuses to run as root. It then runs as `nobody`, who cannot enter root's home, so root's clusters
        live in a folder of the system and no mode elsewhere has to change.
        """
        return _state_directory(self.checkout) / self.name

    @property
    def socket_directory(self) -> Path:
        inside = self.directory / "run"
        if len(os.fsencode(inside / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET_PATH:
            return inside
        return Path(tempfile.gettempdir()) / f"mentalspace-{os.geteuid()}-{_short_hash(self.directory)}"

    @property
    def redis_socket(self) -> Path:
        return self.socket_directory / "redis.sock"

    @property
    def _postgres(self) -> Postgres:
        return Postgres(self.directory, self.socket_directory, self.is_durable)

    @property
    def _redis(self) -> RedisServer:
        return RedisServer(self.directory, self.redis_socket, self.is_durable)

    def database_url(self, database: str = ROLE, *, user: str = ROLE) -> str:
        return f"postgres://{user}@/{quote(database)}?host={quote(str(self.socket_directory))}"

    def redis_url(self, number: int = 0) -> str:
        return f"unix://{quote(str(self.redis_socket))}?db={number}"

    def acquire(self, *, postgres: bool = True, redis: bool = True) -> None:
        """Starts what does not answer yet and keeps it up until `release`, or until this process is gone.

        Raises EmbeddedServerError. Calling it again repairs a server that died meanwhile.
        """
        self.prepare_folders()
        with self._starting_or_stopping():
            if self._share is None:
                self._share = (self.directory / "in-use.lock").open("w")
                fcntl.flock(self._share, fcntl.LOCK_SH)
                self._owner_pid = os.getpid()
                atexit.register(self.release)
            if postgres:
                self._postgres.ensure_running()
            if redis:
                self._redis.ensure_running()

    def release(self) -> None:
        """Gives the share back; stops both servers when nobody else holds one."""
        if self._share is None or self._owner_pid != os.getpid():
            return
        with self._starting_or_stopping():
            fcntl.flock(self._share, fcntl.LOCK_UN)
            with suppress(BlockingIOError):
                fcntl.flock(self._share, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._stop()
            self._share.close()
            self._share = None
        atexit.unregister(self.release)

    def remove(self) -> None:
        """Deletes the cluster and what Redis holds. Raises EmbeddedServerError while anybody uses them."""
        self.prepare_folders()
        with self._starting_or_stopping(), (self.directory / "in-use.lock").open("w") as share:
            try:
                fcntl.flock(share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise EmbeddedServerError(
                    "They are in use. Stop `make run` and other commands first."
                ) from None
            self._stop()
            for folder in (self.directory, self.socket_directory):
                shutil.rmtree(folder, ignore_errors=True)
            if is_root():
                with suppress(OSError):  # the tests' pair may still be there
                    self.directory.parent.rmdir()

    def _stop(self) -> None:
        self._postgres.stop()
        self._redis.stop()

    def prepare_folders(self) -> None:
        """Makes the folders, closed to others. Raises EmbeddedServerError where somebody else's are in the way."""
        if is_root():
            make_passable(self.directory.parent)
        else:
            self.directory.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self.directory, self.socket_directory):
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                os.chown(folder, server_uid(), -1)
            if folder.stat().st_uid != server_uid():
                raise EmbeddedServerError(
                    f"{folder} belongs to another user. Run this as that user, or remove the folder."
                )

    @contextmanager
    def _starting_or_stopping(self) -> Iterator[None]:
        with (self.directory / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def _state_directory(checkout: Path) -> Path:
    checkout = checkout.resolve()
    return SYSTEM_STATE / _short_hash(checkout) if is_root() else checkout / "var"


def start_configured() -> None:
    """Brings up what Django's settings use of the checkout's own servers, until this process ends."""
    from django.conf import settings

    if settings.USES_EMBEDDED_DATABASE or settings.USES_EMBEDDED_REDIS:
        settings.EMBEDDED_SERVERS.acquire(
            postgres=settings.USES_EMBEDDED_DATABASE, redis=settings.USES_EMBEDDED_REDIS
        )
