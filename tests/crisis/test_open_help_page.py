"""The help page as a visitor's browser asks for it. No test here may touch the database."""

import re
from html.parser import HTMLParser

import pytest

from crisis import hotlines

PAGE = "/help-now"


class Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.hrefs += [value for name, value in attrs if name == "href"]


def text_of(response) -> str:
    return response.content.decode()


def test_chosen_country_is_shown_whatever_the_browser_says(client):
    page = text_of(client.get(PAGE, {"country": "nz"}, headers={"Accept-Language": "en-GB"}))
    assert "numbers for <strong>New Zealand</strong>" in page
    assert 'href="tel:111"' in page
    assert "We took the country" not in page


def test_country_is_guessed_from_the_browsers_region_and_said_to_be_a_guess(client):
    page = text_of(client.get(PAGE, headers={"Accept-Language": "de, pt-BR;q=0.9, en;q=0.8"}))
    assert "numbers for <strong>Brazil</strong>" in page
    assert "We took the country from your browser’s language." in page


@pytest.mark.parametrize("language", ["", "de", "en-001", "sw-TZ, en-US;q=0.5", "\x00;;=,"])
def test_without_a_region_that_we_know_no_country_is_guessed(client, language):
    page = text_of(client.get(PAGE, headers={"Accept-Language": language}))
    assert "Choose your country" in page
    assert "You are seeing the numbers for" not in page
    assert 'href="tel:112"' in page
    assert "https://www.befrienders.org" in page


@pytest.mark.parametrize("chosen", ["ZZ", "TZ", "<script>alert(1)</script>", "' OR 1=1", "\x00", "🙂" * 500])
def test_a_choice_without_data_is_answered_calmly_and_never_by_a_guess(client, chosen):
    response = client.get(PAGE, {"country": chosen}, headers={"Accept-Language": "en-US"})
    page = text_of(response)
    assert response.status_code == 200
    assert "We do not have the numbers of that country yet." in page
    assert "You are seeing the numbers for" not in page
    assert "<script" not in page


def test_every_country_is_one_plain_link_away(client):
    links = Links(text_of(client.get(PAGE)))
    assert {href for href in links.hrefs if href.startswith("?")} == {
        f"?country={code}" for code in hotlines.directory().countries
    }


@pytest.mark.parametrize("code", sorted(hotlines.directory().countries))
def test_each_country_shows_its_emergency_number_first_and_every_line(client, code):
    country = hotlines.directory().countries[code]
    page = text_of(client.get(PAGE, {"country": code}))
    hrefs = Links(page).hrefs
    dialled = [href for href in hrefs if href.startswith(("tel:", "sms:"))]
    assert dialled[0] == country.emergency.href
    for line in country.lines:
        assert all(phone.href in dialled for phone in line.phones)
        assert line.text is None or line.text.href in dialled
        assert not line.chat_url or line.chat_url in hrefs
    assert all(re.fullmatch(r"tel:[0-9*+]+|sms:[0-9]+(\?body=[A-Z]+)?", href) for href in dialled)
    assert "!" not in re.sub(r"<[^>]*>", "", page)


def test_a_country_without_a_sure_line_still_has_its_emergency_number_and_a_way_on(client):
    page = text_of(client.get(PAGE, {"country": "EE"}))
    assert 'href="tel:112"' in page
    assert "https://www.befrienders.org" in page


def test_special_dialling_is_kept_and_said(client):
    assert 'href="tel:*4141"' in text_of(client.get(PAGE, {"country": "CL"}))
    assert 'href="sms:741741?body=HOME"' in text_of(client.get(PAGE, {"country": "US"}))
    assert "then press 1" in text_of(client.get(PAGE, {"country": "US"}))
    assert 'href="https://wa.me/27871632030"' in text_of(client.get(PAGE, {"country": "ZA"}))


def test_the_date_of_the_numbers_and_their_sources_are_shown(client):
    page = text_of(client.get(PAGE, {"country": "GB"}))
    compiled = hotlines.directory().compiled_on
    assert f'<time datetime="{compiled.isoformat()}">' in page
    assert "Numbers change." in page
    assert all(line.source.url in page for line in hotlines.directory().countries["GB"].lines)


def test_page_is_light_and_runs_no_script(client):
    response = client.get(PAGE, {"country": "FI"})
    links = Links(text_of(response))
    assert len(response.content) < 20_000
    assert not links.tags & {"script", "form", "img", "iframe", "style"}


def test_answer_may_be_kept_by_anybody_and_depends_on_nobody(client):
    client.cookies["session"] = "somebody"
    response = client.get(PAGE, headers={"Authorization": "Bearer something"})
    assert response.status_code == 200
    assert "public" in response["Cache-Control"]
    assert "max-age=3600" in response["Cache-Control"]
    assert response["Vary"] == "Accept-Language"
    assert not response.cookies


def test_head_is_answered_and_a_trailing_slash_is_forgiven(client):
    assert client.head(PAGE).status_code == 200
    assert client.get(PAGE + "/").status_code == 200


def test_nothing_can_be_posted_here(client):
    assert client.post(PAGE).status_code == 405
