import uuid

import pytest

pytestmark = pytest.mark.django_db


def test_an_answer_is_wrapped_once(api):
    response = api.get("/api/open")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {"success": True, "data": {"id": str(uuid.UUID(int=1)), "name": "plan"}}


def test_values_are_written_as_people_read_them(api):
    assert api.get("/api/written").json()["data"] == {
        "instant": "2026-12-01T09:00:00+05:30",
        "day": "2026-12-01",
        "id": str(uuid.UUID(int=7)),
        "lazy": "words",
        "decimal": "1.10",
    }


def test_nothing_to_say_has_no_body(signed_in, patient):
    response = signed_in(patient).delete(f"/api/plans/{uuid.UUID(int=1)}")
    assert response.status_code == 204
    assert response.content == b""


def test_head_is_the_answer_without_its_body(api):
    response = api.head("/api/open")
    assert response.status_code == 200
    assert response.content == b""


def test_options_names_the_methods(api):
    response = api.options("/api/plans")
    assert response.status_code == 204
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_answers_are_kept_by_nobody_unless_the_endpoint_says_so(api, signed_in, patient):
    assert signed_in(patient).get("/api/plans").headers["Cache-Control"] == "no-store"
    assert api.get("/api/plans").headers["Cache-Control"] == "no-store"
    assert api.get("/api/nothing").headers["Cache-Control"] == "no-store"
    assert api.get("/api/cached").headers["Cache-Control"] == "public, max-age=60"


def test_a_failure_of_a_cacheable_endpoint_is_not_kept(api):
    response = api.get("/api/cached?unknown=1")
    assert response.status_code == 400
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/api/open", "/api/nothing", "/api/html-failure", "/api/for-admins", "/api/docs"]
)
def test_every_answer_carries_the_headers_that_protect(api, path):
    headers = api.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "*/*",
        "application/json; version=1",
        "text/html,application/json;version=1;q=0.9",
        "text/html",
    ],
)
def test_version_1_answers_whoever_asks_for_it_or_for_none(api, accept):
    assert api.get("/api/open", headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize(
    "accept", ["application/json; version=2", 'application/json; version="x"', "*/*;version="]
)
def test_a_version_that_is_not_there_is_refused_with_the_one_that_is(api, accept):
    response = api.get("/api/open", headers={"Accept": accept})
    assert response.status_code == 406
    error = response.json()["error"]
    assert error["code"] == "NOT_ACCEPTABLE"
    assert "version=1" in error["message"]


def test_a_method_that_is_no_operation_cannot_be_written():
    from core.api.views import Endpoint

    with pytest.raises(TypeError, match="nobody has said who may"):

        class Forgotten(Endpoint):
            def get(self, request):
                """Open to all by mistake."""
