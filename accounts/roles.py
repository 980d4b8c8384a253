"""The seven roles. One role a person (docs/access.md)."""

from django.db import models


class Role(models.TextChoices):
    PATIENT = "patient", "Patient"
    COUNSELOR = "counselor", "Counselor"
    FRONT_DESK = "front_desk", "Front desk"
    CARE_COORDINATOR = "care_coordinator", "Care coordinator"
    CENTRE_MANAGER = "centre_manager", "Centre manager"
    MANAGER = "manager", "Manager"
    ADMIN = "admin", "Admin"


CENTRE_STAFF = frozenset({Role.FRONT_DESK, Role.CARE_COORDINATOR, Role.CENTRE_MANAGER})
STAFF = CENTRE_STAFF | {Role.MANAGER, Role.ADMIN}
