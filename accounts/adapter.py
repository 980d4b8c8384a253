"""allauth's door into our house: its pages use our services, our limits and our letters."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from accounts.models import RevokedBecause, User
from accounts.services.security import change_password, lock_account, raise_security_version
from accounts.services.sign_in import may_sign_in
from accounts.services.sign_up import tell_owner_of_sign_up
from core import request_context
from core.api.throttling import spend_sign_in
from core.errors import Throttled, Unavailable
from core.facts import fact


class AccountAdapter(DefaultAccountAdapter):
    """What allauth would do by itself and we do in one place for pages and API."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """The limits on guessing are those of the API, shared with it."""
        try:
            spend_sign_in(account=str(credentials.get("email", "")), address=request_context.ip.get())
        except (Throttled, Unavailable):
            raise self.validation_error("too_many_login_attempts") from None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """A closed account is refused in the same words as an unknown one."""
        user: User | None = super().authenticate(request, **credentials)
        return user if user is not None and may_sign_in(user) else None

    def set_password(self, user: User, password: str) -> None:
        change_password(user=user, password=password, actor=user)

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        """Another address is another name to sign in with: every other sign-in ends."""
        user = email_address.user
        with fact(actor=user) as f:
            lock_account(user)
            before = user.email
            is_confirmed = super().confirm_email(request, email_address)
            if is_confirmed:
                f.audit("account.email_verified", user)
            if is_confirmed and user.email != before:
                raise_security_version(user, RevokedBecause.SECURITY_CHANGE)
                f.audit("account.email_changed", user)
        if is_confirmed and request.user.pk == user.pk:
            update_session_auth_hash(request, user)
        return is_confirmed

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """The letter after signing up is announced by the sign-up itself."""
        if not signup:
            _announce("account.verification_needed", emailconfirmation.email_address.user)

    def send_account_already_exists_mail(self, email: str) -> None:
        tell_owner_of_sign_up(email=email)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        _announce("account.reset_requested", user)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """What is left: to an address without an account. It costs what a letter costs, and nothing is sent."""
        _announce("account.reset_requested", None)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """The page that follows says to look at one's mail; a notice that is there only sometimes would tell more."""
        if message_template != "account/messages/email_confirmation_sent.txt":
            super().add_message(request, level, message_template, *args, **kwargs)

    def get_client_ip(self, request: HttpRequest) -> str:
        return request_context.ip.get()


def _announce(event: str, user: User | None) -> None:
    with fact(actor=None) as f:
        f.announce(event, user=user.pk if user else None)
