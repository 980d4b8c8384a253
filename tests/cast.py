"""The fixed cast: two centres, everybody twice, so that every “whose is it” can be asked.

def test_…(cast, api_as):
    api_as(cast.a.front_desk).get(f"/api/patients/{cast.b.patient.pk}")   # another centre's
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from rest_framework.test import APIClient

from accounts.models import Centre, User
from accounts.roles import Role
from accounts.services.tokens import Client, open_device
from tests.factories import (
    CareRelationshipFactory,
    CentreFactory,
    CounselorFactory,
    PatientFactory,
    StaffFactory,
)


@dataclass(frozen=True)
class Company:
    """One centre and its people: accounts, all active. The patient is registered there and in the counselor's care."""

    centre: Centre
    patient: User
    counselor: User
    front_desk: User
    care_coordinator: User
    centre_manager: User


@dataclass(frozen=True)
class Cast:
    """`stranger` is a patient whom no centre and no counselor knows; manager and admin belong to no centre."""

    a: Company
    b: Company
    stranger: User
    manager: User
    admin: User

    def of_role(self, role: str) -> User:
        """The one of this role, of centre A where there are two."""
        return getattr(self.a, role, None) or getattr(self, role)


def _company(name: str, zone: str) -> Company:
    centre = CentreFactory(name=f"Centre {name.upper()}", timezone=zone)
    patient = PatientFactory(user__email=f"patient.{name}@example.test", centre=centre)
    counselor = CounselorFactory(user__email=f"counselor.{name}@example.test", primary_centre=centre)
    CareRelationshipFactory(patient=patient, counselor=counselor)
    staff = {
        role.value: StaffFactory(role=role, centre=centre, email=f"{role.value}.{name}@example.test")
        for role in (Role.FRONT_DESK, Role.CARE_COORDINATOR, Role.CENTRE_MANAGER)
    }
    return Company(centre=centre, patient=patient.user, counselor=counselor.user, **staff)


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast(
        a=_company("a", "Asia/Kolkata"),
        b=_company("b", "Europe/London"),
        stranger=PatientFactory(user__email="stranger@example.test").user,
        manager=StaffFactory(role=Role.MANAGER, email="manager@example.test"),
        admin=StaffFactory(role=Role.ADMIN, email="admin@example.test"),
    )


@pytest.fixture
def api_as() -> Callable[[User], APIClient]:
    """`api_as(user)` is an API client that carries an access token of `user`."""
    return signed_in_client


def signed_in_client(user: User) -> APIClient:
    pair = open_device(user=user, client=Client(user_agent="tests", ip=None))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair.access}")
    return client
