import pytest

from tests.api.test_fail import PLAN, failure

pytestmark = pytest.mark.django_db


def details(response):
    return failure(response, 400, "VALIDATION_ERROR")["details"]


@pytest.fixture
def client(signed_in, patient):
    return signed_in(patient)


def test_what_is_missing_or_wrong_is_named_by_field(client):
    found = details(client.post("/api/plans", {"start": "soon"}, format="json"))
    assert set(found) == {"name", "start"}


def test_an_unknown_field_is_refused_and_the_known_ones_are_named(client):
    found = details(client.post("/api/plans", {"name": "x", "colour": "red"}, format="json"))
    assert found == {"colour": ["There is no such field here. Known: name, start, rules."]}


def test_an_unknown_field_inside_is_refused_too(client):
    found = details(
        client.post("/api/plans", {"name": "x", "rules": [{"weekday": 1, "day": 1}]}, format="json")
    )
    assert list(found) == ["rules.0.day"]


def test_an_operation_without_a_body_takes_none(client):
    assert details(client.delete(PLAN, {"why": "x"}, format="json")) == {
        "why": ["There is no such field here. Known: none."]
    }
    assert client.delete(PLAN, {}, format="json").status_code == 204


@pytest.mark.parametrize("start", ["2026-12-01T09:00:00", "2026-12-01 09:00", "2026-12-01T09:00:00.5"])
def test_a_time_without_its_offset_is_refused(client, start):
    found = details(client.post("/api/plans", {"name": "x", "start": start}, format="json"))
    assert found["start"] == ["Say the offset of this time, such as 2026-12-01T09:00:00+05:30 or …Z."]


@pytest.mark.parametrize(
    "start",
    [
        "tomorrow",
        "2026-13-01T09:00:00Z",
        "2026-12-01",
        1796115600,
        True,
        {"at": 1},
        "2026-12-01T09:00:00+99:00",
    ],
)
def test_what_is_no_time_is_refused(client, start):
    assert "start" in details(client.post("/api/plans", {"name": "x", "start": start}, format="json"))


@pytest.mark.parametrize(
    "start", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1999-12-31T23:59:59Z"]
)
def test_a_time_out_of_bounds_is_refused(client, start):
    found = details(client.post("/api/plans", {"name": "x", "start": start}, format="json"))
    assert found["start"] == ["This time is outside the years 2000 to 2100."]


@pytest.mark.parametrize(
    "start",
    ["2026-12-01T09:00:00+05:30", "2026-12-01T03:30:00Z", "2026-12-01T03:30Z", "2026-11-30T20:30:00-07:00"],
)
def test_a_time_with_its_offset_is_that_instant(client, start):
    response = client.post("/api/plans", {"name": "x", "start": start}, format="json")
    assert response.json()["data"]["start"] == "2026-12-01T03:30:00+00:00"


def test_a_null_character_is_refused_by_field(client):
    assert "name" in details(client.post("/api/plans", {"name": "a\0b"}, format="json"))


def test_patch_checks_only_what_is_sent(client):
    response = client.patch(PLAN, {"start": "2026-12-01T03:30:00Z"}, format="json")
    assert response.json()["data"]["sent"] == {"start": "2026-12-01T03:30:00+00:00"}
    assert "name" in details(client.patch(PLAN, {"name": ""}, format="json"))


def test_one_request_leaves_nothing_for_the_next(client):
    """The parsers are shared by all requests of the process."""
    client.patch(PLAN, {"start": "2026-12-01T03:30:00Z"}, format="json")
    assert set(details(client.post("/api/plans", {"start": "2026-12-01T03:30:00Z"}, format="json"))) == {
        "name"
    }
    client.post("/api/plans", {"name": ""}, format="json")
    assert client.post("/api/plans", {"name": "x"}, format="json").status_code == 201


def test_an_unknown_query_parameter_is_refused(client, api):
    assert list(details(client.get("/api/plans?colour=red"))) == ["colour"]
    assert list(details(api.get("/api/open?colour=red"))) == ["colour"]


def test_a_query_parameter_given_twice_is_refused_unless_it_takes_many(client):
    assert details(client.get("/api/plans?page=1&page=2")) == {"page": ["Give this once."]}
    assert client.get("/api/plans?kind=a&kind=b").json()["data"][0]["kind"] == ["a", "b"]
    assert list(details(client.get("/api/plans?kind=a&kind=z"))) == ["kind.1"]


def test_a_box_that_is_not_ticked_is_not_false(client):
    assert "is_open" not in client.get("/api/plans").json()["data"][0]
    assert client.get("/api/plans?is_open=false").json()["data"][0]["is_open"] is False


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-01-02&to=2026-01-01", "to"),
        ("from=2026-01-01&to=2026-02-01", "to"),
        ("from=1026-01-01", "from"),
        ("to=3026-01-01", "to"),
        ("from=2026-01-01T00:00:00Z", "from"),
        ("from=2026-02-30", "from"),
        ("from=", "from"),
    ],
)
def test_days_are_days_in_bounds_and_in_order(client, query, field):
    assert list(details(client.get(f"/api/plans?{query}"))) == [field]


def test_days_are_read_with_both_ends(client):
    row = client.get("/api/plans?from=2026-01-01&to=2026-01-31").json()["data"][0]
    assert (row["from_day"], row["to_day"]) == ("2026-01-01", "2026-01-31")
