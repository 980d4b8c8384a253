"""What we serve of other people's work is what the manifest and the lock say, untouched, with its licence."""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = json.loads((ROOT / "static/vendor/manifest.json").read_text())
LOCK = json.loads((ROOT / "package-lock.json").read_text())


def test_copied_files_are_as_they_were_copied():
    for name, digest in MANIFEST["files"].items():
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest, name


def test_nothing_stands_in_the_vendor_folder_that_was_not_copied():
    present = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "static/vendor").rglob("*") if path.is_file()
    }
    assert present - {"static/vendor/manifest.json"} <= set(MANIFEST["files"])


def test_versions_are_those_of_the_lock_and_of_a_known_licence():
    for name, package in MANIFEST["packages"].items():
        assert LOCK["packages"][f"node_modules/{name}"]["version"] == package["version"]
        assert package["license"] in {"MIT", "OFL-1.1", "MPL-2.0"}


def test_lock_names_no_registry_but_every_hash():
    packages = {name: entry for name, entry in LOCK["packages"].items() if name}
    assert all("resolved" not in entry for entry in packages.values())
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())


def test_every_folder_of_copies_carries_a_licence():
    for folder in (ROOT / "static/vendor").iterdir():
        assert folder.is_file() or (folder / "LICENSE").stat().st_size > 500, folder


def test_every_icon_asked_for_was_copied():
    asked = set((ROOT / "tools/icons.txt").read_text().split())
    assert asked == {path.stem for path in (ROOT / "templates/icons").glob("*.svg")}


def test_every_icon_is_on_some_page():
    templates = [
        path.read_text() for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt")
    ]
    sources = [path.read_text() for path in (ROOT / "mentalspace").rglob("*.py")]
    shown = "".join(templates + sources)
    assert [
        icon.stem for icon in (ROOT / "templates/icons").glob("*.svg") if f"icons/{icon.name}" not in shown
    ] == []
