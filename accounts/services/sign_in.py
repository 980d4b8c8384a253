"""Signing in with a name and a password: the checks, then the stages, then the mint.

Pages sign in through allauth, whose stages are these same ones; both ask `may_sign_in`.
"""

from dataclasses import dataclass
from enum import StrEnum

from accounts.models import User
from accounts.services.email_addresses import is_email_verified, is_verification_mandatory
from accounts.services.tokens import Client, TokenPair, open_device
from core.errors import NotAuthenticated, PermissionDenied
from core.facts import fact

WRONG_NAME_OR_PASSWORD = "The name or the password is not right. Check both, or set a new password."  # noqa: S105


class NameKind(StrEnum):
    """What a person signs in with. A value is also the name of User's field."""

    EMAIL = "email"
    PHONE = "phone"
    USERNAME = "username"


@dataclass(frozen=True, slots=True)
class SignInName:
    kind: NameKind
    value: str


def sign_in(*, name: SignInName, password: str, client: Client) -> TokenPair:
    """Tokens for whoever knows the password and has passed every stage.

    Raises NotAuthenticated, in the same words and after the same work, for an unknown name, a wrong password and a
    closed account; PermissionDenied (after a right password only) while the e-mail address must be confirmed first.
    """
    user = _user_who_knows(name, password)
    _pass_stages(user)
    return open_device(user=user, client=client)


def may_sign_in(user: User) -> bool:
    return user.is_active


def _user_who_knows(name: SignInName, password: str) -> User:
    user = User.objects.filter(**{name.kind.value: _normalized(name)}).first()
    if user is None:
        User().set_password(password)  # as slow as checking one: the time must not tell who has an account
    elif user.check_password(password) and may_sign_in(user):
        return user
    raise NotAuthenticated(WRONG_NAME_OR_PASSWORD)


def _pass_stages(user: User) -> None:
    """What stands between the right password and the tokens. A second factor will be one more of these."""
    if is_verification_mandatory() and user.email and not is_email_verified(user):
        with fact(actor=user) as f:
            f.announce("account.verification_needed", user=user.pk)
        raise PermissionDenied(
            "Confirm your e-mail address first: we have sent you the letter again.",
            details={"verification_required": True},
        )


def _normalized(name: SignInName) -> str:
    value = name.value.strip()
    return value if name.kind is NameKind.PHONE else value.lower()
