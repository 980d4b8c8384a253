"""Fetch one object and say whether this person may: the only way for a door to get one.

Not visible is NotFound, the same as missing; visible but not allowed is PermissionDenied.
"""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import CounselorProfile, PatientProfile, User
from accounts.permissions import Action, Scope, scope_for
from accounts.roles import Role
from core.errors import NotFound, PermissionDenied, ValidationFailed
from sessions_app.models import Session, SlotHold


def sessions_to_show(user: User) -> QuerySet[Session]:
    """The sessions that `user` may see, with what showing them needs."""
    return (
        Session.objects.visible_to(user)
        .select_related("counselor__user", "centre", "session_type")
        .prefetch_related("participants__patient__user")
    )


def access_session(user: User, session_id: UUID, action: Action = Action.SESSION_SEE) -> Session:
    session = sessions_to_show(user).filter(pk=session_id).first()
    if session is None:
        raise NotFound("There is no such session, or it is not yours to see.")
    if action is not Action.SESSION_SEE and not _may(user, action, session):
        raise PermissionDenied()
    return session


def access_hold(user: User, hold_id: UUID) -> SlotHold:
    hold = (
        SlotHold.objects.visible_to(user)
        .select_related("entry", "counselor__user", "centre", "session_type", "session", "patient__user")
        .filter(pk=hold_id)
        .first()
    )
    if hold is None:
        raise NotFound("There is no such hold, or it is not yours.")
    return hold


def access_bookable_patient(user: User, patient_id: UUID | None) -> UUID:
    """For whom a booking is made: oneself, or, for staff and counselors, the patient whom they name.

    Raises ValidationFailed when staff name nobody, NotFound for a patient whom they may not book for.
    """
    if scope_for(user.role, Action.SESSION_BOOK) is Scope.NONE:
        raise PermissionDenied()
    if user.role == Role.PATIENT and patient_id in (None, user.pk):
        return user.pk
    if patient_id is None:
        raise ValidationFailed(details={"patient": ["Name the patient whom you book for."]})
    if not PatientProfile.objects.bookable_by(user).filter(pk=patient_id).exists():
        raise NotFound("There is no such patient, or you may not book for them.")
    return patient_id


def access_listed_counselor(user: User | AnonymousUser, counselor_id: UUID) -> CounselorProfile:
    """A counselor of the directory; those who plan availability also reach the unlisted ones that they plan for."""
    counselor = (
        CounselorProfile.objects.visible_to(user)
        .select_related("user", "primary_centre")
        .filter(pk=counselor_id)
        .first()
    )
    if counselor is None:
        raise NotFound("There is no such counselor here.")
    return counselor


def access_availability(user: User, counselor_id: UUID) -> CounselorProfile:
    """A counselor whose weekly hours `user` may change."""
    counselor = access_listed_counselor(user, counselor_id)
    if not CounselorProfile.objects.availability_editable_by(user).filter(pk=counselor_id).exists():
        raise PermissionDenied()
    return counselor


def _may(user: User, action: Action, session: Session) -> bool:
    return Session.objects.within(scope_for(user.role, action), user).filter(pk=session.pk).exists()
