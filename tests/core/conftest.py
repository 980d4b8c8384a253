import pytest

from core import outbox
from core.crypto import keys
from tests.core.diaries import diary_tables


@pytest.fixture
def handlers(monkeypatch):
    """An outbox to which nobody listens yet; `outbox.register` as usual."""
    registered: dict = {}
    monkeypatch.setattr(outbox, "_handlers", registered)
    return registered


@pytest.fixture
def tables(db):
    keys.forget_all()
    with diary_tables() as made:
        yield made
    keys.forget_all()


@pytest.fixture
def diary_model(tables):
    return tables[0]


@pytest.fixture
def page_model(tables):
    return tables[1]
