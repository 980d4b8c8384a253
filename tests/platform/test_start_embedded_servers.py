"""The servers that a checkout brings along: shared, restarted, left alone, and closed to others."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from core.embedded import LONGEST_SOCKET_PATH, SYSTEM_STATE, EmbeddedServerError, EmbeddedServers


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    checkout = tmp_path_factory.mktemp("checkout")
    yield checkout
    shutil.rmtree(EmbeddedServers(checkout).directory.parent, ignore_errors=True)


@pytest.fixture
def servers(checkout):
    servers = EmbeddedServers(checkout, is_durable=False)
    yield servers
    servers.release()


def is_up(servers):
    try:
        psycopg.connect(servers.database_url()).close()
        redis.Redis.from_url(servers.redis_url()).ping()
    except (psycopg.OperationalError, redis.RedisError):
        return False
    return True


def kill_both(servers):
    postmaster = int((servers.directory / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGKILL)
    os.kill(redis.Redis.from_url(servers.redis_url()).info("server")["process_id"], signal.SIGKILL)


def test_the_first_share_starts_them_and_the_last_one_stops_them(servers, checkout):
    another = EmbeddedServers(checkout, is_durable=False)
    servers.acquire()
    another.acquire()
    servers.release()
    assert is_up(another)
    another.release()
    assert not is_up(another)


def test_a_killed_user_of_them_counts_as_gone(servers, checkout):
    user = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from core.embedded import EmbeddedServers\n"
            "EmbeddedServers(Path(sys.argv[1]), is_durable=False).acquire(); print(1, flush=True); time.sleep(60)",
            str(checkout),
        ],
        stdout=subprocess.PIPE,
    )
    user.stdout.read(2)
    user.kill()
    user.wait()
    user.stdout.close()
    assert is_up(servers)
    servers.acquire()
    servers.release()
    assert not is_up(servers)


def test_both_come_back_with_their_data_after_kill_9(checkout):
    servers = EmbeddedServers(checkout)
    servers.acquire()
    with psycopg.connect(servers.database_url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 'still here' AS words")
    kill_both(servers)
    servers.acquire()
    assert is_up(servers)
    with psycopg.connect(servers.database_url()) as connection:
        assert connection.execute("SELECT words FROM kept").fetchone() == ("still here",)
    servers.release()


def test_a_lock_file_that_names_somebody_elses_process_is_no_obstacle(servers):
    """As after a restart of the machine or the container, when numbers are given out anew."""
    servers.acquire()
    kill_both(servers)
    lock = servers.directory / "postgres" / "postmaster.pid"
    stale = lock.read_text().splitlines()
    servers.release()
    bystander = subprocess.Popen(["sleep", "60"])
    lock.write_text("\n".join([str(bystander.pid), *stale[1:]]) + "\n")
    (servers.socket_directory / ".s.PGSQL.5432.lock").write_text(
        "\n".join([str(bystander.pid), *stale[1:]]) + "\n"
    )
    servers.acquire()
    assert is_up(servers)
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_they_are_removed_only_when_nobody_uses_them(tmp_path):
    servers = EmbeddedServers(tmp_path)
    servers.acquire(postgres=False)
    with pytest.raises(EmbeddedServerError, match="in use"):
        EmbeddedServers(tmp_path).remove()
    servers.release()
    EmbeddedServers(tmp_path).remove()
    assert not servers.directory.exists()


def test_the_application_is_no_superuser(servers):
    servers.acquire()
    with psycopg.connect(servers.database_url()) as connection:
        assert connection.info.server_version >= 180000
        assert connection.execute(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone() == (False,)


def test_nobody_else_can_enter_their_folder(servers):
    servers.acquire()
    assert stat.S_IMODE(servers.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(servers.socket_directory.stat().st_mode) == 0o700


def test_as_root_they_live_outside_of_any_home_and_run_as_nobody(servers):
    if os.geteuid() != 0:
        pytest.skip("Only root is treated differently.")
    servers.acquire()
    assert servers.directory.is_relative_to(SYSTEM_STATE)
    assert servers.directory.owner() == "nobody"
    assert (
        Path(f"/proc/{(servers.directory / 'postgres' / 'postmaster.pid').read_text().split()[0]}").owner()
        == "nobody"
    )


def test_a_long_path_moves_the_sockets_elsewhere():
    deep = EmbeddedServers(Path("/" + "/".join(["very-long-folder-name"] * 8)), name="n" * 80)
    assert len(str(deep.redis_socket)) <= LONGEST_SOCKET_PATH
    assert not deep.socket_directory.is_relative_to(deep.directory)
