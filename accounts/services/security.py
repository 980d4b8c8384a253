"""What ends sign-ins: a new password, another role, a closed account. All of it raises security_version.

The number is in every token and in every page session, so raising it is felt on the next request of each of them.
"""

import uuid

from django.contrib.auth.password_validation import validate_password

from accounts.models import CounselorProfile, Device, RevokedBecause, User
from accounts.roles import Role
from accounts.services.authority import require_may_manage, require_may_manage_role
from accounts.services.tokens import revoke_devices_of
from core.errors import InvalidState, PermissionDenied
from core.facts import fact


def change_password(*, user: User, password: str, actor: User | None) -> None:
    """A new password; every sign-in made with the old one ends. Raises ValidationError for a weak one.

    A page session lives on only if its view hands it the new hash (update_session_auth_hash). Nobody sets a password
    for somebody else: PermissionDenied.
    """
    if actor is not None and actor.pk != user.pk:
        raise PermissionDenied("Everybody chooses their own password.")
    validate_password(password, user)
    with fact(actor=actor) as f:
        lock_account(user)
        user.set_password(password)
        user.save(update_fields=["password"])
        raise_security_version(user, RevokedBecause.SECURITY_CHANGE)
        f.audit("account.password_changed", user)
        f.announce("account.password_changed", user=user.pk)


def set_role(*, user: User, role: Role, actor: User | None) -> None:
    """Another role. Raises PermissionDenied unless `actor` manages both the old and the new one, InvalidState for the
    last admin, and for a counselor without a profile (create_counselor_profile makes both).
    """
    with fact(actor=actor) as f:
        lock_account(user)
        require_may_manage(actor, user)
        require_may_manage_role(actor, role)
        if user.role == role:
            return
        _refuse_to_lose_last_admin(user)
        if role == Role.COUNSELOR and not CounselorProfile.objects.filter(pk=user.pk).exists():
            raise InvalidState("A counselor needs a profile first.")
        user.role = role
        user.save(update_fields=["role"])
        raise_security_version(user, RevokedBecause.SECURITY_CHANGE)
        f.audit(f"account.role_set.{role}", user)


def deactivate_user(*, user: User, actor: User | None, why: str = "") -> None:
    """Closes the account: no sign-in, no refresh, no request from this moment on. Nothing is deleted."""
    with fact(actor=actor) as f:
        lock_account(user)
        require_may_manage(actor, user)
        if not user.is_active:
            return
        _refuse_to_lose_last_admin(user)
        user.is_active = False
        user.save(update_fields=["is_active"])
        raise_security_version(user, RevokedBecause.DEACTIVATED)
        f.audit("account.deactivated", user, patient_id=_patient_id(user), why=why)
        f.announce("account.deactivated", user=user.pk)


def activate_user(*, user: User, actor: User | None, why: str = "") -> None:
    with fact(actor=actor) as f:
        lock_account(user)
        require_may_manage(actor, user)
        if user.is_active:
            return
        user.is_active = True
        user.save(update_fields=["is_active"])
        f.audit("account.activated", user, patient_id=_patient_id(user), why=why)


def sign_out_everywhere(*, user: User, actor: User | None) -> None:
    """Ends every sign-in. Raises PermissionDenied unless `actor` is the owner or may manage the account."""
    if actor is None or actor.pk != user.pk:
        require_may_manage(actor, user)
    with fact(actor=actor) as f:
        lock_account(user)
        raise_security_version(user, RevokedBecause.SIGNED_OUT)
        f.audit("account.signed_out_everywhere", user)


def raise_security_version(user: User, because: RevokedBecause, *, but: Device | None = None) -> None:
    """Ends every sign-in of `user` except the device `but`, which goes on after its next refresh.

    To be called within the fact that is the reason, with the account locked.
    """
    user.security_version += 1
    user.save(update_fields=["security_version"])
    revoke_devices_of(user, because, but=but)
    if but is not None:
        Device.objects.filter(pk=but.pk).update(security_version=user.security_version)


def lock_account(user: User) -> None:
    """Locks the row and takes over what others have changed of it since `user` was read."""
    fresh = User.objects.select_for_update().get(pk=user.pk)
    for name in ("role", "is_active", "security_version", "phone", "email"):
        setattr(user, name, getattr(fresh, name))


def _refuse_to_lose_last_admin(user: User) -> None:
    if user.role != Role.ADMIN:
        return
    admins = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True)
    if not [other for other in admins if other.pk != user.pk]:
        raise InvalidState("This is the last admin. Make another account an admin first.")


def _patient_id(user: User) -> uuid.UUID | None:
    return user.pk if user.role == Role.PATIENT else None
