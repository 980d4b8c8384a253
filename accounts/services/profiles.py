"""What people say about themselves: preferences and profile."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from accounts.models import CounselorProfile, Device, PatientProfile, RevokedBecause, User
from accounts.roles import Role
from accounts.services.authority import require_may_manage
from accounts.services.security import lock_account, raise_security_version
from core.facts import fact

PREFERENCES = ("language", "timezone", "theme", "font_size")
NAMES = ("first_name", "last_name", "phone")
PATIENT_FIELDS = (
    "date_of_birth",
    "gender",
    "blood_group",
    "emergency_contact_name",
    "emergency_contact_phone",
    "is_anonymous",
    "alias",
)
COUNSELOR_FIELDS = (
    "title",
    "bio",
    "specializations",
    "qualifications",
    "languages",
    "years_of_experience",
    "is_accepting",
)
# Fields that a constraint looks at together with others.
TOGETHER = frozenset({"alias", "is_anonymous", "email"})
LISTS = frozenset({"specializations", "qualifications", "languages"})


def change_preferences(*, user: User, values: Mapping[str, Any]) -> User:
    """Changes those of the PREFERENCES that `values` names. Raises Django's ValidationError by field.

    How somebody likes their pages is nobody's business, so it leaves no audit row.
    """
    changed = _apply(user, PREFERENCES, values)
    if changed:
        user.save(update_fields=changed)
    return user


def update_profile(
    *, user: User, values: Mapping[str, Any], actor: User | None, device: Device | None = None
) -> User:
    """Changes what `values` names of the names, the phone and the profile of the role; other names are ignored.

    Raises Django's ValidationError by field. A new phone number ends every sign-in but that of `device` (and that of
    a page whose view calls update_session_auth_hash), because one can sign in with it.
    """
    if actor is not None and actor.pk != user.pk:
        require_may_manage(actor, user)
    with fact(actor=actor) as f:
        lock_account(user)
        is_patient = user.role == Role.PATIENT
        changed = _apply(user, NAMES, values)
        if changed:
            user.save(update_fields=changed)
        changed_of_role = _update_role_profile(user, values)
        if changed or changed_of_role:
            f.audit("account.profile_changed", user, patient_id=user.pk if is_patient else None)
        if "phone" in changed:
            raise_security_version(user, RevokedBecause.SECURITY_CHANGE, but=device)
    return user


def _update_role_profile(user: User, values: Mapping[str, Any]) -> list[str]:
    profile: PatientProfile | CounselorProfile | None = None
    fields: tuple[str, ...] = ()
    if user.role == Role.PATIENT:
        profile, fields = PatientProfile.objects.select_for_update().get(pk=user.pk), PATIENT_FIELDS
    elif user.role == Role.COUNSELOR:
        profile, fields = CounselorProfile.objects.select_for_update().get(pk=user.pk), COUNSELOR_FIELDS
    if profile is None:
        return []
    changed = _apply(profile, fields, values)
    if changed:
        profile.save(update_fields=changed)
    return changed


def _apply(row: models.Model, fields: tuple[str, ...], values: Mapping[str, Any]) -> list[str]:
    """Sets what differs, and checks the row. Returns the names of the fields that changed."""
    changed = []
    for name in fields:
        if name in values:
            value = _tidy(name, values[name])
            if getattr(row, name) != value:
                setattr(row, name, value)
                changed.append(name)
    if changed:
        others = {field.name for field in row._meta.concrete_fields} - set(changed)
        row.clean_fields(exclude=others)
        row.validate_unique(exclude=others)
        row.validate_constraints(exclude=others - TOGETHER)
    return changed


def _tidy(name: str, value: Any) -> Any:
    if name == "phone":
        return value or None
    if name in LISTS:
        return list(dict.fromkeys(item.strip() for item in value if item.strip()))
    return value.strip() if isinstance(value, str) else value
