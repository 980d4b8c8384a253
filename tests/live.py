"""Real server processes, served as in production, for races and for browsers."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from django.conf import settings

from tests.slots import CHECKOUT

START_SECONDS = 60


@dataclass
class LiveServers:
    """Processes that share this test run's database and Redis."""

    _processes: list[subprocess.Popen] = field(default_factory=list)
    _addresses: list[str] = field(default_factory=list)

    def addresses(self, count: int = 1) -> list[str]:
        """The first `count` of them, started if need be, all ready."""
        while len(self._addresses) < count:
            self._start()
        for address, process in zip(self._addresses[:count], self._processes, strict=False):
            _wait_until_alive(address, process)
        return self._addresses[:count]

    def stop(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)

    def _start(self) -> None:
        port = free_port()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "mentalspace.wsgi:application", "--interface", "wsgi"),
                *("--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", "1"),
                *("--no-access-log", "--log-level", "error"),
            ],
            cwd=CHECKOUT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "TEST_SLOT": str(settings.TEST_SLOT),
                "PYTHONPATH": str(CHECKOUT),
            },
            start_new_session=True,
        )
        self._processes.append(process)
        self._addresses.append(f"http://127.0.0.1:{port}")


def _wait_until_alive(address: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(
                f"The server at {address} ended with {process.returncode}; what it wrote is above."
            )
        try:
            urllib.request.urlopen(f"{address}/health", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"The server at {address} did not answer within {START_SECONDS} s.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
