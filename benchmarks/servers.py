"""The processes that are measured, on this machine only: granian as in production, Express as the baseline."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.embedded import EmbeddedServers

CHECKOUT = Path(__file__).resolve().parent.parent
BASELINE = CHECKOUT / "benchmarks" / "baseline"
EMBEDDED = EmbeddedServers(CHECKOUT, name="bench")
WORKERS = 2
START_SECONDS = 60


@contextmanager
def granian(**environment: str) -> Iterator[str]:
    """The house, laid out as production is: WSGI, one blocking thread a worker."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "mentalspace.wsgi:application", "--interface", "wsgi"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS), "--blocking-threads", "1"),
        *("--no-access-log", "--log-level", "error"),
    ]
    settings = {"DJANGO_SETTINGS_MODULE": "benchmarks.settings", "PYTHONPATH": str(CHECKOUT)}
    with _process(command, os.environ | settings | environment, f"http://127.0.0.1:{port}/health") as _:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def express(database_url: str, secret: str) -> Iterator[str]:
    """The baseline in its better setting. Raises RuntimeError when Node is missing."""
    if not shutil.which("node"):
        raise RuntimeError("The baseline needs Node 20 or later; --no-baseline leaves it out.")
    if not (BASELINE / "node_modules").exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=BASELINE, check=True)
    port = free_port()
    environment = os.environ | {
        "NODE_ENV": "production",
        "DATABASE_URL": database_url,
        "JWT_SECRET": secret,
        "KEYOBJ": "1",
        "PORT": str(port),
        "WORKERS": str(WORKERS),
    }
    with _process(["node", str(BASELINE / "express.js")], environment, f"http://127.0.0.1:{port}/static"):
        yield f"http://127.0.0.1:{port}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_seconds(root: int) -> float:
    """User and system time of a process and all below it, until now."""
    import psutil

    total = 0.0
    for process in [psutil.Process(root), *psutil.Process(root).children(recursive=True)]:
        times = process.cpu_times()
        total += times.user + times.system
    return total


PIDS: dict[str, int] = {}
"""The root process behind each address that is up."""


@contextmanager
def _process(command: list[str], environment: dict[str, str], ready: str) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, start_new_session=True)
    address = ready.rsplit("/", 1)[0]
    try:
        _wait_until_ready(process, ready)
        PIDS[address] = process.pid
        yield
    finally:
        PIDS.pop(address, None)
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _wait_until_ready(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}.")
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"Nothing answers at {address}.")
