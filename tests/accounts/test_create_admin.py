"""How a new house gets its first administrator."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.roles import Role
from core.models import OutboxEntry

pytestmark = pytest.mark.django_db

NAMED = {"first_name": "Ada", "last_name": "Byron"}


def typed(monkeypatch, *answers):
    remaining = iter(answers)
    monkeypatch.setattr("accounts.management.commands.create_admin.getpass", lambda _prompt: next(remaining))


def test_an_invitation_is_sent_and_no_password_is_set():
    call_command("create_admin", "Ada@Example.test", **NAMED)
    user = User.objects.get(email="ada@example.test")
    assert user.role == Role.ADMIN
    assert not user.has_usable_password()
    assert OutboxEntry.objects.filter(event="account.invited", payload__user=str(user.pk)).exists()


def test_a_password_can_be_chosen_where_no_mail_goes_out_yet(monkeypatch):
    typed(monkeypatch, "a-long-enough-secret", "a-long-enough-secret")
    call_command("create_admin", "ada@example.test", ask_password=True, **NAMED)
    assert User.objects.get(email="ada@example.test").check_password("a-long-enough-secret")
    assert not OutboxEntry.objects.filter(event="account.invited").exists()


@pytest.mark.parametrize(
    "answers", [("password", "password"), ("a-long-enough-secret", "another-long-secret")]
)
def test_a_weak_or_mistyped_password_makes_no_account(monkeypatch, answers):
    typed(monkeypatch, *answers)
    with pytest.raises(CommandError):
        call_command("create_admin", "ada@example.test", ask_password=True, **NAMED)
    assert not User.objects.exists()


def test_an_address_in_use_is_named_in_words():
    call_command("create_admin", "ada@example.test", **NAMED)
    with pytest.raises(CommandError):
        call_command("create_admin", "ada@example.test", **NAMED)
