"""docs/sources.md says what is done. What it says is done has to be there."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.urls import Resolver404, resolve

from core.api.views import UnknownAddress

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sources.md"
AREAS = {
    "scheduling",
    "identity",
    "realtime",
    "payments",
    "video",
    "records",
    "wellbeing",
    "programs",
    "resources",
    "notifications",
    "analytics",
    "admin",
    "crisis",
    "operations",
}
STATUS = re.compile(r"done|to come: (?P<area>[a-z]+)|left out: .+")
OPERATION = re.compile(r"(?P<methods>[A-Z]+(?:, [A-Z]+)*) (?P<path>/\S*)")
AT_THE_ROOT = {"/health", "/health/ready", "/health/detailed", "/metrics"}
SOME_ID = "0192f0c4-0000-7000-8000-000000000000"


def rows() -> list[tuple[str, str, str]]:
    """(source, ours, status) of every row of the three-column tables."""
    tables = PAGE.read_text().partition("\n## A. ")[2]
    cells = [line.strip("|").split("|") for line in tables.splitlines() if line.startswith("|")]
    three = [tuple(cell.strip() for cell in row) for row in cells if len(row) == 3]
    return [row for row in three if row[2] not in ("status", "---")]


def operations_of(ours: str) -> list[tuple[str, str]]:
    """The (method, path) pairs in the code spans of a cell."""
    matches = [OPERATION.fullmatch(span) for span in re.findall(r"`([^`]+)`", ours)]
    return [(method, match["path"]) for match in matches if match for method in match["methods"].split(", ")]


def operations(is_done: bool) -> list[tuple[str, str]]:
    """Of the rows that are done, or of those to come."""
    found = {
        pair
        for _, ours, status in rows()
        if status.startswith("done" if is_done else "to come")
        for pair in operations_of(ours)
    }
    return sorted(pair for pair in found if pair[1] not in AT_THE_ROOT)


def is_there(method: str, path: str) -> bool:
    endpoint = getattr(resolve("/api" + with_ids(path)).func, "cls", None)
    return endpoint is not UnknownAddress and method in endpoint.operations


def done_pages() -> list[str]:
    pages = {
        span
        for _, ours, status in rows()
        if status == "done"
        for span in re.findall(r"pages? `(/[^`…]*)`", ours)
    }
    return sorted(pages)


def with_ids(path: str) -> str:
    return re.sub(r"\{[a-z]+\}", SOME_ID, path)


def test_every_row_has_a_status_that_is_known():
    assert len(rows()) > 300
    for source, _, status in rows():
        match = STATUS.fullmatch(status)
        assert match, f"{source}: {status}"
        assert match["area"] in AREAS | {None}, f"{source}: {status}"


@pytest.mark.parametrize(("method", "path"), operations(is_done=True))
def test_operation_that_is_said_to_be_done_is_there(method, path):
    assert is_there(method, path)


@pytest.mark.parametrize(("method", "path"), operations(is_done=False))
def test_operation_that_is_said_to_be_to_come_is_not_there_yet(method, path):
    assert not is_there(method, path), "the row is done"


@pytest.mark.parametrize("path", done_pages())
def test_page_that_is_said_to_be_done_is_there(path):
    try:
        resolve(with_ids(path))
    except Resolver404:
        pytest.fail(f"{path} leads nowhere")


def test_no_wish_is_listed_twice_in_one_table():
    tables = re.split(r"\n##+ ", PAGE.read_text())
    for table in tables:
        sources = [
            line.split("|")[1].strip()
            for line in table.splitlines()
            if re.match(r"\|[^|]*\|[^|]*\|[^|]*\|$", line)
        ]
        repeated = [source for source, count in Counter(sources).items() if count > 1]
        assert not repeated
