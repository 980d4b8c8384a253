"""The help page answers while PostgreSQL and Redis are away: a real server process, with both at a closed port."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lonely_server(tmp_path_factory):
    """The address of a production-like server whose database and Redis refuse every connection."""
    port, closed = free_port(), free_port()
    log = tmp_path_factory.mktemp("lonely") / "server.log"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "mentalspace.settings",
        "DEBUG": "true",
        "SECRET_KEY": "only-for-this-test",
        "DATABASE_URL": f"postgresql://nobody@127.0.0.1:{closed}/nothing",
        "REDIS_URL": f"redis://127.0.0.1:{closed}/0",
    }
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*granian, "--port", str(port), "mentalspace.wsgi:application"],
            cwd=ROOT,
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


def test_help_page_is_there_without_postgresql_and_redis(lonely_server):
    status, page = ask(f"{lonely_server}/help-now?country=IE")
    assert status == 200
    assert 'href="tel:112"' in page


def test_a_signed_in_browser_gets_it_too(lonely_server):
    cookies = "session=0123456789abcdefghijklmnopqrstuv; __Host-session=0123456789abcdefghijklmnopqrstuv"
    status, page = ask(f"{lonely_server}/help-now", Cookie=cookies, **{"Accept-Language": "fr-FR"})
    assert status == 200
    assert "Talk to someone in France" in page


def test_its_style_sheets_are_there_too(lonely_server):
    assert ask(f"{lonely_server}/static/css/tokens.css")[0] == 200
    assert ask(f"{lonely_server}/static/crisis/help_now.css")[0] == 200


def test_the_servers_really_are_away(lonely_server):
    assert ask(f"{lonely_server}/health/ready")[0] == 503
