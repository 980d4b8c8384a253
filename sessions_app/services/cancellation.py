"""Cancelling a session: its time is free again at once."""

from datetime import datetime

from django.utils import timezone

from accounts.models import User
from core.errors import InvalidState
from core.facts import fact
from sessions_app.models import Session, SessionStatus
from sessions_app.services.occupancy import give_back
from sessions_app.services.states import locked_session, require_transition


def cancel_session(
    *, session: Session, actor: User, reason: str = "", now: datetime | None = None
) -> Session:
    """Cancel it and free its time. Raises InvalidState when it is over, has begun, or was cancelled before."""
    now = now or timezone.now()
    with fact(actor=actor) as current:
        kept = locked_session(session)
        require_transition(kept, SessionStatus.CANCELLED)
        if kept.start <= now:
            raise InvalidState("This session has begun already, so it can no longer be cancelled.")
        kept.status = SessionStatus.CANCELLED
        kept.cancelled_by = actor
        kept.cancelled_at = now
        kept.sequence += 1
        kept.save(update_fields=["status", "cancelled_by", "cancelled_at", "sequence"])
        give_back([kept.entry_id])
        for participant in kept.participants.all():
            if reason:
                participant.cancellation_reason = reason
                participant.save(update_fields=["cancellation_reason"])
            current.audit(
                "session.cancelled", kept, patient_id=participant.patient_id, centre_id=kept.centre_id
            )
        current.announce("session.cancelled", session=kept.pk)
    return kept
