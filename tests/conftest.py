"""What every test may use: a database and a Redis of its own, an API client, real server processes, a browser."""

from collections.abc import Callable, Iterator, Sequence

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from core import statements
from tests import databases, slots
from tests.cast import api_as, cast  # noqa: F401  fixtures for every test
from tests.live import LiveServers


def pytest_configure(config: pytest.Config) -> None:
    slots.start_servers()
    TransactionTestCase._fixture_teardown = lambda _test: databases.reset_test_database()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker) -> Iterator[None]:
    maintenance = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        databases.create_test_database()
    yield
    with django_db_blocker.unblock():
        databases.drop_test_database(maintenance)


@pytest.fixture(scope="session")
def redis_of_tests() -> Iterator[redis.Redis]:
    """This process's own Redis database."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_redis(redis_of_tests: redis.Redis) -> None:
    redis_of_tests.flushdb()


@pytest.fixture
def api():
    """REST framework's client, not signed in."""
    from rest_framework.test import APIClient

    return APIClient()


@pytest.fixture(scope="session")
def _live_servers() -> Iterator[LiveServers]:
    servers = LiveServers()
    yield servers
    servers.stop()


@pytest.fixture
def live_server_processes(transactional_db, _live_servers: LiveServers) -> Callable[[int], list[str]]:
    """`live_server_processes(4)` gives the addresses of four granian processes, as in production.

    They see what the test commits. They are started when first asked for and serve the tests that follow as well.
    """
    return _live_servers.addresses


@pytest.fixture(scope="session")
def browser():
    """Chromium, driven by Playwright. Skips where it is not installed; CI installs it."""
    from tests.chromium import launched_chromium

    with launched_chromium() as chromium:
        yield chromium


@pytest.fixture
def page(browser):
    """A page of a fresh profile at desktop size, in UTC."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, timezone_id="UTC", locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many statements each round trip to PostgreSQL carried, of those that are kept prepared."""
    counted: list[int] = []
    ask = statements._Line.ask

    def counting(self: statements._Line, asked: Sequence[statements.Statement]) -> list[list[statements.Row]]:
        counted.append(len(asked))
        return ask(self, asked)

    monkeypatch.setattr(statements._Line, "ask", counting)
    yield counted
    statements.send_nothing_along()
