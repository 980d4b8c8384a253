"""Letters about accounts. A fact announces why one is due; the worker writes and sends it, in the reader's language.

A payload holds ids only: links with secrets in them are made when the letter is written, and are kept nowhere.
"""

from collections.abc import Callable
from typing import Any

from allauth.account import app_settings as allauth_settings
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from core import outbox

Context = dict[str, Any]


def register() -> None:
    """Called once, when the apps are ready."""
    for event, handler in _HANDLERS.items():
        outbox.register(event, "accounts.mails", handler)


def send_verification_letter(user: User) -> None:
    """The link that confirms User.email, and any address that is to take its place; each goes to that address."""
    if allauth_settings.EMAIL_VERIFICATION == allauth_settings.EmailVerificationMethod.NONE:
        return
    for address in EmailAddress.objects.filter(user=user, verified=False):
        link = _address_of("account_confirm_email", EmailConfirmationHMAC(address).key)
        _send(user, "verify", {"link": link}, to=address.email)


def send_reset_letter(user: User) -> None:
    _send(user, "reset", {"link": _reset_link(user), "hours": settings.PASSWORD_RESET_TIMEOUT // 3600})


def send_invitation(user: User) -> None:
    _send(user, "invitation", {"link": _reset_link(user), "role": user.get_role_display()})


def send_sign_up_repeated(user: User) -> None:
    _send(
        user,
        "sign_up_repeated",
        {"sign_in_link": _address_of("account_login"), "reset_link": _address_of("account_reset_password")},
    )


def send_password_changed(user: User) -> None:
    _send(
        user, "password_changed", {"reset_link": _address_of("account_reset_password"), "at": timezone.now()}
    )


def send_token_reused(user: User) -> None:
    _send(user, "token_reused", {"reset_link": _address_of("account_reset_password"), "at": timezone.now()})


def _to_active_owner(letter: Callable[[User], None]) -> outbox.Handler:
    """A handler that writes `letter` to the account which the payload names; to nobody when it is gone or closed."""

    def handle(payload: outbox.Payload) -> None:
        user = User.objects.filter(pk=payload["user"], is_active=True, email__isnull=False).first()
        if user is not None:
            with translation.override(user.language), timezone.override(user.timezone):
                letter(user)

    return handle


_HANDLERS = {
    "account.signed_up": _to_active_owner(send_verification_letter),
    "account.verification_needed": _to_active_owner(send_verification_letter),
    "account.sign_up_repeated": _to_active_owner(send_sign_up_repeated),
    "account.reset_requested": _to_active_owner(send_reset_letter),
    "account.invited": _to_active_owner(send_invitation),
    "account.password_changed": _to_active_owner(send_password_changed),
    "account.token_reused": _to_active_owner(send_token_reused),
}


def _send(user: User, name: str, context: Context, *, to: str | None = None) -> None:
    """Subject and text are the first line and the rest of one template."""
    text = render_to_string(
        f"accounts/mail/{name}.txt", {"user": user, "site_url": settings.SITE_URL, **context}
    )
    subject, _, body = text.strip().partition("\n")
    send_mail(subject.strip(), body.strip() + "\n", None, [to or str(user.email)])


def _reset_link(user: User) -> str:
    return _address_of(
        "account_reset_password_from_key", user_pk_to_url_str(user), default_token_generator.make_token(user)
    )


def _address_of(name: str, *args: str) -> str:
    return settings.SITE_URL + reverse(name, args=args)
