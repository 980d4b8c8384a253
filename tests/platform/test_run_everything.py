"""`manage.py run`, which is `make run` once things are installed: for real, in a copy of the checkout."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError, call_command

from core.running import MARK
from tests.factories import UserFactory
from tests.live import free_port
from tests.slots import CHECKOUT

READY_SECONDS = 90
LEFT_OUT = (
    ".venv",
    ".git",
    "var",
    "node_modules",
    "staticfiles",
    ".env",
    "docs",
    "benchmarks",
    "__pycache__",
    ".*_cache",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A checkout of its own: the run of the person at this machine is neither seen nor disturbed."""
    copy = tmp_path_factory.mktemp("checkout") / "mentalspace"
    shutil.copytree(CHECKOUT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    yield copy
    kill_all_of(copy)


@pytest.fixture
def environment(settings):
    """Development on the database and the Redis of this test: they replace the embedded ones."""
    database = settings.DATABASES["default"]
    port = f":{database['PORT']}" if database["PORT"] else ""
    password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    host = database["HOST"] if not database["HOST"].startswith("/") else ""
    query = f"?host={database['HOST']}" if database["HOST"].startswith("/") else ""
    return os.environ | {
        "ENV_FILES": "",
        "DEBUG": "true",
        "SECRET_KEY": "x" * 50,
        "DATABASE_URL": f"postgres://{database['USER']}{password}@{host}{port}/{database['NAME']}{query}",
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "mentalspace.settings",
    }


class Run:
    """One `manage.py run`, with what it has printed so far."""

    def __init__(self, copy: Path, environment: dict[str, str], port: int) -> None:
        self.log = copy / f"run-{time.monotonic_ns()}.log"
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run", "--port", str(port)],
            cwd=copy,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
        )

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def wait_for(self, *words: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not all(word in self.printed for word in words):
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.1)

    def stop(self, with_signal: signal.Signals) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(timeout=30)


def processes_of(copy):
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == str(copy):
                found.append(process)
    return found


def kill_all_of(copy):
    for process in processes_of(copy):
        with suppress(psutil.Error):
            process.kill()


def run_briefly(copy, environment, port):
    return subprocess.run(
        [sys.executable, "manage.py", "run", "--port", str(port)],
        cwd=copy,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.xdist_group("run")
def test_it_runs_once_and_stops_cleanly(copy, environment, transactional_db):
    UserFactory()  # so that it is not taken for an empty database
    port = free_port()

    first = Run(copy, environment, port)
    first.wait_for("MentalSpace is ready")
    assert f"http://localhost:{port}" in first.printed
    assert "patient@demo.test" in first.printed
    assert {"runserver", "relay", "worker", "beat"} <= {
        word for process in processes_of(copy) for word in process.cmdline()
    }

    second = run_briefly(copy, environment, free_port())
    assert second.returncode == 1
    assert f"It runs already: process {first.process.pid} at http://localhost:{port}" in second.stderr

    assert first.stop(signal.SIGTERM) == 0, first.printed
    assert processes_of(copy) == []


@pytest.mark.xdist_group("run")
def test_what_a_killed_run_left_behind_is_stopped_by_the_next(copy, environment, transactional_db):
    UserFactory()
    port = free_port()
    killed = Run(copy, environment, port)
    killed.wait_for("beat started")
    killed.process.kill()
    killed.process.wait()
    assert processes_of(copy)

    following = Run(copy, environment, port)
    following.wait_for("that an earlier run left behind", "beat started")
    assert following.stop(signal.SIGINT) == 0, following.printed
    assert processes_of(copy) == []


def test_a_taken_port_is_named_with_a_way_out(copy, environment):
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        refused = run_briefly(copy, environment, port)
    assert refused.returncode == 1
    assert f"Port {port}" in refused.stderr
    assert f"make run PORT={port + 1}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_is_for_development_only(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match=r"docs/deployment\.md"):
        call_command("run")
