"""The only way a door gets one account, patient, counselor or centre.

Not visible raises NotFound, the same as missing; visible but not allowed raises PermissionDenied.
"""

import uuid
from typing import Any, TypeVar

from django.db import models
from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import Centre, CounselorProfile, PatientProfile, User
from core.errors import NotAuthenticated, NotFound, PermissionDenied

Model = TypeVar("Model", bound=models.Model)


def reader_of(request: HttpRequest | Request) -> User:
    """The account that asks. Raises NotAuthenticated for a visitor."""
    if not isinstance(request.user, User):
        raise NotAuthenticated()
    return request.user


def access_user(user: User, user_id: uuid.UUID) -> User:
    """An account to look at. Its names, for a counselor: see PatientProfile.name_for."""
    return _one(User.objects.visible_to(user).select_related("patient_profile", "counselor_profile"), user_id)


def access_patient(user: User, patient_id: uuid.UUID) -> PatientProfile:
    return _one(PatientProfile.objects.visible_to(user).select_related("user"), patient_id)


def access_patient_to_book_for(user: User, patient_id: uuid.UUID) -> PatientProfile:
    """A patient for whom `user` may hold and book. An account that was deactivated takes no bookings."""
    patient = access_patient(user, patient_id)
    if not PatientProfile.objects.bookable_by(user).filter(pk=patient.pk).exists():
        raise PermissionDenied()
    return patient


def access_counselor(user: Any, counselor_id: uuid.UUID) -> CounselorProfile:
    """A counselor as the public sees them (`user` may be a visitor), or one that `user` plans for."""
    return _one(
        CounselorProfile.objects.visible_to(user).select_related("user", "primary_centre"), counselor_id
    )


def access_counselor_to_plan(user: User, counselor_id: uuid.UUID) -> CounselorProfile:
    """A counselor whose weekly hours `user` may change."""
    counselor = access_counselor(user, counselor_id)
    if not CounselorProfile.objects.availability_editable_by(user).filter(pk=counselor.pk).exists():
        raise PermissionDenied()
    return counselor


def access_centre(user: User, centre_id: uuid.UUID) -> Centre:
    return _one(Centre.objects.visible_to(user), centre_id)


def access_centre_to_edit(user: User, centre_id: uuid.UUID) -> Centre:
    centre = access_centre(user, centre_id)
    if not Centre.objects.editable_by(user).filter(pk=centre.pk).exists():
        raise PermissionDenied()
    return centre


def _one(queryset: models.QuerySet[Model], pk: uuid.UUID) -> Model:
    found = queryset.filter(pk=pk).first()
    if found is None:
        raise NotFound()
    return found
