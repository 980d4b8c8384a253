"""Signing up, in and out on pages, and the letters that belong to it."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from accounts.models import AuditEvent, CounselorProfile, PatientProfile, User
from accounts.services.security import deactivate_user
from tests.accounts.letters import deliver_letters
from tests.factories import PASSWORD, PatientFactory, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db

SIGN_UP = {
    "first_name": "Asha",
    "last_name": "Rao",
    "email": "Asha@Example.test",
    "password1": "a-quiet-morning-walk",
}
NEW_PASSWORD = {"password1": "a-brand-new-secret", "password2": "a-brand-new-secret"}


@pytest.fixture
def mandatory(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


def sign_in(client, email, password=PASSWORD, **extra):
    return client.post("/accounts/login/", {"login": email, "password": password} | extra)


def is_signed_in(client) -> bool:
    return client.get("/settings/profile").status_code == 200


def link_in(letter, start: str) -> str:
    return re.search(rf"{start}\S+", letter.body)[0]


def test_signing_up_makes_a_signed_in_patient_in_the_browsers_zone(client):
    client.cookies["timezone"] = "Asia%2FKolkata"

    answer = client.post("/accounts/signup/", SIGN_UP)

    assert (answer.status_code, answer.url) == (302, "/dashboard"), answer.context["form"].errors
    user = User.objects.get(email="asha@example.test")
    assert (user.role, user.timezone, user.full_name) == ("patient", "Asia/Kolkata", "Asha Rao")
    assert PatientProfile.objects.filter(pk=user.pk).exists()
    assert AuditEvent.objects.filter(action="account.signed_up", object_id=user.pk).count() == 1
    assert is_signed_in(client)
    assert [letter.subject for letter in deliver_letters()] == ["Confirm your e-mail address"]


@pytest.mark.parametrize("zone", [None, "Mars/Olympus", "../../etc/passwd"])
def test_without_a_zone_from_the_browser_it_is_utc(client, zone):
    if zone:
        client.cookies["timezone"] = zone

    client.post("/accounts/signup/", SIGN_UP)

    assert User.objects.get().timezone == "UTC"


@pytest.mark.parametrize(
    "field", ["role", "is_staff", "is_superuser", "is_approved", "username", "counselor_profile"]
)
def test_signing_up_makes_nothing_but_a_patient(client, field):
    client.post("/accounts/signup/", SIGN_UP | {field: "admin"})

    user = User.objects.get()
    assert (user.role, user.is_staff, user.username) == ("patient", False, None)
    assert not CounselorProfile.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no"),
        ("password1", "short"),
        ("password1", "asha@example.test"),
        ("first_name", ""),
        ("last_name", ""),
    ],
)
def test_what_is_wrong_stands_beside_its_field(client, field, value):
    answer = client.post("/accounts/signup/", SIGN_UP | {field: value})

    assert field in answer.context["form"].errors
    assert not User.objects.exists()


def test_page_and_api_make_the_same_account(client, api):
    client.post("/accounts/signup/", SIGN_UP)
    api.post(
        "/api/auth/signup",
        {
            "email": "b@example.test",
            "password": SIGN_UP["password1"],
            "first_name": "Asha",
            "last_name": "Rao",
        },
        format="json",
    )

    unlike = {"id", "email", "password", "date_joined", "last_login"}
    one, other = (
        {name: value for name, value in row.items() if name not in unlike} for row in User.objects.values()
    )
    assert one == other
    assert PatientProfile.objects.count() == 2
    assert AuditEvent.objects.filter(action="account.signed_up").count() == 2


class TestWhereAddressesMustBeConfirmed:
    pytestmark = pytest.mark.usefixtures("mandatory")

    def test_the_same_page_follows_for_a_new_and_a_taken_address(self, client):
        UserFactory(email="taken@example.test")

        def sign_up(email):
            answer = Client().post("/accounts/signup/", SIGN_UP | {"email": email}, follow=True)
            page = re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]+"', "", answer.content.decode())
            return answer.redirect_chain, page.splitlines()

        new, taken, again = (
            sign_up("new@example.test"),
            sign_up("taken@example.test"),
            sign_up("new@example.test"),
        )

        assert new == taken == again
        assert new[0] == [("/accounts/confirm-email/", 302)]
        assert User.objects.count() == 2
        subjects = [letter.subject for letter in deliver_letters()]
        assert subjects == ["Confirm your e-mail address", "You have an account already"]

    @pytest.mark.parametrize("door", ["page", "api"])
    def test_a_taken_address_costs_as_many_hashes_as_a_new_one(self, client, api, monkeypatch, door):
        UserFactory(email="taken@example.test")
        hashed, encode = [], MD5PasswordHasher.encode
        monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or encode(*args))

        def hashes(email):
            hashed.clear()
            if door == "page":
                client.post("/accounts/signup/", SIGN_UP | {"email": email})
            else:
                body = {"email": email, "password": "a-quiet-walk", "first_name": "A", "last_name": "B"}
                api.post("/api/auth/signup", body, format="json")
            return len(hashed)

        assert hashes("taken@example.test") == hashes("new@example.test") == 1

    def test_the_link_confirms_and_then_one_can_sign_in(self, client):
        client.post("/accounts/signup/", SIGN_UP)
        assert not is_signed_in(client)
        (letter,) = deliver_letters()

        link = link_in(letter, "/accounts/confirm-email/")
        assert client.get(link).status_code == 200, "a mail scanner that opens the link confirms nothing"
        assert not User.objects.get().emailaddress_set.get().verified
        client.post(link)

        assert sign_in(client, SIGN_UP["email"], SIGN_UP["password1"]).status_code == 302
        assert is_signed_in(client)
        assert AuditEvent.objects.filter(action="account.email_verified").count() == 1

    def test_signing_in_before_that_sends_the_letter_again(self, client):
        user = PatientFactory(user__email_address=False).user

        answer = sign_in(client, user.email)

        assert answer.url == "/accounts/confirm-email/"
        assert not is_signed_in(client)
        assert [letter.to for letter in deliver_letters()] == [[user.email]]


def test_signing_in_leads_each_role_to_its_first_page(client, cast):
    answer = client.post("/accounts/login/", {"login": cast.stranger.email, "password": PASSWORD})

    assert answer.url == "/dashboard"
    assert is_signed_in(client)


def test_cookies_say_nothing_of_who_signed_in(client, cast):
    answer = sign_in(client, cast.stranger.email)

    assert set(answer.cookies) == {"session", "csrftoken"}
    assert answer.cookies["session"]["httponly"]
    assert {cookie["samesite"] for cookie in answer.cookies.values()} == {"Lax"}
    assert cast.stranger.first_name in client.get("/settings/profile").content.decode()


@pytest.mark.parametrize("who", ["unknown", "wrong password", "closed account"])
def test_every_refusal_is_the_same(client, who):
    user = UserFactory(email="asha@example.test")
    if who == "closed account":
        deactivate_user(user=user, actor=None)

    answer = sign_in(
        client,
        "nobody@example.test" if who == "unknown" else user.email,
        "another-long-secret" if who == "wrong password" else PASSWORD,
    )

    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors() == [
        "The email address and/or password you specified are not correct."
    ]
    assert not is_signed_in(client)


def test_guesses_on_the_page_and_over_the_api_are_counted_together(client, api):
    user = UserFactory(email="asha@example.test")
    for _ in range(3):
        sign_in(client, user.email, "wrong-but-long")
    for _ in range(2):
        api.post("/api/auth/signin", {"email": user.email, "password": "wrong-but-long"}, format="json")

    answer = sign_in(client, user.email)

    assert "Too many failed login attempts" in answer.content.decode()
    assert not is_signed_in(client)


def test_sign_ups_on_the_page_and_over_the_api_are_counted_together(client, api, settings):
    settings.THROTTLES = settings.THROTTLES | {"sign_up": (2, 3600)}
    body = {"password": "a-quiet-walk", "first_name": "A", "last_name": "B"}
    client.post("/accounts/signup/", SIGN_UP)
    api.post("/api/auth/signup", body | {"email": "b@example.test"}, format="json")

    answer = Client().post("/accounts/signup/", SIGN_UP | {"email": "c@example.test"})

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 60
    assert not User.objects.filter(email="c@example.test").exists()


def test_nobodys_mailbox_is_flooded_with_letters_to_set_a_password(client, time_machine):
    user = PatientFactory().user
    answers = []
    for minute in range(7):
        time_machine.move_to(datetime(2026, 12, 1, 9, minute, tzinfo=UTC), tick=False)
        answers.append(client.post("/accounts/password/reset/", {"email": user.email}).status_code)

    assert answers == [302] * 5 + [429] * 2
    assert len(deliver_letters()) == 5


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(client, target):
    user = PatientFactory().user

    assert sign_in(client, user.email, next=target).url == "/dashboard"


def test_signing_out_ends_the_session(client, cast):
    client.force_login(cast.stranger)

    assert client.get("/accounts/logout/").status_code == 200
    assert is_signed_in(client), "a link alone signs nobody out"
    client.post("/accounts/logout/")

    assert not is_signed_in(client)


class TestForgottenPassword:
    def test_the_letter_leads_to_a_new_password_which_ends_every_sign_in(self, client, api_as):
        user = PatientFactory().user
        elsewhere, phone = Client(), api_as(user)
        elsewhere.force_login(user)
        client.post("/accounts/password/reset/", {"email": user.email})
        (letter,) = deliver_letters()

        page = client.get(link_in(letter, "/accounts/password/reset/key/"), follow=True)
        client.post(page.redirect_chain[-1][0], NEW_PASSWORD)

        assert not is_signed_in(elsewhere)
        assert phone.get("/api/auth/me").status_code == 401
        assert sign_in(client, user.email, "a-brand-new-secret").status_code == 302
        assert [letter.subject for letter in deliver_letters()] == ["Your password was changed"]
        again = client.get(link_in(letter, "/accounts/password/reset/key/"), follow=True)
        assert "password1" not in again.content.decode(), "the link works once"

    def test_the_link_runs_out_after_an_hour(self, client, time_machine):
        from datetime import timedelta

        from django.utils import timezone

        user = PatientFactory().user
        client.post("/accounts/password/reset/", {"email": user.email})
        (letter,) = deliver_letters()

        time_machine.move_to(timezone.now() + timedelta(hours=1, seconds=5), tick=False)

        page = client.get(link_in(letter, "/accounts/password/reset/key/"), follow=True)
        assert "password1" not in page.content.decode()

    def test_an_unknown_address_gets_the_same_page_and_no_letter(self, client):
        known = PatientFactory().user

        pages = [
            client.post("/accounts/password/reset/", {"email": email}, follow=True)
            for email in (known.email, "nobody@example.test")
        ]

        assert pages[0].redirect_chain == pages[1].redirect_chain
        assert [letter.to for letter in deliver_letters()] == [[known.email]]

    def test_a_closed_account_gets_none(self, client):
        user = PatientFactory().user
        deactivate_user(user=user, actor=None)

        client.post("/accounts/password/reset/", {"email": user.email})

        assert deliver_letters() == []


def test_changing_the_password_keeps_this_session_and_ends_the_others(client, cast, api_as):
    elsewhere, phone = Client(), api_as(cast.stranger)
    elsewhere.force_login(cast.stranger)
    client.force_login(cast.stranger)

    client.post("/accounts/password/change/", {"oldpassword": PASSWORD} | NEW_PASSWORD)

    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert phone.get("/api/auth/me").status_code == 401
    assert AuditEvent.objects.filter(action="account.password_changed", actor_id=cast.stranger.pk).exists()


def test_another_address_counts_once_it_is_confirmed_and_ends_other_sign_ins(client, cast):
    elsewhere = Client()
    elsewhere.force_login(cast.stranger)
    client.force_login(cast.stranger)
    assert client.get("/accounts/email/").status_code == 200

    client.post("/accounts/email/", {"email": "moved@example.test", "action_add": ""})

    (letter,) = deliver_letters()
    assert letter.to == ["moved@example.test"]
    assert User.objects.get(pk=cast.stranger.pk).email == "stranger@example.test"
    client.post(link_in(letter, "/accounts/confirm-email/"))
    user = User.objects.get(pk=cast.stranger.pk)
    assert user.email == "moved@example.test"
    assert [address.email for address in user.emailaddress_set.all()] == ["moved@example.test"]
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert AuditEvent.objects.filter(action="account.email_changed", object_id=user.pk).count() == 1


def test_an_address_of_somebody_else_cannot_be_taken_over(client, cast):
    client.force_login(cast.stranger)

    client.post("/accounts/email/", {"email": cast.a.patient.email, "action_add": ""})
    for letter in deliver_letters():
        client.post(link_in(letter, "/accounts/confirm-email/"))

    assert User.objects.get(pk=cast.stranger.pk).email == "stranger@example.test"
    assert User.objects.get(pk=cast.a.patient.pk).email == "patient.a@example.test"


@pytest.mark.parametrize(
    "path", ["/accounts/password/set/", "/accounts/reauthenticate/", "/accounts/inactive/"]
)
def test_the_libraries_other_pages_open(client, cast, path):
    client.force_login(cast.stranger)

    assert client.get(path, follow=True).status_code == 200


def test_staff_sign_in_by_the_same_page(client):
    user = StaffFactory(role="manager")

    assert sign_in(client, user.email).status_code == 302
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"])
def test_the_forms_ask_for_a_csrf_token(path):
    assert Client(enforce_csrf_checks=True).post(path, SIGN_UP).status_code == 403
