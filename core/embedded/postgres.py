"""One PostgreSQL cluster under one folder, reached by a socket only."""

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from core.embedded.programs import EmbeddedServerError, is_root, program, run, server_uid, tail

ROLE = "mentalspace"


@dataclass(frozen=True)
class Postgres:
    directory: Path
    socket_directory: Path
    is_durable: bool

    @property
    def data(self) -> Path:
        return self.directory / "postgres"

    @property
    def log(self) -> Path:
        return self.directory / "postgres.log"

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
            run([*self._control, "stop", "--mode=fast", "--wait"], cwd=self.directory, check=False)

    @property
    def _control(self) -> list[str]:
        return [program("pg_ctl"), f"--pgdata={self.data}"]

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> Any:
        return psycopg.connect(
            host=str(self.socket_directory),
            user="postgres",
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _create_cluster(self) -> None:
        """Made beside and moved into place, so that a kill half-way leaves nothing that looks finished."""
        unfinished = self.data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        run(
            [
                program("initdb"),
                f"--pgdata={unfinished}",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                *([] if self.is_durable else ["--no-sync"]),
            ],
            cwd=self.directory,
        )
        with (unfinished / "postgresql.conf").open("a") as configuration:
            configuration.write("include 'embedded.conf'\n")
        unfinished.rename(self.data)

    def _write_configuration(self) -> None:
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": f'"{self.socket_directory}"',
            "unix_socket_permissions": "0700",
            "max_connections": "300",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.is_durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()]
        (self.data / "embedded.conf").write_text("".join(lines))
        if is_root():
            os.chown(self.data / "embedded.conf", server_uid(), -1)

    def _forget_dead_postmaster(self) -> None:
        """After a kill -9 and a restart of the machine, the number in a lock file may be somebody else's."""
        import psutil  # comes with the embedded servers, so production has none

        for lock in (self.data / "postmaster.pid", self.socket_directory / ".s.PGSQL.5432.lock"):
            with suppress(FileNotFoundError, ValueError, IndexError, psutil.Error):
                process = psutil.Process(int(lock.read_text().splitlines()[0]))
                if str(self.data) not in " ".join(process.cmdline()):
                    lock.unlink()

    def _start(self) -> None:
        # The shared memory of a killed postmaster is busy until its last child has noticed.
        for _ in range(20):
            started = run(
                [*self._control, "start", "--wait", "--timeout=60", "--silent", f"--log={self.log}"],
                cwd=self.directory,
                check=False,
            )
            if started.returncode == 0:
                return
            time.sleep(0.25)
        raise EmbeddedServerError(
            f"PostgreSQL did not start. Its log, {self.log}, ends with:\n{tail(self.log)}"
        )

    def _ensure_role_and_database(self) -> None:
        """The application is an ordinary owner, as in production: what needs a superuser fails here as well."""
        with self._connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE]).fetchone():
                connection.execute(f"CREATE DATABASE {ROLE} OWNER {ROLE}")
