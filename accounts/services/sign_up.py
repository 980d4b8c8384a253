"""Signing up makes a patient, and nothing but a patient."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts.models import PatientProfile, User
from accounts.roles import Role
from accounts.services.email_addresses import keep_email_address
from core.facts import fact


def sign_up_patient(
    *,
    email: str,
    password: str,
    first_name: str,
    last_name: str,
    timezone: str = "UTC",
    language: str = "en",
    phone: str | None = None,
    lead_source: str = "",
    is_email_verified: bool = False,
) -> User:
    """A patient's account with its profile. Raises Django's ValidationError by field: taken address, weak password.

    The same for the page and the API. `timezone` is an IANA zone, `phone` has its country code.
    """
    user = User(
        email=User.objects.normalize_address(email),
        phone=phone or None,
        first_name=first_name.strip(),
        last_name=last_name.strip(),
        role=Role.PATIENT,
        timezone=timezone,
        language=language,
    )
    check_password_strength(password, user)
    user.set_password(password)
    user.full_clean(exclude=["password"])
    try:
        with fact(actor=user) as f:
            user.save(force_insert=True)
            PatientProfile.objects.create(user=user, lead_source=lead_source)
            keep_email_address(user, is_verified=is_email_verified)
            f.audit("account.signed_up", user, patient_id=user.pk)
            f.announce("account.signed_up", user=user.pk)
    except IntegrityError:
        user.validate_unique()  # somebody was faster: say which of the two is taken
        raise
    return user


def sign_up_unseen(*, email: str, password: str, phone: str | None = None, **about: Any) -> None:
    """Signs up like sign_up_patient, where addresses must be confirmed: nobody learns whether there was an account.

    The owner of a taken address gets a letter instead. A phone number that somebody has is left out of the new
    account, whose owner can give another one later. Raises ValidationError for what is wrong in itself only.
    """
    check_password_strength(
        password, User(email=email, first_name=about["first_name"], last_name=about["last_name"])
    )
    if User.objects.filter(email=User.objects.normalize_address(email)).exists():
        User().set_password(password)  # making an account hashes one too: the time must not tell them apart
        tell_owner_of_sign_up(email=email)
        return
    if phone and User.objects.filter(phone=phone).exists():
        phone = None
    sign_up_patient(email=email, password=password, phone=phone, **about)


def tell_owner_of_sign_up(*, email: str) -> None:
    """Somebody signed up with the address of an account: its owner gets a letter, and nobody else learns of it."""
    owner = User.objects.filter(email=User.objects.normalize_address(email)).first()
    with fact(actor=None) as f:
        f.announce("account.sign_up_repeated", user=owner.pk if owner else None)


def check_password_strength(password: str, user: User) -> None:
    """Raises Django's ValidationError under "password"."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from None
