"""What an actor may do to accounts and centres, asked by the services themselves: no door can forget it.

An actor of None is the system (a command, demo data) and may everything.
"""

import uuid
from collections.abc import Iterable

from accounts.models import Centre, StaffCentre, User
from accounts.permissions import Action, Scope, may_manage_role, scope_for
from core.errors import PermissionDenied


def require_may_manage_role(actor: User | None, role: str) -> None:
    """Raises PermissionDenied unless `actor` may make and change accounts of `role` (permissions.MANAGEABLE_ROLES)."""
    if actor is not None and not may_manage_role(actor.role, role):
        raise PermissionDenied("Your role may not manage accounts of this role.")


def require_may_manage(actor: User | None, user: User) -> None:
    """Raises PermissionDenied unless `actor` may change this account: its role, and its centres where that counts."""
    require_may_manage_role(actor, user.role)
    if actor is not None and not User.objects.manageable_by(actor).filter(pk=user.pk).exists():
        raise PermissionDenied("This account does not belong to your centres.")


def require_may_staff(actor: User | None, centres: Iterable[Centre]) -> None:
    """Raises PermissionDenied unless `actor` may bring people to every one of `centres`, of which there is one."""
    _require_centres(actor, Action.STAFF_MANAGE, [centre.pk for centre in centres])


def require_may_register(actor: User | None, centre: Centre) -> None:
    """Raises PermissionDenied unless `actor` may put patients on the register of `centre`."""
    _require_centres(actor, Action.PATIENT_REGISTER, [centre.pk])


def require_may_edit(actor: User | None, centre: Centre) -> None:
    _require_centres(actor, Action.CENTRE_EDIT, [centre.pk])


def require_everywhere(actor: User | None, action: Action) -> None:
    """Raises PermissionDenied unless the role has `action` everywhere, not only in its centres."""
    if actor is not None and scope_for(actor.role, action) is not Scope.ALL:
        raise PermissionDenied()


def _require_centres(actor: User | None, action: Action, centre_ids: list[uuid.UUID]) -> None:
    scope = Scope.ALL if actor is None else scope_for(actor.role, action)
    if scope is Scope.ALL:
        return
    if scope is not Scope.CENTRE or not centre_ids:
        raise PermissionDenied()
    own = set(
        StaffCentre.objects.filter(user=actor, centre__in=centre_ids).values_list("centre_id", flat=True)
    )
    if own != set(centre_ids):
        raise PermissionDenied("You act within your own centres only.")
