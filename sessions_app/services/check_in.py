"""Checking in: the desk notes that a patient is there, and the counselor sees it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from core.errors import InvalidState, ValidationFailed
from core.facts import fact
from sessions_app.models import (
    OPEN_STATES,
    Mode,
    ParticipantStatus,
    Session,
    SessionParticipant,
    SessionStatus,
)
from sessions_app.services.states import locked_session

EARLIEST = timedelta(hours=12)
"""How long before its time somebody can have come for a session: at any hour of the day that it is on."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One who takes part; `arrived_at` None: not there yet."""

    patient_id: UUID
    arrived_at: datetime | None


def check_in(
    *, session: Session, actor: User, patient_id: UUID | None = None, now: datetime | None = None
) -> Session:
    """The patient is there; without one named, all who take part are. Who was there already stays so.

    Raises InvalidState for a session that is not in person, has ended, or is not today; ValidationFailed for somebody
    who does not take part.
    """
    now = now or timezone.now()
    with fact(actor=actor) as current:
        kept = locked_session(session)
        require_open_to_check_in(kept, now)
        for one in _named(kept, patient_id):
            if one.arrived_at is None:
                _note(one, now)
                current.audit("session.checked_in", kept, patient_id=one.patient_id, centre_id=kept.centre_id)
                current.announce("session.checked_in", session=kept.pk, patient=one.patient_id)
    return kept


def undo_check_in(*, session: Session, actor: User, patient_id: UUID | None = None) -> Session:
    """It was noted wrongly: they are not there. Raises InvalidState once the session has ended."""
    with fact(actor=actor) as current:
        kept = locked_session(session)
        _require_open(kept)
        for one in _named(kept, patient_id):
            if one.arrived_at is not None:
                _note(one, None)
                current.audit(
                    "session.check_in_undone", kept, patient_id=one.patient_id, centre_id=kept.centre_id
                )
                current.announce("session.check_in_undone", session=kept.pk, patient=one.patient_id)
    return kept


def arrivals_of(session_ids: Collection[UUID]) -> dict[UUID, list[Arrival]]:
    """Who takes part in each of these sessions, and since when they are there, in one query."""
    arrivals: dict[UUID, list[Arrival]] = {}
    rows = SessionParticipant.objects.filter(session__in=session_ids).exclude(
        status=ParticipantStatus.CANCELLED
    )
    rows = rows.order_by("session", "id")
    for session_id, patient_id, arrived_at in rows.values_list("session_id", "patient_id", "arrived_at"):
        arrivals.setdefault(session_id, []).append(Arrival(patient_id, arrived_at))
    return arrivals


def is_open_to_check_in(*, status: str, mode: str, start: datetime, now: datetime) -> bool:
    return status in OPEN_STATES and mode == Mode.IN_PERSON and start - EARLIEST <= now


def require_open_to_check_in(session: Session, now: datetime) -> None:
    """Raises InvalidState, naming what is in the way."""
    _require_open(session)
    if session.mode != Mode.IN_PERSON:
        raise InvalidState("This session is not at the centre, so there is nobody to check in.")
    if not is_open_to_check_in(status=session.status, mode=session.mode, start=session.start, now=now):
        raise InvalidState("It is too early: people are checked in on the day of their session.")


def _require_open(session: Session) -> None:
    if session.status not in OPEN_STATES:
        state = SessionStatus(session.status).label.lower()
        raise InvalidState(f"This session is {state}, so nobody is checked in any more.")


def _named(session: Session, patient_id: UUID | None) -> list[SessionParticipant]:
    found = [one for one in session.taking_part if patient_id in (None, one.patient_id)]
    if not found:
        raise ValidationFailed(details={"patient": ["This person does not take part in the session."]})
    return found


def _note(participant: SessionParticipant, arrived_at: datetime | None) -> None:
    participant.arrived_at = arrived_at
    participant.save(update_fields=["arrived_at"])
