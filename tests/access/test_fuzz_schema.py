"""Requests made up from the schema itself, as each role: nothing breaks, and every answer is one that is documented."""

from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mentalspace.wsgi import application
from tests.access.table import ROLES
from tests.access.world import World, build
from tests.cast import Cast, signed_in_client
from tests.sessions_app.clinic import undone

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SUPPRESSED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]


@pytest.fixture
def world(cast: Cast) -> World:
    return build(cast)


@pytest.fixture
def one_connection():
    """The application must not close the test's own connection at the end of each request."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def schema(settings: Any, one_connection: None):
    settings.THROTTLES = {name: (10**9, period) for name, (_, period) in settings.THROTTLES.items()}
    return schemathesis.openapi.from_wsgi("/api/schema", application)


def test_a_few_made_up_requests_break_nothing(schema, world: World):
    _make_up_requests(schema, world, examples=3, derandomize=True)


@pytest.mark.prove
def test_many_made_up_requests_break_nothing(schema, world: World):
    count = _make_up_requests(schema, world, examples=150)
    print(f"schema: {count} made-up requests as {len(ROLES)} roles, each answered as documented")


def _make_up_requests(schema, world: World, *, examples: int, derandomize: bool = False) -> int:
    """Each made-up request of every operation, as each role; what it writes is taken back. How many were sent."""
    everybody = [_headers(world, role) for role in ROLES]
    sent = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        positive, negative = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

        @given(case=positive | negative)
        @settings(
            max_examples=examples,
            deadline=None,
            suppress_health_check=SUPPRESSED,
            derandomize=derandomize,
            database=None,
        )
        def send(case):
            nonlocal sent
            for headers in everybody:
                sent += 1
                with undone():
                    case.call_and_validate(headers=headers, checks=CHECKS)

        send()
    return sent


def _headers(world: World, role: str) -> dict[str, str]:
    if role == "visitor":
        return {}
    client = signed_in_client(world.cast.of_role(role))
    return {"Authorization": client._credentials["HTTP_AUTHORIZATION"]}
