"""`make run`: everything a developer needs, in one terminal, until Ctrl-C."""

import fcntl
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connections
from honcho.environ import parse_procfile
from honcho.manager import Manager

from core.embedded import EmbeddedServerError, start_configured

# Every process of a run carries this, so that a later run can find what a killed one left behind.
MARK = "MENTALSPACE_RUN"
READY_SECONDS = 90
DEMO_PASSWORD = "demo-pass-2026"  # noqa: S105 - the demo clinic's, which exists in development only
DEMO_LOGINS = {
    "patient@demo.test": "a patient",
    "counselor@demo.test": "a counselor",
    "frontdesk@demo.test": "the front desk",
    "centre.manager@demo.test": "a centre's manager",
    "admin@demo.test": "an admin",
}


class CannotRunError(Exception):
    """Why it does not start, and what to do about it."""


def run(*, host: str, port: int) -> int:
    """Serves until Ctrl-C, SIGTERM or the end of one of the processes; returns the exit code.

    Leaves no process behind. Raises CannotRunError.
    """
    signal.signal(signal.SIGTERM, _as_interrupt)
    address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}"  # noqa: S104
    with _only_run_of_this_checkout(address):
        try:
            _stop_leftovers()
            _require_free_port(host, port)
            _prepare_data()
            return _run_processes(host, port, address)
        except KeyboardInterrupt:
            return 0


def _as_interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _only_run_of_this_checkout(address: str) -> Iterator[None]:
    path = settings.BASE_DIR / "var" / "run.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("a+") as lock:
        # honcho forks; a fork that outlives this process must not seem to be this process.
        os.register_at_fork(after_in_child=lambda: _close(lock))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotRunError(
                f"It runs already: {lock.read().strip()}. Stop that one first (Ctrl-C there)."
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()} at {address}")
        lock.flush()
        yield


def _close(lock: IO[str]) -> None:
    with suppress(OSError):
        os.close(lock.fileno())


def _stop_leftovers() -> None:
    """After a kill -9 of an earlier run, its web server still holds the port and its workers still work."""
    leftovers = _marked_processes()
    if leftovers:
        _say(f"Stopping {len(leftovers)} processes that an earlier run left behind.")
        _kill_marked()


def _marked_processes() -> list[psutil.Process]:
    marked = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == str(settings.BASE_DIR):
                marked.append(process)
    return marked


def _kill_marked() -> None:
    # Again until none is found: one that was listed may have begun another before it was killed.
    while marked := _marked_processes():
        for process in marked:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(marked, timeout=10)


def _require_free_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotRunError(
                f"Port {port} of {host} cannot be used ({error.strerror}). Take another: make run PORT={port + 1}"
            ) from None


def _prepare_data() -> None:
    _say(
        "Starting PostgreSQL and Redis."
        if settings.USES_EMBEDDED_DATABASE
        else "Using the database of DATABASE_URL."
    )
    try:
        start_configured()
    except EmbeddedServerError as error:
        raise CannotRunError(str(error)) from None
    _say("Bringing the database up to date.")
    call_command("migrate", interactive=False, verbosity=0)
    if not get_user_model()._default_manager.exists():
        _say("Filling the empty database with the demo clinic.")
        call_command("demo_data")
    connections.close_all()


def _run_processes(host: str, port: int, address: str) -> int:
    environment = os.environ | {
        MARK: str(settings.BASE_DIR),
        "HOST": host,
        "PORT": str(port),
        "SITE_URL": os.environ.get("SITE_URL") or address,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }
    manager = _Manager()
    for name, command in parse_procfile((settings.BASE_DIR / "Procfile.dev").read_text()).processes.items():
        manager.add_process(name, command, env=environment, cwd=str(settings.BASE_DIR))
    threading.Thread(target=_announce, args=(address, port), daemon=True).start()
    try:
        manager.loop()
    finally:
        # None, unless it was stopped while starting, or honcho itself fell over, as when its terminal is gone.
        for forked in multiprocessing.active_children():
            forked.kill()
        _kill_marked()
    was_asked_to_stop = manager.returncode in (130, 143)
    return 0 if was_asked_to_stop else int(manager.returncode or 0)


class _Manager(Manager):
    def terminate(self) -> None:
        """honcho cannot stop a process whose number it has not heard yet; the caller's `finally` can."""
        if not self._all_started():
            raise KeyboardInterrupt
        super().terminate()


def _announce(address: str, port: int) -> None:
    """Prints the address once it answers."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
        else:
            logins = "\n".join(f"    {login:26} {who}" for login, who in DEMO_LOGINS.items())
            _say(
                f"\n  MentalSpace is ready: {address}\n\n"
                f"  Demo logins, all with the password {DEMO_PASSWORD}:\n{logins}\n\n"
                f"  Mail that was sent: {address}/dev/mail    API: {address}/api/docs    Stop: Ctrl-C\n"
            )
            return
    _say(f"\n  The page does not answer yet after {READY_SECONDS} s; the reason is probably above.\n")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a person is watching this terminal
