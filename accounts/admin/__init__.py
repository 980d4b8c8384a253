"""Accounts in the console, one file a noun."""

from accounts.admin.audit import AuditEventAdmin
from accounts.admin.care import CareRelationshipAdmin
from accounts.admin.centres import CentreAdmin
from accounts.admin.counselors import CounselorAdmin
from accounts.admin.devices import DeviceAdmin
from accounts.admin.patients import PatientAdmin
from accounts.admin.users import UserAdmin

__all__ = [
    "AuditEventAdmin",
    "CareRelationshipAdmin",
    "CentreAdmin",
    "CounselorAdmin",
    "DeviceAdmin",
    "PatientAdmin",
    "UserAdmin",
]
