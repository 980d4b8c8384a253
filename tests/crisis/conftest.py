"""A server that has nothing but its own code."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.slots import CHECKOUT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="package")
def lonely_server(tmp_path_factory):
    """The address of a production-like server whose database and Redis refuse every connection."""
    port, closed = free_port(), free_port()
    log = tmp_path_factory.mktemp("lonely") / "server.log"
    environment = os.environ | {
        "ENV_FILES": "",
        "DJANGO_SETTINGS_MODULE": "mentalspace.settings",
        "DEBUG": "true",
        "SECRET_KEY": "for-tests-only-" + "x" * 40,
        "DATABASE_URL": f"postgresql://nobody@127.0.0.1:{closed}/nothing",
        "REDIS_URL": f"redis://127.0.0.1:{closed}/0",
    }
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*granian, "--port", str(port), "mentalspace.wsgi:application"],
            cwd=CHECKOUT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_listening(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_listening(port: int, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"The server did not come up:\n{log.read_text()}")


def ask(address: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
