"""Accounts that somebody makes for somebody else: staff, counselors, patients at the desk."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts.models import Centre, CounselorProfile, PatientCentre, PatientProfile, StaffCentre, User
from accounts.permissions import Action
from accounts.roles import CENTRE_STAFF, STAFF, Role
from accounts.services.authority import (
    require_everywhere,
    require_may_manage_role,
    require_may_register,
    require_may_staff,
)
from accounts.services.email_addresses import keep_email_address
from core.errors import ValidationFailed
from core.facts import Fact, fact


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """Who it is. At least one of email and phone; `password` None sends an invitation to choose one."""

    first_name: str
    last_name: str
    email: str | None = None
    phone: str | None = None
    username: str | None = None
    password: str | None = None
    timezone: str = "UTC"
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCounselor:
    """What the directory shows. `languages` are BCP 47 codes."""

    primary_centre: Centre
    license_number: str = ""
    title: str = ""
    bio: str = ""
    specializations: list[str] = field(default_factory=list)
    qualifications: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    years_of_experience: int = 0


def create_staff(
    *, account: NewAccount, role: Role, centres: Iterable[Centre] = (), actor: User | None
) -> User:
    """An account of one of the five staff roles, at `centres`.

    Raises PermissionDenied where `actor` may not make such an account there, ValidationFailed for a role that is no
    staff role or centre staff without a centre, and Django's ValidationError for fields.
    """
    if role not in STAFF:
        raise ValidationFailed(details={"role": ["Choose a staff role."]})
    centres = list(centres)
    if role in CENTRE_STAFF and not centres:
        raise ValidationFailed(details={"centres": ["Choose at least one centre for this role."]})
    require_may_manage_role(actor, role)
    require_may_staff(actor, centres)
    with fact(actor=actor) as f:
        user = _create_user(account, role, f)
        _place(user, centres)
        f.audit(f"account.created.{role}", user, centre_id=centres[0].pk if centres else None)
    return user


def create_counselor(
    *, account: NewAccount, profile: NewCounselor, centres: Iterable[Centre] = (), actor: User | None
) -> CounselorProfile:
    """A counselor's account and profile, at the primary centre and `centres`. Not listed before approve_counselor."""
    places = list({centre.pk: centre for centre in (profile.primary_centre, *centres)}.values())
    require_may_manage_role(actor, Role.COUNSELOR)
    require_may_staff(actor, places)
    with fact(actor=actor) as f:
        user = _create_user(account, Role.COUNSELOR, f)
        counselor = CounselorProfile(
            user=user, **{name: getattr(profile, name) for name in profile.__slots__}
        )
        counselor.full_clean(exclude=["user"])
        counselor.save(force_insert=True)
        _place(user, places)
        f.audit("account.created.counselor", user, centre_id=profile.primary_centre.pk)
    return counselor


def approve_counselor(*, counselor: CounselorProfile, actor: User | None) -> None:
    """From now on listed and bookable, as long as active and accepting. Raises PermissionDenied below manager."""
    require_everywhere(actor, Action.STAFF_MANAGE)
    with fact(actor=actor) as f:
        if CounselorProfile.objects.filter(pk=counselor.pk, is_approved=False).update(is_approved=True):
            f.audit("counselor.approved", counselor, centre_id=counselor.primary_centre_id)
            f.announce("counselor.approved", counselor=counselor.pk)
    counselor.is_approved = True


def create_patient(
    *, account: NewAccount, centre: Centre, lead_source: str = "", actor: User | None
) -> PatientProfile:
    """A new patient of `centre`; a phone number alone is enough. The desk asks services/register.py first."""
    require_may_register(actor, centre)
    with fact(actor=actor) as f:
        user = _create_user(account, Role.PATIENT, f)
        patient = PatientProfile.objects.create(user=user, lead_source=lead_source)
        PatientCentre.objects.create(patient=patient, centre=centre)
        f.audit("account.created.patient", user, patient_id=user.pk, centre_id=centre.pk)
    return patient


def _create_user(account: NewAccount, role: Role, f: Fact) -> User:
    user: User = User.objects.create_user(
        role=role,
        email=account.email,
        phone=account.phone or None,
        username=account.username or None,
        first_name=account.first_name.strip(),
        last_name=account.last_name.strip(),
        password=account.password,
        timezone=account.timezone,
        language=account.language,
    )
    # Whoever makes the account vouches for the address; an invitation reaches nobody else.
    keep_email_address(user, is_verified=True)
    if account.password is None and user.email:
        f.announce("account.invited", user=user.pk)
    return user


def _place(user: User, centres: Iterable[Centre]) -> None:
    StaffCentre.objects.bulk_create(StaffCentre(user=user, centre=centre) for centre in centres)
