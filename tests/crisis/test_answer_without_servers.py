"""The help page answers while PostgreSQL and Redis are away: a real server process, with both at a closed port."""

from tests.crisis.conftest import ask


def test_help_page_is_there_without_postgresql_and_redis(lonely_server):
    status, page = ask(f"{lonely_server}/help-now?country=IE")
    assert status == 200
    assert 'href="tel:112"' in page


def test_a_signed_in_browser_gets_it_too(lonely_server):
    cookies = "session=0123456789abcdefghijklmnopqrstuv; __Host-session=0123456789abcdefghijklmnopqrstuv"
    status, page = ask(f"{lonely_server}/help-now", Cookie=cookies, **{"Accept-Language": "fr-FR"})
    assert status == 200
    assert "numbers for <strong>France</strong>" in page


def test_its_style_sheets_are_there_too(lonely_server):
    assert ask(f"{lonely_server}/static/css/tokens.css")[0] == 200
    assert ask(f"{lonely_server}/static/crisis/help_now.css")[0] == 200


def test_the_servers_really_are_away(lonely_server):
    assert ask(f"{lonely_server}/health/ready")[0] == 503
