"""Every operation × every role × one's own, somebody else's, another centre's, compared with the role table."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts.permissions import PERMISSIONS, Action, Scope
from core.api.permissions import PUBLIC
from core.api.views import Endpoint, Operation
from tests.access.table import LISTS, NO, NOT_FOUND_INSTEAD, OPEN, ROLES, TABLE
from tests.access.world import WHOSE, World, build, reaches
from tests.cast import Cast, signed_in_client
from tests.sessions_app.clinic import undone


def operations() -> dict[str, Operation]:
    """Every operation that has an address under /api, by “METHOD route”."""
    found = {}
    for route, endpoint in _endpoints(get_resolver()):
        for method, operation in endpoint.operations.items():
            found[f"{method} {route.removeprefix('api/')}"] = operation
    return found


def _endpoints(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, type[Endpoint]]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _endpoints(pattern, route)
        elif isinstance(pattern, URLPattern) and route.startswith("api/"):
            endpoint = getattr(pattern.callback, "cls", None)
            if isinstance(endpoint, type) and issubclass(endpoint, Endpoint):
                yield route, endpoint


OPERATIONS = operations()
WHOLE_CENTRES = {"POST centres", "DELETE centres/<uuid:centre_id>"}
"""A centre manager edits their centre; opening and removing one is for those who have them all."""


@pytest.fixture
def world(cast: Cast) -> World:
    return build(cast)


def test_every_operation_has_a_row_and_every_row_an_operation():
    assert set(OPERATIONS) == set(TABLE)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_declared_action_gives_each_role_what_the_table_says(name: str):
    """The row written here against the row of accounts/permissions.py that the endpoint declares."""
    action = OPERATIONS[name].action
    for role in ROLES:
        said = TABLE[name].reach[role]
        if action == PUBLIC:
            assert said == OPEN
            continue
        scope = PERMISSIONS[Action(action)].get(role, Scope.NONE)
        assert (scope is Scope.NONE) == (said == NO) or _is_narrower(name, role, said), (
            role,
            scope,
            said,
        )


def _is_narrower(name: str, role: str, said: str) -> bool:
    """Where the row says NO though the action is open to the role: said here, and shown below as refused."""
    is_whole_centre = name in WHOLE_CENTRES and role == "centre_manager"
    return said == NO and ((name, role) in NOT_FOUND_INSTEAD or is_whole_centre)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_each_role_reaches_what_the_table_says_and_nothing_else(name: str, world: World):
    wrong = []
    for role in ROLES:
        client = _client(world, role)
        for whose in WHOSE:
            answer = _answer(client, world, name, whose)
            expected = _expected(name, role, whose)
            if answer.status_code != expected:
                wrong.append(
                    (role, whose, f"{answer.status_code} instead of {expected}", answer.content[:300])
                )
            elif expected in (401, 403, 404):
                _assert_tells_nothing(answer, world)
    assert not wrong


@pytest.mark.parametrize("role", [role for role in ROLES if role != "visitor"])
@pytest.mark.parametrize("name", sorted(LISTS))
def test_lists_show_what_the_role_reaches_and_nothing_else(name: str, role: str, world: World):
    key, reach = LISTS[name]
    answer = _client(world, role).get(f"/api/{name.split(' ')[1]}")
    shown = {row["id"] for row in answer.json()["data"]}
    for whose in WHOSE:
        assert (world.pieces[whose].ids[key] in shown) == reaches(reach[role], whose), whose


def _expected(name: str, role: str, whose: str) -> int:
    row, said = TABLE[name], TABLE[name].reach[role]
    if role == "visitor" and said == NO:
        return 401
    if said == NO:
        return 404 if (name, role) in NOT_FOUND_INSTEAD else 403
    return row.success if reaches(said, whose) else row.hidden


def _client(world: World, role: str) -> APIClient:
    return APIClient() if role == "visitor" else signed_in_client(world.cast.of_role(role))


def _answer(client: APIClient, world: World, name: str, whose: str) -> Any:
    path, body = TABLE[name].request(world, world.pieces[whose])
    with undone():
        return client.generic(
            name.split(" ")[0], f"/api/{path}", _json(body), content_type="application/json"
        )


def _json(body: dict[str, Any] | None) -> bytes:
    return b"" if body is None else orjson.dumps(body)


def _assert_tells_nothing(answer: Any, world: World) -> None:
    """A refusal carries nobody's name and nobody's address."""
    text = answer.content.decode()
    people = (world.cast.a.patient, world.cast.b.patient)
    for person in people:
        assert person.email not in text
        assert person.full_name not in text
