"""The session's states: what may follow what, and the ends that a session can come to by itself."""

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from accounts.models import CounselorProfile, User
from core.errors import InvalidState
from core.facts import fact
from sessions_app.models import ALLOWED_TRANSITIONS, Session, SessionStatus


def complete_session(*, session: Session, actor: User, now: datetime | None = None) -> Session:
    """It took place. Raises InvalidState before its start, or when it has ended otherwise."""
    with fact(actor=actor) as current:
        kept = locked_session(session)
        require_transition(kept, SessionStatus.COMPLETED)
        _require_begun(kept, now or timezone.now())
        kept.status = SessionStatus.COMPLETED
        kept.save(update_fields=["status"])
        CounselorProfile.objects.filter(pk=kept.counselor_id).update(
            sessions_completed=F("sessions_completed") + 1
        )
        for patient_id in kept.participants.values_list("patient_id", flat=True):
            current.audit("session.completed", kept, patient_id=patient_id, centre_id=kept.centre_id)
    return kept


def mark_no_show(*, session: Session, actor: User, now: datetime | None = None) -> Session:
    """Nobody came. Raises InvalidState before its start, or when it has ended otherwise."""
    with fact(actor=actor) as current:
        kept = locked_session(session)
        require_transition(kept, SessionStatus.NO_SHOW)
        _require_begun(kept, now or timezone.now())
        kept.status = SessionStatus.NO_SHOW
        kept.save(update_fields=["status"])
        for patient_id in kept.participants.values_list("patient_id", flat=True):
            current.audit("session.no_show", kept, patient_id=patient_id, centre_id=kept.centre_id)
    return kept


def locked_session(session: Session) -> Session:
    """The session as it is now, locked until the transaction ends."""
    return Session.objects.select_for_update().get(pk=session.pk)


def require_transition(session: Session, target: SessionStatus) -> None:
    """Raises InvalidState, naming the state that is in the way."""
    if target not in ALLOWED_TRANSITIONS[session.status]:
        state = SessionStatus(session.status).label.lower()
        raise InvalidState(f"This session is {state}, so this can no longer be done.")


def _require_begun(session: Session, now: datetime) -> None:
    if session.start > now:
        raise InvalidState("This session has not begun yet.")
