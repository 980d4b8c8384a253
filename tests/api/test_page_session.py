"""Our own pages' scripts: the session cookie instead of a token, with CSRF."""

import pytest
from rest_framework.test import APIClient

from tests.api.test_fail import failure

pytestmark = pytest.mark.django_db

ORIGIN = {"Origin": "http://testserver"}
TOKEN = "t" * 32


@pytest.fixture
def page(patient, settings):
    """A client with a signed-in page's cookies, which checks CSRF as browsers' requests are checked."""
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(patient)
    client.cookies[settings.CSRF_COOKIE_NAME] = TOKEN
    return client


def test_reading_needs_the_cookie_only(page):
    assert page.get("/api/plans").status_code == 200


def test_writing_without_the_token_is_refused_in_the_envelope(page):
    error = failure(
        page.post("/api/plans", {"name": "x"}, format="json", headers=ORIGIN), 403, "PERMISSION_DENIED"
    )
    assert "X-CSRFToken" in error["message"]


def test_writing_with_the_token_works(page):
    response = page.post("/api/plans", {"name": "x"}, format="json", headers=ORIGIN | {"X-CSRFToken": TOKEN})
    assert response.status_code == 201


def test_another_site_s_page_is_refused_even_with_the_token(page):
    headers = {"Origin": "https://evil.example", "X-CSRFToken": TOKEN}
    failure(page.post("/api/plans", {"name": "x"}, format="json", headers=headers), 403, "PERMISSION_DENIED")


def test_a_session_of_nobody_is_a_visitor(page, patient):
    patient.is_active = False
    patient.save()
    failure(page.get("/api/plans"), 401, "NOT_AUTHENTICATED")


def test_without_the_cookie_no_session_is_looked_up(api, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = api.get("/api/open")
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers.get("Vary", "")
