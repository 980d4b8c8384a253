"""allauth keeps addresses and whether they were confirmed in its own table: in step with User.email by this."""

from allauth.account import app_settings
from allauth.account.models import EmailAddress

from accounts.models import User


def keep_email_address(user: User, *, is_verified: bool) -> None:
    """After this, the one address of `user` is User.email (none without one). To be called within a fact."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email or "").delete()
    if user.email:
        EmailAddress.objects.update_or_create(
            user=user, email=user.email, defaults={"verified": is_verified, "primary": True}
        )


def is_email_verified(user: User) -> bool:
    return (
        bool(user.email) and EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()
    )


def is_verification_mandatory() -> bool:
    """Whether an address must be confirmed before its owner can sign in (settings.ACCOUNT_EMAIL_VERIFICATION)."""
    return bool(app_settings.EMAIL_VERIFICATION == app_settings.EmailVerificationMethod.MANDATORY)
