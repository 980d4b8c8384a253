"""Relays, workers and a Redis that a test may kill, hang and restart."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

from core.embedded.programs import program
from core.facts import fact
from tests.slots import CHECKOUT

PATIENCE_SECONDS = 40


class House:
    def __init__(self, folder: Path) -> None:
        self.redis_socket = folder / "redis.sock"
        self.mail_folder = folder / "mail"
        self.log = (folder / "log").open("ab")
        self.processes: list[subprocess.Popen] = []
        self.redis: subprocess.Popen | None = None

    def start_redis(self) -> None:
        self.redis = subprocess.Popen(
            [program("redis-server"), "--port", "0", "--unixsocket", str(self.redis_socket), "--save", ""],
            stdout=self.log,
            stderr=self.log,
        )
        client = redis.Redis(unix_socket_path=str(self.redis_socket))
        wait_until(lambda: answers(client), "Redis answers")

    def stop_redis(self) -> None:
        self.redis.kill()
        self.redis.wait()

    def hang_redis(self, *, seconds: float) -> None:
        """Connections stay open, and nothing answers."""
        self.redis.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.redis.send_signal(signal.SIGCONT)

    def start_relay(self, *, sweep_seconds: float = 0.5) -> subprocess.Popen:
        return self._start("-m", "tests.core.effects", EFFECTS_SWEEP_SECONDS=str(sweep_seconds))

    def start_worker(self) -> subprocess.Popen:
        return self._start(
            *(
                "-m",
                "celery",
                "-A",
                "tests.core.effects",
                "worker",
                "--pool",
                "prefork",
                "--concurrency",
                "2",
            ),
            *("--without-gossip", "--without-mingle", "--loglevel", "ERROR"),
        )

    def kill(self, process: subprocess.Popen) -> None:
        """With its children, at once."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                self.kill(process)
        if self.redis is not None:
            self.redis.kill()
            self.redis.wait()
        self.log.close()

    def _start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "TEST_SLOT": str(settings.TEST_SLOT),
                "PYTHONPATH": str(CHECKOUT),
                "EFFECTS_SWEEP_SECONDS": "0.5",
                "EFFECTS_MAIL_FOLDER": str(self.mail_folder),
                "EFFECTS_BROKER_URL": f"redis+socket://{self.redis_socket}?virtual_host=0",
            }
            | environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.processes.append(process)
        return process


def announce(number: int, *, event: str = "test.effect", failures: int = 0) -> None:
    with fact(actor=None) as current:
        current.announce(event, number=number, failures=failures)


def effects() -> dict[int, int]:
    """How often each effect came about."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, count(*) FROM effects GROUP BY number")
        return dict(cursor.fetchall())


def answers(client: redis.Redis) -> bool:
    try:
        return client.ping()
    except redis.RedisError:
        return False


def wait_until(condition, what: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"In vain: {what}"
        time.sleep(0.05)
