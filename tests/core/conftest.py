import pytest

from core import outbox


@pytest.fixture
def handlers(monkeypatch):
    """An outbox to which nobody listens yet; `outbox.register` as usual."""
    registered: dict = {}
    monkeypatch.setattr(outbox, "_handlers", registered)
    return registered
