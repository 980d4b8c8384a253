"""Centres over the API."""

import uuid

import pytest

from accounts.models import AuditEvent, Centre
from accounts.roles import Role
from tests.factories import CentreFactory

pytestmark = pytest.mark.django_db

NEW = {
    "name": "Riverside",
    "city": "Pune",
    "timezone": "Asia/Kolkata",
    "latitude": "18.520430",
    "longitude": 73.856744,
}


@pytest.mark.parametrize("role", Role.values)
def test_everybody_who_is_signed_in_reads_open_centres(cast, api_as, role):
    closed = CentreFactory(is_active=False)
    api = api_as(cast.of_role(role))

    names = [centre["name"] for centre in api.get("/api/centres").json()["data"]]

    assert {"Centre A", "Centre B"} <= set(names)
    assert (closed.name in names) == (role in {"manager", "admin"})
    assert api.get(f"/api/centres/{cast.b.centre.pk}").json()["data"]["timezone"] == "Europe/London"
    assert api.get(f"/api/centres/{uuid.uuid4()}").status_code == 404


def test_visitors_do_not(api, cast):
    assert api.get("/api/centres").status_code == 401
    assert api.get(f"/api/centres/{cast.a.centre.pk}").status_code == 401


def test_the_list_pages_filters_and_costs_the_same_for_many(cast, api_as, django_assert_num_queries):
    CentreFactory.create_batch(30, city="Pune")
    api = api_as(cast.stranger)

    with django_assert_num_queries(3):  # who asks, how many, which
        answer = api.get("/api/centres?city=pune&page_size=25&ordering=-name")

    assert answer.json()["meta"]["pagination"] == {"page": 1, "page_size": 25, "total": 30, "pages": 2}
    names = [centre["name"] for centre in answer.json()["data"]]
    assert names == sorted(names, reverse=True)
    assert api.get("/api/centres?colour=red").status_code == 400


@pytest.mark.parametrize(
    ("role", "status"),
    [("patient", 403), ("counselor", 403), ("front_desk", 403), ("care_coordinator", 403), ("centre_manager", 403),
     ("manager", 201), ("admin", 201)],
)  # fmt: skip
def test_who_opens_a_centre(cast, api_as, role, status):
    answer = api_as(cast.of_role(role)).post("/api/centres", NEW, format="json")

    assert answer.status_code == status, answer.content
    assert Centre.objects.filter(name="Riverside").exists() == (status == 201)
    if status == 201:
        assert answer.json()["data"]["latitude"] == "18.520430"
        assert AuditEvent.objects.filter(
            action="centre.created", object_id=answer.json()["data"]["id"]
        ).exists()


@pytest.mark.parametrize(
    ("role", "own", "other"),
    [("patient", 403, 403), ("counselor", 403, 403), ("front_desk", 403, 403), ("care_coordinator", 403, 403),
     ("centre_manager", 200, 403), ("manager", 200, 200), ("admin", 200, 200)],
)  # fmt: skip
def test_who_changes_a_centre(cast, api_as, role, own, other):
    api = api_as(cast.of_role(role))

    for centre, status in ((cast.a.centre, own), (cast.b.centre, other)):
        assert api.patch(f"/api/centres/{centre.pk}", {"name": "New"}, format="json").status_code == status
        assert api.put(f"/api/centres/{centre.pk}", NEW, format="json").status_code == status
        toggled = api.patch(f"/api/centres/{centre.pk}/toggle-active")
        assert toggled.status_code == status
        if status == 200:
            assert toggled.json()["data"]["is_active"] is False
            assert api.patch(f"/api/centres/{centre.pk}/toggle-active").json()["data"]["is_active"] is True


def test_a_centre_in_use_is_closed_and_not_removed(cast, api_as):
    api = api_as(cast.admin)
    empty = CentreFactory()

    assert api.delete(f"/api/centres/{cast.a.centre.pk}").json()["error"]["code"] == "CONFLICT"
    assert api.delete(f"/api/centres/{empty.pk}").status_code == 204
    assert not Centre.objects.filter(pk=empty.pk).exists()
    assert AuditEvent.objects.filter(action="centre.deleted", object_id=empty.pk).exists()
    assert not AuditEvent.objects.filter(action="centre.deleted", object_id=cast.a.centre.pk).exists()
    assert api_as(cast.a.centre_manager).delete(f"/api/centres/{cast.a.centre.pk}").status_code == 403


@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"timezone": "Mars"}, {"latitude": 91}, {"longitude": "east"}, {"is_active": False}, {"id": "x"},
     {"phone": "12"}, {"email": "no"}, {"name": "x" * 121}],
    ids=str,
)  # fmt: skip
def test_bad_values_are_named(cast, api_as, body):
    answer = api_as(cast.admin).patch(f"/api/centres/{cast.a.centre.pk}", body, format="json")

    assert answer.status_code == 400
    assert set(answer.json()["error"]["details"]) == set(body)
