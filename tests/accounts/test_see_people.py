"""Who sees and reaches whom: each model's `visible_to` and its siblings, for every role, against the whole cast."""

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Centre, CounselorProfile, Device, PatientProfile, User
from accounts.permissions import MANAGEABLE_ROLES, PERMISSIONS, Action, Scope, role_may, scope_for
from accounts.roles import STAFF, Role
from tests.factories import CentreFactory, CounselorFactory, DeviceFactory, PatientFactory, StaffCentreFactory

pytestmark = pytest.mark.django_db

PATIENTS_SEEN = {
    "patient": {"a.patient"},
    "counselor": {"a.patient"},
    "front_desk": {"a.patient"},
    "care_coordinator": {"a.patient"},
    "centre_manager": {"a.patient"},
    "manager": {"a.patient", "b.patient", "stranger"},
    "admin": {"a.patient", "b.patient", "stranger"},
}
STAFF_OF_A = {"a.counselor", "a.front_desk", "a.care_coordinator"}
STAFF_OF_B = {"b.counselor", "b.front_desk", "b.care_coordinator"}
EVERYBODY_BELOW_ADMIN = (
    STAFF_OF_A
    | STAFF_OF_B
    | {"a.centre_manager", "b.centre_manager", "manager", "a.patient", "b.patient", "stranger"}
)
ACCOUNTS_MANAGED = {
    "centre_manager": STAFF_OF_A,
    "manager": EVERYBODY_BELOW_ADMIN,
    "admin": EVERYBODY_BELOW_ADMIN | {"admin"},
}
PLANNED = {
    "counselor": {"a.counselor"},
    "care_coordinator": {"a.counselor"},
    "centre_manager": {"a.counselor"},
    "manager": {"a.counselor", "b.counselor"},
    "admin": {"a.counselor", "b.counselor"},
}


@pytest.fixture
def names(cast) -> dict:
    people = {"stranger": cast.stranger, "manager": cast.manager, "admin": cast.admin}
    for side, company in (("a", cast.a), ("b", cast.b)):
        for role in ("patient", "counselor", "front_desk", "care_coordinator", "centre_manager"):
            people[f"{side}.{role}"] = getattr(company, role)
    return {user.pk: name for name, user in people.items()}


def named(rows, names) -> set[str]:
    found = [names[row.pk] for row in rows]
    assert len(found) == len(set(found)), "nobody is found twice"
    return set(found)


@pytest.mark.parametrize("role", Role.values)
def test_patients_of_the_register(cast, names, role):
    assert named(PatientProfile.objects.visible_to(cast.of_role(role)), names) == PATIENTS_SEEN[role]


@pytest.mark.parametrize("role", Role.values)
def test_patients_to_book_for(cast, names, role):
    assert named(PatientProfile.objects.bookable_by(cast.of_role(role)), names) == PATIENTS_SEEN[role]
    User.objects.filter(pk=cast.a.patient.pk).update(is_active=False)
    assert "a.patient" not in named(PatientProfile.objects.bookable_by(cast.of_role(role)), names)


@pytest.mark.parametrize("role", Role.values)
def test_accounts(cast, names, role):
    user = cast.of_role(role)

    seen = named(User.objects.visible_to(user), names)
    managed = named(User.objects.manageable_by(user), names)

    assert managed == ACCOUNTS_MANAGED.get(role, set())
    assert seen == {names[user.pk]} | PATIENTS_SEEN[role] | managed


@pytest.mark.parametrize("role", Role.values)
def test_counselors_are_public_and_planned_by_few(cast, names, role):
    user = cast.of_role(role)
    hidden = CounselorFactory(unapproved=True, primary_centre=cast.b.centre)
    names[hidden.pk] = "hidden"

    assert named(CounselorProfile.objects.availability_editable_by(user), names) - {"hidden"} == PLANNED.get(
        role, set()
    )
    seen = named(CounselorProfile.objects.visible_to(user), names)
    assert seen - {"hidden"} == {"a.counselor", "b.counselor"}
    assert ("hidden" in seen) == (role in {"manager", "admin"})


@pytest.mark.parametrize("role", Role.values)
def test_closed_centres_are_seen_by_those_who_run_them(cast, role):
    user = cast.of_role(role)
    Centre.objects.update(is_active=False)

    seen = set(Centre.objects.visible_to(user))

    everything = {cast.a.centre, cast.b.centre}
    assert seen == {"centre_manager": {cast.a.centre}, "manager": everything, "admin": everything}.get(
        role, set()
    )
    assert set(Centre.objects.editable_by(user)) == seen


def test_a_visitor_sees_the_directory_and_nothing_else(cast, names):
    visitor = AnonymousUser()

    assert named(CounselorProfile.objects.visible_to(visitor), names) == {"a.counselor", "b.counselor"}
    for model in (User, PatientProfile, Centre, Device):
        assert not model.objects.visible_to(visitor).exists()
    assert not PatientProfile.objects.bookable_by(visitor).exists()
    assert not User.objects.manageable_by(visitor).exists()
    assert not CounselorProfile.objects.availability_editable_by(visitor).exists()


def test_care_that_has_ended_shows_nothing(cast, names):
    from django.utils import timezone

    cast.a.counselor.counselor_profile.care_relationships.update(until=timezone.now())

    assert named(PatientProfile.objects.visible_to(cast.a.counselor), names) == set()


def test_somebody_at_two_centres_is_found_once(cast, names):
    StaffCentreFactory(user=cast.a.front_desk, centre=cast.b.centre)
    cast.a.patient.patient_profile.patient_centres.create(centre=cast.b.centre)

    assert named(PatientProfile.objects.visible_to(cast.a.front_desk), names) == {"a.patient", "b.patient"}


def test_centre_staff_without_a_centre_see_nobody_but_themselves(cast, names):
    for role in ("front_desk", "care_coordinator", "centre_manager"):
        user = getattr(cast.a, role)
        user.staff_centres.all().delete()
        assert named(User.objects.visible_to(user), names) == {f"a.{role}"}
        assert not PatientProfile.objects.visible_to(user).exists()


def test_devices_are_their_owners(cast):
    mine, _theirs = DeviceFactory(user=cast.stranger), DeviceFactory(user=cast.a.patient)

    assert list(Device.objects.visible_to(cast.stranger)) == [mine]
    assert list(Device.objects.visible_to(cast.admin)) == []


@pytest.mark.parametrize("anonymous", [True, False])
def test_only_a_counselor_reads_the_alias(cast, anonymous):
    patient = PatientFactory(anonymous=anonymous)

    for role in Role.values:
        shown = patient.name_for(cast.of_role(role))
        assert shown == (patient.alias if anonymous and role == "counselor" else patient.user.full_name)
    assert patient.name_for(None) == (patient.alias if anonymous else patient.user.full_name)


@settings(max_examples=200)
@given(role=st.sampled_from([*Role.values, "visitor", "nobody", ""]), action=st.sampled_from(list(Action)))
def test_what_the_table_does_not_name_is_closed(role, action):
    scope = scope_for(role, action)

    assert (scope is Scope.NONE) == (role not in PERMISSIONS[action])
    assert role_may(type("Reader", (), {"role": role})(), action) == (scope is not Scope.NONE)


def test_nobody_manages_a_role_above_their_own():
    rank = {Role.CENTRE_MANAGER: 1, Role.MANAGER: 2, Role.ADMIN: 3}

    assert set(MANAGEABLE_ROLES) == set(rank)
    for manager, managed in MANAGEABLE_ROLES.items():
        assert all(rank.get(role, 0) <= rank[manager] for role in managed)
    assert {role for role in Role if role not in STAFF}.isdisjoint(MANAGEABLE_ROLES)
    assert Role.CENTRE_MANAGER not in MANAGEABLE_ROLES[Role.CENTRE_MANAGER]


def test_an_unknown_centre_is_nowhere(cast):
    stray = CentreFactory()

    assert stray in Centre.objects.visible_to(cast.stranger)
    assert stray not in Centre.objects.editable_by(cast.a.centre_manager)
