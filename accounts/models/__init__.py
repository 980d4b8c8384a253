"""Who people are, where they belong, and what was done by whom. One file a noun."""

from accounts.models.audit import AuditEvent
from accounts.models.care import CareReason, CareRelationship
from accounts.models.centres import Centre, PatientCentre, StaffCentre
from accounts.models.devices import Device, RefreshToken, RevokedBecause
from accounts.models.profiles import CounselorProfile, PatientProfile, Presence
from accounts.models.users import FontSize, Theme, User

__all__ = [
    "AuditEvent",
    "CareReason",
    "CareRelationship",
    "Centre",
    "CounselorProfile",
    "Device",
    "FontSize",
    "PatientCentre",
    "PatientProfile",
    "Presence",
    "RefreshToken",
    "RevokedBecause",
    "StaffCentre",
    "Theme",
    "User",
]
