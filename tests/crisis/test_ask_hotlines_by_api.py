"""GET /api/emergency/hotlines. No test here may touch the database."""

import pytest

from crisis import hotlines
from tests.crisis.conftest import ask

ADDRESS = "/api/emergency/hotlines"


def test_country_is_answered_with_its_numbers_ready_to_dial(api):
    answer = api.get(ADDRESS, {"country": "us"}).json()
    country = answer["data"]["country"]
    assert answer["success"] is True
    assert country["emergency"] == {"number": "911", "purpose": "", "href": "tel:911"}
    crisis_text_line = next(line for line in country["lines"] if line["name"] == "Crisis Text Line")
    assert crisis_text_line["text"] == {"number": "741741", "keyword": "HOME", "href": "sms:741741?body=HOME"}
    assert crisis_text_line["phones"] == []
    assert crisis_text_line["is_always_open"] is True
    assert answer["data"]["compiled_on"] == hotlines.directory().compiled_on.isoformat()


@pytest.mark.parametrize("code", sorted(hotlines.directory().countries))
def test_every_country_has_an_answer(api, code):
    data = api.get(ADDRESS, {"country": code}).json()["data"]
    assert data["country"]["code"] == code
    assert len(data["country"]["lines"]) == len(hotlines.directory().countries[code].lines)


def test_country_is_guessed_from_the_language_and_said_to_be_a_guess(api):
    data = api.get(ADDRESS, headers={"Accept-Language": "en-NZ"}).json()["data"]
    assert data["country"]["code"] == "NZ"
    assert data["is_guess"] is True


def test_country_without_data_is_no_error_and_leads_on(api):
    response = api.get(ADDRESS, {"country": "TZ"}, headers={"Accept-Language": "en-NZ"})
    assert response.status_code == 200
    assert response.json()["data"]["country"] is None
    assert response.json()["data"]["international"][0]["url"] == "https://www.befrienders.org"
    assert {"code": "NZ", "name": "New Zealand"} in response.json()["data"]["countries"]


@pytest.mark.parametrize(
    "query", [{"country": "USA"}, {"country": "1"}, {"country": "U\x00"}, {"land": "US"}]
)
def test_bad_query_is_refused_with_a_sentence(api, query):
    response = api.get(ADDRESS, query)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "VALIDATION_ERROR"
    assert response.json()["error"]["details"].keys() == query.keys()


def test_other_methods_are_refused(api):
    assert api.post(ADDRESS, {}, format="json").status_code == 405


def test_nobody_is_asked_who_they_are_or_turned_away_for_asking_often(api, settings):
    settings.THROTTLES = dict.fromkeys(settings.THROTTLES, (1, 900))
    api.credentials(HTTP_AUTHORIZATION="Bearer expired-and-broken", HTTP_COOKIE="session=gone")
    assert [api.get(ADDRESS, {"country": "IE"}).status_code for _ in range(5)] == [200] * 5


def test_answer_may_be_kept_by_anybody(api):
    response = api.get(ADDRESS, {"country": "IE"})
    assert "public" in response["Cache-Control"]
    assert response["Vary"] == "Accept-Language"


def test_it_answers_without_postgresql_and_redis(lonely_server):
    status, body = ask(
        f"{lonely_server}{ADDRESS}?country=IE", Authorization="Bearer x", Cookie="session=" + "y" * 32
    )
    assert status == 200
    assert '"tel:112"' in body
