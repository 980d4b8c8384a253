"""The console as a whole: its first page, its side bar, its policy, and that it is closed where nobody opened it."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import CounselorProfile, User
from admin_portal.navigation import GROUPS, side_bar
from core.admin import ConsoleAdmin
from core.models import IdempotencyKey, OutboxEntry
from sessions_app.models import Session, SessionStatus
from tests.factories import CounselorFactory, PatientFactory
from tests.sessions_app.clinic import book, coming, open_practice

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(client, cast):
    client.force_login(cast.admin)
    return client


def figures(console):
    return {figure.title: figure.value for figure in console.get("/admin/").context["figures"]}


def test_the_first_page_counts_todays_sessions_new_patients_and_who_is_not_listed(console, cast):
    User.objects.update(date_joined=timezone.now() - timedelta(days=30))
    before = figures(console)
    practice = open_practice()
    today = timezone.now().replace(hour=12)
    for day, status in ((3, "completed"), (4, "completed"), (5, "no_show"), (6, "confirmed")):
        session = book(practice, PatientFactory().user, coming(day))
        away = timedelta(days=2 if status == "confirmed" else 0)
        Session.objects.filter(pk=session.pk).update(
            start=today + away, end=today + away + timedelta(minutes=50), status=status
        )
    CounselorFactory(unapproved=True)

    after = figures(console)

    assert {title: after[title] - before[title] for title in after if after[title] != before[title]} == {
        "Completed today": 2,
        "Missed today": 1,
        "New patients": 4,
        "Counselors not listed": 1,
    }


def test_a_figure_leads_to_the_sessions_that_were_counted(console):
    session = book(open_practice(), PatientFactory().user, coming())
    today = timezone.now().replace(hour=12)
    Session.objects.filter(pk=session.pk).update(start=today, end=today + timedelta(minutes=50))
    (figure,) = [
        each for each in console.get("/admin/").context["figures"] if each.title == "Confirmed today"
    ]

    listed = console.get(figure.link).context["cl"].result_list

    assert figure.value == 1
    assert [each.pk for each in listed] == [session.pk]


def test_the_first_page_costs_the_same_whatever_there_is(console, django_assert_num_queries):
    console.get("/admin/")
    with CaptureQueriesContext(connection) as little:
        console.get("/admin/")
    practice = open_practice()
    for day in (3, 4, 5):
        book(practice, PatientFactory().user, coming(day))
    with django_assert_num_queries(len(little)):
        console.get("/admin/")


def test_every_table_of_the_house_stands_on_the_closed_ground_and_has_its_place(rf, cast):
    request = rf.get("/admin/")
    request.user = cast.admin
    for model, model_admin in admin.site._registry.items():
        assert isinstance(model_admin, ConsoleAdmin), model
    groups = side_bar(request)
    assert [group["title"] for group in groups] == ["", *GROUPS]
    assert sum(len(group["items"]) for group in groups) == len(admin.site._registry) + 1


def test_only_an_admin_sees_how_the_house_works_inside(client, cast):
    OutboxEntry.objects.create(event="session.confirmed", pending=["mail"])
    IdempotencyKey.objects.create(
        user_id=cast.admin.pk,
        key="k",
        route="POST /sessions",
        fingerprint=b"1",
        response_body=b"secret words",
    )
    for user, status in ((cast.manager, 403), (cast.admin, 200)):
        client.force_login(user)
        links = str(client.get("/admin/").context["sidebar_navigation"])
        for table in ("outboxentry", "idempotencykey"):
            assert client.get(f"/admin/core/{table}/").status_code == status
            assert (f"/admin/core/{table}/" in links) == (status == 200)
            assert client.get(f"/admin/core/{table}/add/").status_code == 403
    for model in (OutboxEntry, IdempotencyKey):
        page = client.get(f"/admin/core/{model._meta.model_name}/{model.objects.get().pk}/change/")
        assert page.status_code == 200
        assert b"secret words" not in page.content
        assert client.post(page.wsgi_request.path, {"attempts": "9"}).status_code == 403


def test_outbox_entries_are_found_by_their_state(console):
    waiting = OutboxEntry.objects.create(event="a.b", pending=["mail"])
    failing = OutboxEntry.objects.create(event="a.b", pending=["mail"], last_error="TimeoutError")
    done = OutboxEntry.objects.create(event="a.b", pending=[], done_at=timezone.now())

    def found(state):
        rows = console.get("/admin/core/outboxentry/", {"state": state}).context["cl"].result_list
        return {row.pk for row in rows}

    assert found("waiting") == {waiting.pk, failing.pk}
    assert found("failing") == {failing.pk}
    assert found("done") == {done.pk}


def test_the_consoles_looser_policy_is_the_consoles_alone(console):
    assert "'unsafe-eval'" in console.get("/admin/")["Content-Security-Policy"]
    for path in ("/", "/privacy", "/accounts/login/"):
        assert "unsafe" not in console.get(path)["Content-Security-Policy"], path
    assert "script-src 'self'" in console.get("/admin/")["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/admin/core/outboxentry/", "/admin/core/outboxentry/"),
        ("https://elsewhere.example/", "/admin/"),
        ("", "/admin/"),
    ],
)
def test_who_is_signed_in_goes_where_they_wanted_and_never_elsewhere(console, wanted, reached):
    answer = console.get("/admin/login/", {"next": wanted})
    assert (answer.status_code, answer["Location"]) == (302, reached)


def test_the_password_is_changed_on_the_sites_own_page(console):
    assert console.get("/admin/password_change/")["Location"] == "/accounts/password/change/"


@pytest.mark.parametrize(("theme", "shown"), [("dark", "dark"), ("light", "light"), ("system", None)])
def test_the_console_has_the_theme_of_the_account(console, cast, theme, shown):
    cast.admin.theme = theme
    cast.admin.save(update_fields=["theme"])
    assert console.get("/admin/").context["theme"] == shown


def test_a_counselor_who_is_listed_is_not_counted(console):
    CounselorFactory()
    assert CounselorProfile.objects.listed().count() == CounselorProfile.objects.count()
    assert figures(console)["Counselors not listed"] == 0
    assert sum(figures(console)[f"{status.label} today"] for status in SessionStatus) == 0
