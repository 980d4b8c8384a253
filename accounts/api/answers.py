"""What answers say of an account, a profile and a centre."""

from typing import Any

from accounts.models import PatientProfile, StaffCentre, User
from accounts.roles import Role
from accounts.services.profiles import COUNSELOR_FIELDS, PATIENT_FIELDS, PREFERENCES
from accounts.services.tokens import TokenPair


def account_answer(user: User) -> dict[str, Any]:
    """An account as its owner sees it."""
    return {
        "id": user.pk,
        "role": user.role,
        "display_name": user.full_name,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "phone": user.phone,
        "username": user.username,
        **preferences_answer(user),
    }


def me_answer(user: User) -> dict[str, Any]:
    """One query: the centres."""
    places = (
        StaffCentre.objects.filter(user=user)
        .order_by("centre__name")
        .values_list("centre_id", "centre__name")
    )
    return account_answer(user) | {"centres": [{"id": pk, "name": name} for pk, name in places]}


def tokens_answer(pair: TokenPair) -> dict[str, Any]:
    return {"access": pair.access, "refresh": pair.refresh, "expires_in": pair.expires_in_seconds}


def signed_in_answer(pair: TokenPair) -> dict[str, Any]:
    return tokens_answer(pair) | {"user": account_answer(pair.user)}


def preferences_answer(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in PREFERENCES}


def patient_answer(patient: PatientProfile, *, reader: User) -> dict[str, Any]:
    """A patient in a list, as `reader` may know them. Fetch the account along."""
    user, is_hidden = patient.user, patient.is_hidden_from(reader)
    return {
        "id": patient.pk,
        "display_name": patient.name_for(reader),
        "email": None if is_hidden else user.email,
        "phone": None if is_hidden else user.phone,
        "date_of_birth": None if is_hidden else patient.date_of_birth,
    }


def profile_answer(user: User, *, reader: User) -> dict[str, Any]:
    """A profile as `reader` may see it: whoever may not know the name gets the alias and nothing else."""
    patient = user.patient_profile if user.role == Role.PATIENT else None
    answer: dict[str, Any] = {"id": user.pk, "role": user.role}
    if patient is not None and patient.is_hidden_from(reader):
        return answer | {"display_name": patient.name_for(reader)}
    answer |= {
        "display_name": user.full_name,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "phone": user.phone,
    }
    if patient is not None:
        answer |= {name: getattr(patient, name) for name in PATIENT_FIELDS}
    if user.role == Role.COUNSELOR:
        answer |= {name: getattr(user.counselor_profile, name) for name in (*COUNSELOR_FIELDS, "is_approved")}
    return answer
