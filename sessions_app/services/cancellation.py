"""Cancelling a session: its time is free again at once."""

from datetime import datetime

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from core.errors import Conflict, InvalidState
from core.facts import fact
from core.money import amount_in_words
from sessions_app.models import CancellationCharge, Session, SessionStatus
from sessions_app.services.occupancy import give_back
from sessions_app.services.policies import CancellationCost, cost_of_cancelling
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

    With `agreed_charge_minor`, what the patient was shown, it is refused (Conflict) when it costs more by now; None
    takes it as it is. Raises InvalidState when it has ended, was cancelled before, or, for a patient, has begun.
    """
    now = now or timezone.now()
    with fact(actor=actor) as current:
        kept = locked_session(session)
        require_transition(kept, SessionStatus.CANCELLED)
        require_cancellable(kept, actor, now)
        cost = cost_of_cancelling(session=kept, actor=actor, now=now)
        _require_agreed(cost, agreed_charge_minor)
        kept.status = SessionStatus.CANCELLED
        kept.cancelled_by = actor
        kept.cancelled_at = now
        kept.sequence += 1
        kept.save(update_fields=["status", "cancelled_by", "cancelled_at", "sequence"])
        give_back([kept.entry_id])
        if cost.charge_minor and cost.policy is not None:
            current.insert(
                CancellationCharge(session=kept, policy=cost.policy, amount_minor=cost.charge_minor)
            )
        for participant in kept.participants.all():
            if reason:
                participant.cancellation_reason = reason
                participant.save(update_fields=["cancellation_reason"])
            current.audit(
                "session.cancelled", kept, patient_id=participant.patient_id, centre_id=kept.centre_id
            )
        current.announce("session.cancelled", session=kept.pk)
    return kept


def require_cancellable(session: Session, actor: User, now: datetime) -> None:
    """Raises InvalidState for a patient once it has begun. Whoever did not come or broke off is said by others."""
    if actor.role == Role.PATIENT and (session.start <= now or session.status == SessionStatus.IN_PROGRESS):
        raise InvalidState("This session has begun already, so it can no longer be cancelled.")


def _require_agreed(cost: CancellationCost, agreed_charge_minor: int | None) -> None:
    if agreed_charge_minor is not None and cost.charge_minor > agreed_charge_minor:
        amount = amount_in_words(cost.charge_minor, cost.currency)
        raise Conflict(
            f"Cancelling now costs {amount}, more than you were shown. Look at it again before you cancel.",
            details={"charge_minor": cost.charge_minor, "currency": cost.currency},
        )
