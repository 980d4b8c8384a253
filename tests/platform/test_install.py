import importlib.util
import stat

import pytest

from tests.slots import CHECKOUT


@pytest.fixture
def install(tmp_path, monkeypatch):
    """dev/install.py, working on an empty folder."""
    specification = importlib.util.spec_from_file_location("install", CHECKOUT / "dev" / "install.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    for name, path in {
        "VENV": tmp_path / ".venv",
        "VENV_PYTHON": tmp_path / ".venv/bin/python",
        "STAMP": tmp_path / ".venv/installed-lock.txt",
        "LOCK_FILE": tmp_path / "requirements-dev.txt",
        "VAR": tmp_path / "var",
        "DEVELOPMENT_ENV": tmp_path / "var/development.env",
    }.items():
        monkeypatch.setattr(module, name, path)
    module.LOCK_FILE.write_text("six==1.17.0 \\\n    --hash=sha256:00\n")
    return module


def installed(install):
    install.VENV_PYTHON.parent.mkdir(parents=True)
    install.VENV_PYTHON.touch()
    install.STAMP.write_text(install.wanted())


def test_a_checkout_gets_a_secret_of_its_own_that_only_its_owner_reads(install, monkeypatch):
    monkeypatch.setattr(install, "install", lambda: None)
    install.main()
    written = install.DEVELOPMENT_ENV.read_text()
    assert "DEBUG=true\n" in written
    assert stat.S_IMODE(install.DEVELOPMENT_ENV.stat().st_mode) == 0o600
    install.main()
    assert install.DEVELOPMENT_ENV.read_text() == written


def test_nothing_is_fetched_where_the_lock_file_is_the_one_installed(install, monkeypatch):
    installed(install)
    monkeypatch.setattr(install, "install", lambda: pytest.fail("It installed again."))
    install.main()


def test_a_changed_lock_file_is_installed(install):
    installed(install)
    install.LOCK_FILE.write_text("six==1.18.0 \\\n    --hash=sha256:00\n")
    assert not install.is_installed()


def test_a_python_that_is_too_old_is_refused_in_words(install, monkeypatch):
    monkeypatch.setattr(install.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"Python 3\.11 or later is needed"):
        install.suitable_python()
