import pytest

from core import outbox
from notifications import handlers, registry
from notifications.registry import Mail
from tests.factories import PatientFactory


@pytest.fixture
def reader(db):
    """Somebody with an address, who lives in Kolkata's time."""
    return PatientFactory(user__timezone="Asia/Kolkata").user


@pytest.fixture
def types(monkeypatch):
    """No types of message but the test's own, and an outbox that only this app hears."""
    registered: dict = {}
    monkeypatch.setattr(registry, "_types", registered)
    monkeypatch.setattr(outbox, "_handlers", {})
    handlers.register()
    return registered


@pytest.fixture
def hello(types):
    """A type whose mail greets the reader by name."""
    registry.register_type(
        "hello", lambda user, _: Mail(f"Hello {user.first_name}", "Words\n", "<p>Words</p>")
    )
    return "hello"
