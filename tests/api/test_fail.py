import json
import logging

import pytest
from django.db import OperationalError

from core.request_context import request_id

pytestmark = pytest.mark.django_db

PLAN = "/api/plans/00000000-0000-0000-0000-000000000001"


def failure(response, status, code):
    """The error of an answer, which is the envelope and nothing else."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert set(body) == {"success", "error", "request_id"}
    assert body["success"] is False
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert body["error"]["code"] == code
    assert body["error"]["message"].endswith((".", "allowed"))
    assert "secret" not in response.content.decode()
    return body["error"]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("domain", 409, "INVALID_STATE"),
        ("throttled", 429, "THROTTLED"),
        ("upstream", 502, "UPSTREAM_ERROR"),
        ("unavailable", 503, "UNAVAILABLE"),
        ("token-expired", 401, "TOKEN_EXPIRED"),
        ("http404", 404, "NOT_FOUND"),
        ("denied", 403, "PERMISSION_DENIED"),
        ("suspicious", 400, "VALIDATION_ERROR"),
        ("drf-throttled", 429, "THROTTLED"),
        ("drf-auth", 401, "NOT_AUTHENTICATED"),
        ("drf-validation", 400, "VALIDATION_ERROR"),
        ("unique", 409, "CONFLICT"),
        ("check", 400, "VALIDATION_ERROR"),
        ("lock", 503, "UNAVAILABLE"),
        ("null-character", 400, "VALIDATION_ERROR"),
        ("bug", 500, "SERVER_ERROR"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_every_kind_of_failure_is_the_envelope(api, caplog, kind, status, code):
    with _held_lock() if kind == "lock" else caplog.at_level(logging.CRITICAL):
        failure(api.post(f"/api/failing?fail={kind}"), status, code)


def _held_lock():
    from tests.api.locks import held_table

    return held_table("accounts_centre")


def test_a_refusal_carries_its_sentence_and_details(api):
    error = failure(api.post("/api/failing?fail=domain"), 409, "INVALID_STATE")
    assert error == {"code": "INVALID_STATE", "message": "Too late.", "details": {"status": ["done"]}}


def test_nested_errors_are_named_by_their_path(api):
    error = failure(api.post("/api/failing?fail=drf-validation"), 400, "VALIDATION_ERROR")
    assert error["details"] == {"a.1.b": ["wrong"], "c": ["bad"]}


def test_waiting_times_are_said_in_seconds(api):
    assert api.post("/api/failing?fail=throttled").headers["Retry-After"] == "7"
    assert api.post("/api/failing?fail=drf-throttled").headers["Retry-After"] == "4"


def test_a_401_says_how_to_sign_in(api):
    response = api.get("/api/plans")
    failure(response, 401, "NOT_AUTHENTICATED")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_role_without_the_action_is_refused(signed_in, patient):
    failure(signed_in(patient).get("/api/for-admins"), 403, "PERMISSION_DENIED")


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/api/nothing", "/api/open/", "/api/", "/api/plans/not-an-id"])
def test_an_unknown_address_is_not_found_in_json(api, method, path):
    failure(getattr(api, method)(path), 404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "BREW"])
def test_a_method_that_is_not_taken_names_those_that_are(api, method):
    response = api.generic(method, "/api/plans")
    failure(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "body", ["{", '{"name": NaN}', '{"name": "\\ud800"}', '{"name": "x"} y', b"\xff", "[" * 2000]
)
def test_a_body_that_is_no_json_says_where(signed_in, patient, body):
    response = signed_in(patient).generic("POST", "/api/plans", body, content_type="application/json")
    error = failure(response, 400, "VALIDATION_ERROR")
    assert error["message"].startswith("The body is not JSON: ")


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null"])
def test_a_body_that_is_no_object_is_refused(signed_in, patient, body):
    response = signed_in(patient).generic("POST", "/api/plans", body, content_type="application/json")
    failure(response, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
def test_another_content_type_is_refused(signed_in, patient, content_type):
    response = signed_in(patient).generic("POST", "/api/plans", "name=x", content_type=content_type)
    failure(response, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_over_the_limit_is_refused_before_it_is_read(signed_in, patient, settings):
    settings.API_MAX_BODY_BYTES = 50
    body = json.dumps({"name": "x" * 50})
    response = signed_in(patient).generic("POST", "/api/plans", body, content_type="application/json")
    failure(response, 413, "PAYLOAD_TOO_LARGE")


def test_a_body_without_a_length_is_not_taken_for_an_empty_one(signed_in, patient):
    response = signed_in(patient).generic("DELETE", PLAN, headers={"Transfer-Encoding": "chunked"})
    assert "Content-Length" in failure(response, 400, "VALIDATION_ERROR")["message"]


def test_an_endpoint_may_have_a_limit_of_its_own(api):
    response = api.post("/api/small", {"name": "x" * 100}, format="json")
    failure(response, 413, "PAYLOAD_TOO_LARGE")


def test_a_broken_constraint_speaks_with_the_words_of_its_model(api):
    error = failure(api.post("/api/failing?fail=check"), 400, "VALIDATION_ERROR")
    assert error["message"] == "Give an e-mail address or a phone number."


def test_a_mistake_of_ours_tells_nothing_and_is_logged_with_its_request(api, caplog):
    with caplog.at_level(logging.ERROR):
        response = api.post("/api/failing?fail=bug")
    failure(response, 500, "SERVER_ERROR")
    assert b"division" not in response.content
    record = next(record for record in caplog.records if record.name == "core.api.errors")
    assert record.exc_info[0] is ZeroDivisionError


def test_an_answer_that_has_no_json_form_is_a_mistake_of_ours(api, caplog):
    with caplog.at_level(logging.CRITICAL):
        failure(api.get("/api/unwritable"), 500, "SERVER_ERROR")


def test_a_page_of_failure_under_api_becomes_the_envelope(api, caplog):
    with caplog.at_level(logging.CRITICAL):
        failure(api.get("/api/html-failure"), 502, "UPSTREAM_ERROR")


def test_a_host_that_is_not_ours_is_refused_in_json(api, caplog):
    with caplog.at_level(logging.CRITICAL):
        failure(api.get("/api/open", headers={"Host": "evil.example"}), 400, "VALIDATION_ERROR")


def test_a_session_store_that_fails_is_a_failure_like_others(api, monkeypatch, settings, caplog):
    from core.api.authentication import PageSessionAuthentication

    def fail(self, request):
        raise OperationalError("the store of sessions is away")

    monkeypatch.setattr(PageSessionAuthentication, "authenticate", fail)
    with caplog.at_level(logging.CRITICAL):
        failure(api.get("/api/plans"), 503, "UNAVAILABLE")


def test_django_s_debug_pages_do_not_show_under_api(api, settings, caplog):
    settings.DEBUG = True
    with caplog.at_level(logging.CRITICAL):
        failure(api.get("/api/open", headers={"Host": "evil.example"}), 400, "VALIDATION_ERROR")
        failure(api.get("/api/nothing"), 404, "NOT_FOUND")


def test_a_database_that_is_away_is_said_to_be(signed_in, patient, monkeypatch, caplog):
    def refuse(*_args, **_kwargs):
        raise OperationalError("connection refused at 10.0.0.1 for secret")

    monkeypatch.setattr("tests.api.views.paginate", refuse)
    with caplog.at_level(logging.CRITICAL):
        response = signed_in(patient).get("/api/plans")
    failure(response, 503, "UNAVAILABLE")
    assert response.headers["Retry-After"] == "2"


def test_nothing_is_left_of_a_request_when_it_is_over(api):
    api.get("/api/open")
    assert request_id.get() == ""
