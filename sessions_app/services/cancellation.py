"""Cancelling a session: its time is free again at once."""

from datetime import datetime

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from core.errors import Conflict, InvalidState
from core.facts import Fact, fact
from core.money import amount_in_words
from sessions_app.models import CancellationCharge, Session, SessionParticipant, SessionStatus
from sessions_app.services.occupancy import give_back, lock
from sessions_app.services.policies import CancellationCost, cost_of_cancelling
from sessions_app.services.seats import active_participants, holds_of_places, leave_seat, require_taking_part
from sessions_app.services.states import locked_session, require_transition


def cancel_session(
    *,
    session: Session,
    actor: User,
    reason: str = "",
    agreed_charge_minor: int | None = None,
    now: datetime | None = None,
) -> Session:
    """Cancel it and free its time. A patient who gives less notice than they agreed to owes a charge.

    A patient cancels for themselves: where others take part, the session stays theirs. With `agreed_charge_minor`, what
    the patient was shown, it is refused (Conflict) when it costs more by now; None takes it as it is. Raises
    InvalidState when it has ended, was cancelled before, or, for a patient, has begun.
    """
    now = now or timezone.now()
    with fact(actor=actor) as current:
        if session.capacity > 1:  # who comes meanwhile waits, or has come
            lock(session.counselor_id)
        kept = locked_session(session)
        participants = active_participants(kept)
        require_transition(kept, SessionStatus.CANCELLED)
        require_cancellable(kept, actor, now)
        cost = cost_of_cancelling(session=kept, actor=actor, now=now)
        _require_agreed(cost, agreed_charge_minor)
        if actor.role == Role.PATIENT and len(participants) > 1:
            own = next(each for each in participants if each.patient_id == actor.pk)
            leave(current, kept, own, actor=actor, reason=reason, cost=cost, now=now)
            return kept
        _cancel_whole(current, kept, actor=actor, now=now)
        for participant in participants:
            _charge(current, kept, participant, cost)
            if reason:
                participant.cancellation_reason = reason
                participant.save(update_fields=["cancellation_reason"])
            current.audit(
                "session.cancelled", kept, patient_id=participant.patient_id, centre_id=kept.centre_id
            )
    return kept


def leave(
    current: Fact,
    session: Session,
    participant: SessionParticipant,
    *,
    actor: User,
    reason: str,
    cost: CancellationCost | None,
    now: datetime,
) -> None:
    """One of several comes no more; the place is offered again. The session and the counselor's calendar are locked."""
    leave_seat(session, participant, by=actor.pk, reason=reason, now=now)
    if cost is not None:
        _charge(current, session, participant, cost)
    current.audit("session.left", session, patient_id=participant.patient_id, centre_id=session.centre_id)
    current.announce(
        "session.left", session=session.pk, patient=participant.patient_id, sequence=session.sequence
    )


def _cancel_whole(current: Fact, session: Session, *, actor: User, now: datetime) -> None:
    session.status = SessionStatus.CANCELLED
    session.cancelled_by = actor
    session.cancelled_at = now
    session.sequence += 1
    session.save(update_fields=["status", "cancelled_by", "cancelled_at", "sequence"])
    give_back([session.entry_id, *holds_of_places(session)])
    current.announce("session.cancelled", session=session.pk)


def _charge(current: Fact, session: Session, participant: SessionParticipant, cost: CancellationCost) -> None:
    if cost.charge_minor and cost.policy is not None:
        current.insert(
            CancellationCharge(
                session=session, participant=participant, policy=cost.policy, amount_minor=cost.charge_minor
            )
        )


def require_cancellable(session: Session, actor: User, now: datetime) -> None:
    """Raises InvalidState for a patient once it has begun, and for one who has cancelled for themselves.

    Whoever did not come or broke off is said by others.
    """
    require_taking_part(session, actor)
    if actor.role == Role.PATIENT and (session.start <= now or session.status == SessionStatus.IN_PROGRESS):
        raise InvalidState("This session has begun already, so it can no longer be cancelled.")


def _require_agreed(cost: CancellationCost, agreed_charge_minor: int | None) -> None:
    if agreed_charge_minor is not None and cost.charge_minor > agreed_charge_minor:
        amount = amount_in_words(cost.charge_minor, cost.currency)
        raise Conflict(
            f"Cancelling now costs {amount}, more than you were shown. Look at it again before you cancel.",
            details={"charge_minor": cost.charge_minor, "currency": cost.currency},
        )
