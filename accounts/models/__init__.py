"""Who people are, where they belong, and what was done by whom. One file a noun."""

from accounts.models.audit import AuditEvent
from accounts.models.care import CareRelationship
from accounts.models.centres import Centre, PatientCentre, StaffCentre
from accounts.models.devices import Device, RefreshToken, RevokedBecause
from accounts.models.profiles import CounselorProfile, PatientProfile
from accounts.models.users import User

__all__ = [
    "AuditEvent",
    "CareRelationship",
    "Centre",
    "CounselorProfile",
    "Device",
    "PatientCentre",
    "PatientProfile",
    "RefreshToken",
    "RevokedBecause",
    "StaffCentre",
    "User",
]
