"""The register of patients at the desk: whoever comes is looked for before an account is made."""

import hashlib
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import Centre, PatientCentre, PatientProfile, User
from accounts.roles import Role
from accounts.services.authority import require_may_register
from accounts.services.people import NewAccount, create_patient
from core.errors import Conflict, ValidationFailed
from core.facts import fact
from core.statements import read

MOST_NAMED = 5
"""Of people with the same name."""
_LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"


def take_on_patient(
    *,
    account: NewAccount,
    centre: Centre,
    lead_source: str = "",
    is_someone_else: bool = False,
    actor: User,
) -> PatientProfile:
    """Whoever stands at the desk of `centre`, with an account from now on; a phone number alone is enough.

    Raises Conflict that names those who could be the same person, as far as `actor` may see them: by phone or e-mail
    always, by name unless `is_someone_else`. Somebody with an account whom the centre does not know yet is put on its
    register, when number or address and the whole name are theirs; else ValidationFailed says which of the two is in
    use, and nothing of whose it is. Also raises PermissionDenied and Django's ValidationError, by field.
    """
    require_may_register(actor, centre)
    with fact(actor=actor) as current:
        _lock_contacts(account)
        owners = list(_owners(account))
        if not owners:
            if not is_someone_else:
                _require_no_namesake(account, actor)
            return create_patient(account=account, centre=centre, lead_source=lead_source, actor=actor)
        known = PatientProfile.objects.visible_to(actor).filter(pk__in=[owner.pk for owner in owners])
        if known:
            raise _already_there(known, actor)
        owner = _same_person(owners, account)
        PatientCentre.objects.create(patient=owner.patient_profile, centre=centre)
        current.audit("patient.taken_on", owner, patient_id=owner.pk, centre_id=centre.pk)
    return owner.patient_profile


def _lock_contacts(account: NewAccount) -> None:
    """Two desks that take on one person at once come one after the other."""
    keys = [
        int.from_bytes(hashlib.sha256(f"contact:{contact}".encode()).digest()[:8], "big", signed=True)
        for contact in (account.phone, User.objects.normalize_address(account.email))
        if contact
    ]
    read(_LOCK, [sorted(keys)])


def _owners(account: NewAccount) -> Iterable[User]:
    by_contact = Q(pk__in=[])
    if account.phone:
        by_contact |= Q(phone=account.phone)
    if address := User.objects.normalize_address(account.email):
        by_contact |= Q(email=address)
    return User.objects.filter(by_contact).select_related("patient_profile")


def _require_no_namesake(account: NewAccount, actor: User) -> None:
    namesakes = PatientProfile.objects.visible_to(actor).filter(
        user__first_name__iexact=account.first_name.strip(), user__last_name__iexact=account.last_name.strip()
    )
    if namesakes:
        raise _already_there(namesakes, actor, by_name=True)


def _already_there(patients: Iterable[PatientProfile], actor: User, *, by_name: bool = False) -> Conflict:
    message = "This person is on the register already. Choose them instead of making a second account."
    if by_name:
        message = "Somebody of this name is on the register. Choose them, or say that it is somebody else."
    named = [_named(one, actor) for one in list(patients)[:MOST_NAMED]]
    return Conflict(message, details={"patients": named, "can_be_someone_else": by_name})


def _named(patient: PatientProfile, actor: User) -> dict[str, Any]:
    user = patient.user
    identity: UUID = patient.pk
    return {
        "id": identity,
        "display_name": patient.name_for(actor),
        "email": user.email,
        "phone": user.phone,
    }


def _same_person(owners: list[User], account: NewAccount) -> User:
    """The one owner, when they are a patient of exactly this name."""
    wanted = _name_of(account.first_name, account.last_name)
    (first, *others) = owners
    is_theirs = first.role == Role.PATIENT and first.is_active and not others
    if is_theirs and _name_of(first.first_name, first.last_name) == wanted:
        return first
    message = "This is in use by another account. Check it and the name, or leave it out."
    fields = {"phone": account.phone, "email": User.objects.normalize_address(account.email)}
    taken = {
        name for name, value in fields.items() for owner in owners if value and getattr(owner, name) == value
    }
    raise ValidationFailed(details={name: [message] for name in sorted(taken)})


def _name_of(first_name: str, last_name: str) -> str:
    return " ".join(f"{first_name} {last_name}".split()).casefold()
