import json
import logging
import logging.config
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.test import Client, RequestFactory

from accounts.models import User
from core.logs import RequestLine, configure
from core.middleware import client_ip

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog):
    """`lines()` are the access log's, as dicts."""
    logger = logging.getLogger("access")
    caplog.set_level(logging.INFO, logger="access")
    logger.addHandler(caplog.handler)
    yield lambda: [record.msg for record in caplog.records if record.name == "access"]
    logger.removeHandler(caplog.handler)


def test_each_request_is_one_line_with_its_route_and_no_more(signed_in, patient, lines):
    plan = uuid.uuid4()
    response = signed_in(patient).get(f"/api/plans/{plan}")
    (line,) = lines()
    assert 0 <= line.pop("duration_ms") < 10_000
    assert line == {
        "method": "GET",
        "route": "api/plans/<uuid:plan_id>",
        "status": 200,
        "user_id": str(patient.pk),
        "request_id": response.headers["X-Request-ID"],
    }


def test_no_line_holds_what_somebody_sent_or_who_they_are(signed_in, patient, lines):
    signed_in(patient).post(
        "/api/plans?name=harold", {"name": "maude"}, format="json", REMOTE_ADDR="192.0.2.7"
    )
    text = str(lines())
    assert "harold" not in text
    assert "maude" not in text
    assert "192.0.2.7" not in text
    assert patient.email not in text


def test_a_visitor_has_no_user_in_the_line(api, lines):
    api.get("/api/open")
    assert lines()[0]["user_id"] is None


def test_writing_the_line_asks_the_database_nothing(client, patient, lines, django_assert_num_queries):
    client.force_login(patient)
    with django_assert_num_queries(0):
        client.get("/api/nothing")
    assert len(lines()) == 1


@pytest.mark.parametrize("given", ["abcdef12", "A-b_c-1234567890", "x" * 64])
def test_a_well_formed_request_id_is_taken_over(api, given):
    assert api.get("/api/open", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "a b c d e f g", "abcdefgh\n", "éééééééé", "a@b.example.test"]
)
def test_any_other_request_id_is_replaced(api, given):
    answered = api.get("/api/open", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert answered != given
    assert uuid.UUID(answered).version == 7


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.1", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.1, 203.0.113.1", "203.0.113.1"),
        (2, "198.51.100.1, 203.0.113.1", "198.51.100.1"),
        (2, "203.0.113.1", "203.0.113.1"),
        (2, "a lie, 198.51.100.1 , 203.0.113.1", "198.51.100.1"),
        (1, "nonsense", ""),
        (1, "2001:DB8::1", "2001:db8::1"),
    ],
)
def test_the_address_is_counted_from_the_proxies_we_trust(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="192.0.2.1")
    assert client_ip(request) == address


@pytest.fixture
def written():
    """What the handler of the settings writes for a record, as one text."""
    formatter = logging.config.DictConfigurator(configure(as_json=True, level="INFO")).configure_formatter(
        configure(as_json=True, level="INFO")["formatters"]["structured"]
    )
    return formatter.format


def error_record(error, name="core.api.errors"):
    return logging.LogRecord(
        name, logging.ERROR, "", 0, "api.failed", (), (type(error), error, error.__traceback__)
    )


def test_a_database_error_is_logged_without_the_values_it_quotes(written):
    phone = "+" + "9198" * 3  # frames quote the code, so it stands nowhere as a whole
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        User.objects.bulk_create([User(phone=phone), User(phone=phone)])
    assert phone in str(broken.value)
    text = written(error_record(broken.value))
    assert phone not in text
    assert "duplicate key value violates unique constraint" in text
    assert "psycopg.errors.UniqueViolation" in text
    assert "bulk_create" in text


def test_an_error_without_a_cause_is_logged_with_its_frames(written):
    try:
        raise ValueError("a reason")
    except ValueError as error:
        text = written(error_record(error))
    assert "builtins.ValueError: a reason" in text
    assert "test_log.py" in text


def test_django_s_own_words_about_paths_are_not_kept(api, caplog):
    logging.getLogger("django.request").filters or pytest.fail("nothing filters them")
    with caplog.at_level(logging.WARNING):
        api.get("/api/nothing/harold")
        api.get("/api/html-failure")
    assert "harold" not in caplog.text
    assert not [record for record in caplog.records if record.name == "django.request"]


def test_a_line_is_json_in_production_and_words_elsewhere():
    line = {
        "method": "GET",
        "route": "api/open",
        "status": 200,
        "duration_ms": 1.5,
        "request_id": "x" * 8,
        "user_id": None,
    }
    record = logging.LogRecord("access", logging.INFO, "", 0, line, (), None)
    written = json.loads(RequestLine(as_json=True).format(record))
    assert written.pop("timestamp").endswith("+00:00")
    assert written == line | {"event": "request", "level": "info"}
    assert RequestLine(as_json=False).format(record) == "GET /api/open 200 1.5 ms"


def test_a_refused_form_is_noted_without_its_address(caplog):
    """The link of a letter to confirm an address holds its secret."""
    with caplog.at_level(logging.WARNING, logger="django.security.csrf"):
        Client(enforce_csrf_checks=True).post("/accounts/confirm-email/Mg:secret/")

    (record,) = [each for each in caplog.records if each.name == "django.security.csrf"]
    assert record.getMessage() == "request.csrf_refused: CSRF cookie not set."
    assert "secret" not in str(vars(record) | {"request": None})
