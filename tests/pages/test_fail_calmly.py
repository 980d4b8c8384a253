"""What a reader gets when something does not work: which page, in which words, and what it needs to come out."""

import pytest
import redis
from django.test import Client, RequestFactory
from django.urls import path

from core.errors import (
    HoldExpired,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    SlotTaken,
    Throttled,
    Unavailable,
)
from mentalspace import urls, views
from mentalspace.refusals import refusal


def refused(error):
    def view(request):
        raise error

    view.login_required = False
    return view


def broken(request):
    raise RuntimeError("a secret detail")


broken.login_required = False

REFUSALS = {
    "taken": SlotTaken(),
    "expired": HoldExpired(),
    "hidden": NotFound(),
    "closed": PermissionDenied(),
    "many": Throttled(retry_after_seconds=30),
    "away": Unavailable(),
    "visitor": NotAuthenticated(),
    "redis": redis.ConnectionError("refused at 10.0.0.7"),
}
urlpatterns = [
    *urls.urlpatterns,
    *(path(f"refused/{name}", refused(error)) for name, error in REFUSALS.items()),
    path("broken", broken),
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("taken", 409, "This time has just been taken. Choose one of the nearest free times."),
        ("expired", 409, "The five minutes for this time are over."),
        ("hidden", 404, "There is nothing at this address"),
        ("closed", 403, "This page is not open to you"),
        ("many", 429, "One moment, please"),
        ("away", 503, "We will be back in a moment"),
        ("redis", 503, "We will be back in a moment"),
    ],
)
def test_a_services_refusal_becomes_its_page(visitor, name, status, words):
    answer = visitor.get(f"/refused/{name}")
    page = answer.content.decode()

    assert answer.status_code == status
    assert words in page
    assert 'href="/help-now"' in page
    assert answer.headers.get("Retry-After") == {"many": "30", "redis": "5"}.get(name)
    assert "10.0.0.7" not in page


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_whoever_must_sign_in_first_is_led_there_and_back(visitor):
    assert visitor.get("/refused/visitor?day=2").url == "/accounts/login/?next=/refused/visitor%3Fday%3D2"


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_htmx_gets_the_notice_alone_and_told_where_it_goes(visitor):
    answer = visitor.post("/refused/taken", headers={"HX-Request": "true"})

    assert answer.status_code == 409
    assert answer.headers["HX-Retarget"] == "#messages"
    assert "<html" not in answer.content.decode()
    assert "nearest free times" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("referer", "leads_to"),
    [
        ("http://testserver/counselors", "http://testserver/counselors"),
        ("https://evil.test/", None),
        ("", None),
    ],
)
def test_a_refused_form_leads_back_to_its_own_page_only(visitor, referer, leads_to):
    page = visitor.post("/refused/taken", headers={"Referer": referer}).content.decode()

    assert (f'href="{leads_to}"' in page) if leads_to else ("Try again" not in page)


@pytest.mark.django_db
def test_an_unknown_address_keeps_the_readers_own_menu(client, cast):
    client.force_login(cast.stranger)
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert cast.stranger.full_name in answer.content.decode()


@pytest.mark.urls(__name__)
def test_an_accident_shows_its_number_and_no_detail_and_asks_no_database(visitor):
    answer = visitor.get("/broken", headers={"X-Request-ID": "find-me-again-1"})
    page = answer.content.decode()

    assert answer.status_code == 500
    assert "find-me-again-1" in page
    assert "secret detail" not in page


def test_an_accident_keeps_the_visitors_colours():
    request = RequestFactory().get("/", headers={"Cookie": "display=dark.large"})
    assert 'data-bs-theme="dark" data-font-size="large"' in views.server_error(request).content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_is_told_what_to_do():
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {})

    assert answer.status_code == 403
    assert "This form was open for too long" in answer.content.decode()


@pytest.mark.django_db
def test_bad_requests_are_answered_in_our_frame(rf):
    from django.contrib.auth.models import AnonymousUser

    request = rf.get("/")
    request.user = AnonymousUser()
    request.session = {}
    answer = views.bad_request(request, ValueError())

    assert answer.status_code == 400
    assert "Nothing was changed" in answer.content.decode()


def test_refusal_gives_the_services_words_to_htmx(rf):
    request = rf.get("/", headers={"HX-Request": "true"})
    from django.contrib.auth.models import AnonymousUser

    request.user = AnonymousUser()
    assert "Somebody &amp; others" in refusal(request, SlotTaken("Somebody & others")).content.decode()
