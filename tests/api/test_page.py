import pytest

from accounts.models import User
from tests.api.test_fail import failure

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(signed_in, patient):
    """Sees 45 accounts."""
    User.objects.bulk_create(User(email=f"n{number:02}@example.test") for number in range(44))
    return signed_in(patient)


def test_a_list_says_where_it_stands(client):
    body = client.get("/api/plans").json()
    assert len(body["data"]) == 20
    assert body["meta"] == {"pagination": {"page": 1, "page_size": 20, "total": 45, "pages": 3}}


def test_pages_together_are_the_list_once(client):
    rows = [row["name"] for page in (1, 2, 3) for row in client.get(f"/api/plans?page={page}").json()["data"]]
    assert rows == sorted(rows)
    assert len(set(rows)) == 45


def test_the_order_is_one_of_those_offered(client):
    names = [row["name"] for row in client.get("/api/plans?ordering=-email&page_size=3").json()["data"]]
    assert names == sorted(names, reverse=True)
    assert list(failure(client.get("/api/plans?ordering=password"), 400, "VALIDATION_ERROR")["details"]) == [
        "ordering"
    ]


def test_a_page_past_the_end_is_empty(client):
    body = client.get("/api/plans?page=9").json()
    assert body["data"] == []
    assert body["meta"]["pagination"]["total"] == 45


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "page=100001", "page_size=0", "page_size=101", "page="]
)
def test_pages_have_bounds(client, query):
    failure(client.get(f"/api/plans?{query}"), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("page_size", [1, 20, 100])
def test_a_page_is_two_queries_whatever_is_on_it(client, django_assert_num_queries, page_size):
    with django_assert_num_queries(2):
        client.get(f"/api/plans?page_size={page_size}")


def test_an_empty_list_has_no_pages(client):
    User.objects.all().delete()
    assert client.get("/api/plans").json()["meta"]["pagination"] == {
        "page": 1,
        "page_size": 20,
        "total": 0,
        "pages": 0,
    }
