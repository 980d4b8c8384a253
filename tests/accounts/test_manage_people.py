"""The services that make and change accounts guard themselves: no door can forget to ask."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import (
    AuditEvent,
    CareReason,
    CareRelationship,
    Device,
    PatientCentre,
    PatientProfile,
    StaffCentre,
    User,
)
from accounts.roles import CENTRE_STAFF, STAFF, Role
from accounts.services.care import take_into_care
from accounts.services.centres import assign_staff_to_centre, remove_staff_from_centre, update_centre
from accounts.services.people import (
    NewAccount,
    NewCounselor,
    approve_counselor,
    create_counselor,
    create_patient,
    create_staff,
)
from accounts.services.profiles import update_profile
from accounts.services.security import (
    activate_user,
    change_password,
    deactivate_user,
    set_role,
    sign_out_everywhere,
)
from accounts.services.tokens import revoke_device
from core.errors import InvalidState, PermissionDenied, ValidationFailed
from core.facts import fact
from tests.factories import DeviceFactory, StaffFactory

pytestmark = pytest.mark.django_db

ACCOUNT = NewAccount(
    first_name="Noor", last_name="Khan", email="Noor@Example.test", password="a-long-enough-secret"
)
MAY_MAKE = {
    "centre_manager": {Role.FRONT_DESK, Role.CARE_COORDINATOR},
    "manager": STAFF - {Role.ADMIN},
    "admin": STAFF,
}


@pytest.mark.parametrize("actor", Role.values)
@pytest.mark.parametrize("role", sorted(STAFF))
def test_who_makes_staff_of_which_role(cast, actor, role):
    centres = [cast.a.centre] if role in CENTRE_STAFF else []
    make = lambda: create_staff(account=ACCOUNT, role=Role(role), centres=centres, actor=cast.of_role(actor))  # noqa: E731

    if role in MAY_MAKE.get(actor, set()):
        user = make()
        assert (user.role, user.email) == (role, "noor@example.test")
        assert user.emailaddress_set.get().primary
        assert AuditEvent.objects.filter(action=f"account.created.{role}", object_id=user.pk).exists()
    else:
        with pytest.raises(PermissionDenied):
            make()
        assert not User.objects.filter(email="noor@example.test").exists()


@pytest.mark.parametrize("role", [Role.PATIENT, Role.COUNSELOR])
def test_staff_are_staff(cast, role):
    with pytest.raises(ValidationFailed):
        create_staff(account=ACCOUNT, role=role, centres=[cast.a.centre], actor=cast.admin)


def test_a_centre_manager_acts_in_their_own_centres_only(cast):
    mine, boss = cast.a.front_desk, cast.a.centre_manager

    for act in (
        lambda: create_staff(account=ACCOUNT, role=Role.FRONT_DESK, centres=[cast.b.centre], actor=boss),
        lambda: create_staff(
            account=ACCOUNT, role=Role.FRONT_DESK, centres=[cast.a.centre, cast.b.centre], actor=boss
        ),
        lambda: create_counselor(
            account=ACCOUNT, profile=NewCounselor(primary_centre=cast.b.centre), actor=boss
        ),
        lambda: assign_staff_to_centre(user=mine, centre=cast.b.centre, actor=boss),
        lambda: remove_staff_from_centre(user=cast.b.front_desk, centre=cast.b.centre, actor=boss),
        lambda: set_role(user=cast.b.front_desk, role=Role.CARE_COORDINATOR, actor=boss),
        lambda: set_role(user=mine, role=Role.CENTRE_MANAGER, actor=boss),
        lambda: set_role(user=boss, role=Role.ADMIN, actor=boss),
        lambda: deactivate_user(user=cast.b.front_desk, actor=boss),
        lambda: deactivate_user(user=cast.a.patient, actor=boss),
        lambda: update_profile(user=cast.b.counselor, values={"first_name": "X"}, actor=boss),
        lambda: update_centre(centre=cast.b.centre, values={"name": "X"}, actor=boss),
        lambda: create_patient(account=ACCOUNT, centre=cast.b.centre, actor=boss),
        lambda: approve_counselor(counselor=cast.a.counselor.counselor_profile, actor=boss),
        lambda: sign_out_everywhere(user=cast.b.front_desk, actor=boss),
        lambda: revoke_device(device=DeviceFactory(user=cast.b.front_desk), because="signed_out", actor=boss),
        lambda: change_password(user=mine, password="another-long-secret", actor=boss),
    ):
        with pytest.raises(PermissionDenied):
            act()

    set_role(user=mine, role=Role.CARE_COORDINATOR, actor=boss)
    deactivate_user(user=mine, actor=boss, why="left")
    assert User.objects.get(pk=mine.pk).is_active is False
    assert AuditEvent.objects.get(action="account.deactivated").why == "left"


@pytest.mark.parametrize("actor", ["patient", "counselor", "front_desk", "care_coordinator"])
def test_the_others_manage_nobody(cast, actor):
    someone = cast.of_role(actor)

    for act in (
        lambda: set_role(user=someone, role=Role.ADMIN, actor=someone),
        lambda: deactivate_user(user=cast.b.front_desk, actor=someone),
        lambda: activate_user(user=cast.a.front_desk, actor=someone),
        lambda: update_profile(user=cast.b.patient, values={"first_name": "X"}, actor=someone),
        lambda: create_counselor(
            account=ACCOUNT, profile=NewCounselor(primary_centre=cast.a.centre), actor=someone
        ),
    ):
        with pytest.raises(PermissionDenied):
            act()


@pytest.mark.parametrize(
    "account",
    [
        NewAccount(first_name="A", last_name="B"),
        NewAccount(first_name="A", last_name="B", phone="12"),
        NewAccount(first_name="A", last_name="B", email="x"),
        NewAccount(first_name="A", last_name="B", email="manager@example.test"),
        NewAccount(first_name="A", last_name="B", email="a@example.test", username="has spaces"),
        NewAccount(first_name="A", last_name="B", email="a@example.test", username="a@example.test"),
        NewAccount(first_name="A", last_name="B", email="a@example.test", timezone="Mars"),
        NewAccount(first_name="A" * 81, last_name="B", email="a@example.test"),
    ],
    ids=str,
)
def test_bad_accounts_are_refused_whole(cast, account):
    before = (User.objects.count(), StaffCentre.objects.count(), AuditEvent.objects.count())

    with pytest.raises(ValidationError):
        create_staff(account=account, role=Role.FRONT_DESK, centres=[cast.a.centre], actor=cast.admin)

    assert (User.objects.count(), StaffCentre.objects.count(), AuditEvent.objects.count()) == before


def test_a_counselor_is_listed_after_approval_only(cast):
    counselor = create_counselor(
        account=ACCOUNT,
        profile=NewCounselor(primary_centre=cast.a.centre),
        centres=[cast.b.centre],
        actor=cast.manager,
    )
    listed = type(counselor).objects.listed()

    assert counselor not in listed.all()
    approve_counselor(counselor=counselor, actor=cast.manager)
    approve_counselor(counselor=counselor, actor=cast.manager)
    assert counselor in listed.all()
    assert AuditEvent.objects.filter(action="counselor.approved").count() == 1
    assert counselor.user.staff_centres.count() == 2
    deactivate_user(user=counselor.user, actor=cast.manager)
    assert counselor not in listed.all()


def test_nobody_becomes_a_counselor_by_a_role_alone(cast):
    with pytest.raises(InvalidState):
        set_role(user=cast.a.front_desk, role=Role.COUNSELOR, actor=cast.admin)


def test_the_last_admin_stays_unless_there_is_another(cast):
    with pytest.raises(InvalidState):
        deactivate_user(user=cast.admin, actor=cast.admin)
    with pytest.raises(InvalidState):
        set_role(user=cast.admin, role=Role.PATIENT, actor=cast.admin)

    StaffFactory(role=Role.ADMIN)
    set_role(user=cast.admin, role=Role.MANAGER, actor=cast.admin)
    assert User.objects.get(pk=cast.admin.pk).role == Role.MANAGER


def test_what_raises_security_version_ends_devices(cast):
    device = DeviceFactory(user=cast.a.front_desk)

    set_role(user=cast.a.front_desk, role=Role.FRONT_DESK, actor=cast.admin)  # nothing changes, nothing ends
    device.refresh_from_db()
    assert device.revoked_at is None
    set_role(user=cast.a.front_desk, role=Role.CARE_COORDINATOR, actor=cast.admin)

    assert Device.objects.get(pk=device.pk).revoked_because == "security_change"


def test_a_walk_in_needs_a_phone_only_and_two_of_them_no_e_mail(cast):
    for number in ("+919812345678", "+919812345679"):
        patient = create_patient(
            account=NewAccount(first_name="Walk", last_name="In", phone=number),
            centre=cast.a.centre,
            actor=cast.a.front_desk,
        )
        assert patient.user.email is None
        assert not patient.user.has_usable_password()
        assert not patient.user.emailaddress_set.exists()


def test_care_is_opened_once_and_again_after_its_end(cast):
    patient, counselor = cast.stranger, cast.b.counselor

    def take():
        with fact(actor=patient) as f:
            take_into_care(
                f,
                patient_id=patient.pk,
                counselor_id=counselor.pk,
                centre_id=cast.b.centre.pk,
                why=CareReason.SESSION,
            )

    take()
    take()
    care = CareRelationship.objects.get(patient=patient.pk, counselor=counselor.pk)
    assert PatientCentre.objects.filter(patient=patient.pk).count() == 1
    assert PatientProfile.objects.visible_to(counselor).filter(pk=patient.pk).exists()

    care.until = timezone.now()
    care.save()
    assert not PatientProfile.objects.visible_to(counselor).filter(pk=patient.pk).exists()
    take()
    assert PatientProfile.objects.visible_to(counselor).filter(pk=patient.pk).exists()
    assert CareRelationship.objects.filter(patient=patient.pk).count() == 2


def test_every_account_has_its_address_in_step(cast):
    from allauth.account.models import EmailAddress

    user = create_staff(account=ACCOUNT, role=Role.MANAGER, actor=cast.admin)

    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.primary, address.verified) == (user.email, True, True)
