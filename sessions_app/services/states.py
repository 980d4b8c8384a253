"""The session's states: what may follow what, how it begins and ends, and how a wrong end is put right."""

from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from accounts.models import CounselorProfile, User
from core.errors import InvalidState
from core.facts import Fact, fact
from sessions_app.models import ALLOWED_TRANSITIONS, CORRECTIONS, Session, SessionStatus
from sessions_app.services.ratings import count_ratings_of
from sessions_app.services.seats import active_participants

STARTS_EARLY = timedelta(minutes=10)
"""How long before its time a session can be begun: when both are there already."""


def start_session(*, session: Session, actor: User, now: datetime | None = None) -> Session:
    """It begins. Raises InvalidState more than ten minutes before its time, after it, or in another state."""
    now = now or timezone.now()
    with fact(actor=actor) as current:
        kept = locked_session(session)
        require_transition(kept, SessionStatus.IN_PROGRESS)
        if now < kept.start - STARTS_EARLY:
            raise InvalidState("It is too early: a session can be started ten minutes before its time.")
        if now >= kept.end:
            raise InvalidState("The time of this session is over. Note how it went instead.")
        _move_to(current, kept, SessionStatus.IN_PROGRESS, "session.started")
    return kept


def complete_session(*, session: Session, actor: User, now: datetime | None = None) -> Session:
    """It took place. Raises InvalidState before it has begun, or when it has ended otherwise."""
    with fact(actor=actor) as current:
        kept = locked_session(session)
        require_transition(kept, SessionStatus.COMPLETED)
        _require_begun(kept, now or timezone.now())
        _move_to(current, kept, SessionStatus.COMPLETED, "session.completed")
    return kept


def mark_no_show(*, session: Session, actor: User, now: datetime | None = None) -> Session:
    """Nobody came. Raises InvalidState before its start, when it has ended otherwise, or somebody was checked in."""
    with fact(actor=actor) as current:
        kept = locked_session(session)
        require_transition(kept, SessionStatus.NO_SHOW)
        if kept.participants.filter(arrived_at__isnull=False).exists():
            raise InvalidState(
                "The desk has noted that somebody came. Undo the check-in first, if it was wrong."
            )
        _require_begun(kept, now or timezone.now())
        _move_to(current, kept, SessionStatus.NO_SHOW, "session.no_show")
    return kept


def correct_session(*, session: Session, status: SessionStatus, reason: str, actor: User) -> Session:
    """Put right an end that was noted wrongly; the reason goes into the audit trail.

    Completed and missed may become one another, or confirmed again, as if nobody had said anything yet. Raises
    InvalidState for any other pair. Ratings count while the session is completed, and are kept for when it is again.
    """
    with fact(actor=actor) as current:
        kept = locked_session(session)
        if status not in CORRECTIONS.get(kept.status, ()):
            was, wanted = SessionStatus(kept.status).label.lower(), status.label.lower()
            raise InvalidState(f"A session that is {was} cannot be put right to be {wanted}.")
        _move_to(current, kept, status, "session.corrected", why=reason)
    return kept


def locked_session(session: Session) -> Session:
    """The session as it is now, locked until the transaction ends.

    By itself: joined with its entry it would not be found when it got another one while this waited for it.
    """
    return Session.objects.select_for_update().get(pk=session.pk)


def require_transition(session: Session, target: SessionStatus) -> None:
    """Raises InvalidState, naming the state that is in the way."""
    if target not in ALLOWED_TRANSITIONS[session.status]:
        state = SessionStatus(session.status).label.lower()
        raise InvalidState(f"This session is {state}, so this can no longer be done.")


def _require_begun(session: Session, now: datetime) -> None:
    if session.status == SessionStatus.CONFIRMED and session.start > now:
        raise InvalidState("This session has not begun yet.")


def _move_to(current: Fact, kept: Session, status: SessionStatus, code: str, *, why: str = "") -> None:
    """Write the state, and the counselor's figures with it: they count what is completed, and its ratings."""
    was, kept.status = kept.status, status
    kept.save(update_fields=["status"])
    change = (status == SessionStatus.COMPLETED) - (was == SessionStatus.COMPLETED)
    if change:
        CounselorProfile.objects.filter(pk=kept.counselor_id).update(
            sessions_completed=F("sessions_completed") + change
        )
        count_ratings_of(kept, times=change)
    for patient_id in [participant.patient_id for participant in active_participants(kept)]:
        current.audit(code, kept, patient_id=patient_id, centre_id=kept.centre_id, why=why)
    current.announce(code, session=kept.pk, status=status)
