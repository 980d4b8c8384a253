import pytest
from django.core.management import call_command

from core.api.schema import schema_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(api):
    schema_document.cache_clear()
    yield api.get("/api/schema").json()
    schema_document.cache_clear()


def test_the_reference_is_valid_and_without_a_warning(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))


def test_it_is_openapi_3_1_of_every_operation(document):
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]["/api/plans"]) == {"get", "post"}
    assert set(document["paths"]["/api/plans/{plan_id}"]) == {"get", "patch", "delete"}
    assert not [path for path in document["paths"] if "docs" in path or path.endswith("/api/")]


def test_an_answer_is_described_in_its_envelope(document):
    schema = document["paths"]["/api/plans"]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    assert schema["required"] == ["success", "data", "meta"]
    assert schema["properties"]["data"] == {"type": "array", "items": {"$ref": "#/components/schemas/Plan"}}
    one = document["paths"]["/api/plans/{plan_id}"]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    assert one["properties"]["data"] == {"$ref": "#/components/schemas/Plan"}


def test_failures_are_described_once_and_named_by_each_operation(document):
    responses = document["paths"]["/api/plans"]["post"]["responses"]
    assert set(responses) == {"201", "400", "401", "403", "406", "409", "413", "415", "429", "500", "503"}
    assert responses["409"] == {
        "$ref": "#/components/responses/Conflict",
        "description": "CONFLICT, SLOT_TAKEN",
    }
    conflict = document["components"]["responses"]["Conflict"]
    assert conflict["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Failure"}


def test_what_may_be_sent_is_described_and_nothing_else_may(document):
    body = document["components"]["schemas"]["PlanBody"]
    assert body["additionalProperties"] is False
    assert body["properties"]["start"] == {"type": "string", "format": "date-time"}
    names = {parameter["name"] for parameter in document["paths"]["/api/plans"]["get"]["parameters"]}
    assert names == {"page", "page_size", "ordering", "from", "to", "kind", "is_open"}


def test_who_may_is_described(document):
    assert {} in document["paths"]["/api/open"]["get"]["security"]
    assert document["paths"]["/api/plans"]["get"]["security"] == [{"bearer": []}, {"session": []}]
    assert set(document["components"]["securitySchemes"]) == {"bearer", "session"}


def test_idempotency_is_described(document):
    post = document["paths"]["/api/plans"]["post"]
    assert "Idempotency-Key" in {parameter["name"] for parameter in post["parameters"]}
    assert "Idempotent-Replayed" in post["responses"]["201"]["headers"]


def test_the_first_line_of_the_words_is_the_summary(document):
    get = document["paths"]["/api/plans"]["get"]
    assert get["summary"] == "Plans"
    assert get["description"] == "Plans.\n\nA page of them."


def test_every_operation_has_a_name_of_its_own(document):
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(api):
    html = api.get("/api/docs").content.decode()
    assert "https://" not in html
    assert "<script>" not in html
    assert "onload" not in html


@pytest.mark.parametrize("path", ["/api/schema", "/api/docs"])
def test_the_reference_can_be_closed(api, settings, path):
    settings.API_REFERENCE_IS_PUBLIC = False
    response = api.get(path)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "NOT_FOUND"
