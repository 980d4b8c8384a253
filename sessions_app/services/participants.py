"""Who takes part in a couple's or a group's session, as counselors and staff say: adding, taking out, missing."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from core.errors import InvalidState, NotFound, SlotTaken
from core.facts import Fact, fact
from core.statements import read_in_one_round_trip
from sessions_app.free_time import is_free, merge_spans
from sessions_app.models import (
    OPEN_STATES,
    ParticipantStatus,
    Session,
    SessionParticipant,
    SessionRating,
    SessionStatus,
)
from sessions_app.services.calendars import busy_statement
from sessions_app.services.cancellation import leave
from sessions_app.services.groups import join
from sessions_app.services.occupancy import give_back, lock
from sessions_app.services.own_holds import OWN_HOLDS, holds_in_the_way
from sessions_app.services.reservations import PATIENT_BUSY
from sessions_app.services.seats import active_participants, claim_place
from sessions_app.services.states import locked_session, require_transition

NO_PLACE_LEFT = "All places are taken or held. Take somebody out first, or choose another session."


def add_participant(
    *, session: Session, patient_id: UUID, actor: User, note: str = "", now: datetime | None = None
) -> Session:
    """Somebody else takes part from now on, until the session is over, and is told as if they had booked.

    Raises InvalidState for a session of one person, for who takes part already, and once it has ended or begun;
    SlotTaken when no place is left or the patient is busy then.
    """
    now = now or timezone.now()
    _require_several(session)
    with fact(actor=actor) as current:
        lock(session.counselor_id, patient_id)
        kept = locked_session(session)
        if kept.status != SessionStatus.CONFIRMED or kept.end <= now:
            raise InvalidState("Nobody can be added to this session any more.")
        if any(each.patient_id == patient_id for each in active_participants(kept)):
            raise InvalidState("This person takes part already.")
        place = claim_place(kept.pk, patient_id, now=now)
        if place is None:
            raise SlotTaken(NO_PLACE_LEFT)
        span = int(kept.start.timestamp()), int(kept.end.timestamp())
        busy, holds = read_in_one_round_trip(
            busy_statement(patient_id, kept.start, kept.end, patient_id), (OWN_HOLDS, [patient_id])
        )
        if not is_free(*span, merge_spans(busy)):
            raise SlotTaken(PATIENT_BUSY)
        give_back(holds_in_the_way(holds, {patient_id: span}))
        join(current, place, patient_id=patient_id, note=note, agreed_at=now)
    return kept


def remove_participant(
    *, session: Session, patient_id: UUID, actor: User, now: datetime | None = None
) -> Session:
    """One of several comes no more, at no charge; they are told, and the place is free again.

    Raises NotFound for who does not take part; InvalidState when nobody else does (then the session is to be
    cancelled), and once it has ended.
    """
    now = now or timezone.now()
    with fact(actor=actor) as current:
        lock(session.counselor_id)
        kept = locked_session(session)
        require_transition(kept, SessionStatus.CANCELLED)
        participants = active_participants(kept)
        one = _among(participants, patient_id)
        if len(participants) == 1:
            raise InvalidState("Nobody else takes part. Cancel the session instead.")
        leave(current, kept, one, actor=actor, reason="", cost=None, now=now)
    return kept


def note_missing(
    *, session: Session, patient_id: UUID, is_missing: bool, actor: User, now: datetime | None = None
) -> Session:
    """One of several did not come, while the others did; or (`is_missing` False) that was noted wrongly.

    Raises NotFound for who does not take part; InvalidState before it has begun, when it was cancelled or missed by
    all, and for who was checked in or has rated it.
    """
    now = now or timezone.now()
    _require_several(session)
    with fact(actor=actor) as current:
        kept = locked_session(session)
        if kept.status not in (*OPEN_STATES, SessionStatus.COMPLETED) or kept.start > now:
            raise InvalidState("This can be noted once the session has begun, unless it did not take place.")
        one = _among(active_participants(kept), patient_id)
        if is_missing:
            _require_not_there(kept, one)
        wanted = ParticipantStatus.NO_SHOW if is_missing else ParticipantStatus.CONFIRMED
        if one.status != wanted:
            _note(current, kept, one, wanted)
    return kept


def _note(current: Fact, session: Session, one: SessionParticipant, status: ParticipantStatus) -> None:
    one.status = status
    one.save(update_fields=["status"])
    code = "session.missed_by_one" if status == ParticipantStatus.NO_SHOW else "session.missed_by_one_undone"
    current.audit(code, session, patient_id=one.patient_id, centre_id=session.centre_id)


def _require_not_there(session: Session, one: SessionParticipant) -> None:
    if one.arrived_at is not None:
        raise InvalidState("The desk has noted that they came. Undo the check-in first, if it was wrong.")
    if SessionRating.objects.filter(session=session, patient=one.patient_id).exists():
        raise InvalidState("They have rated this session, so they were there.")


def _require_several(session: Session) -> None:
    if session.capacity == 1:
        raise InvalidState("This session is for one person.")


def _among(participants: list[SessionParticipant], patient_id: UUID) -> SessionParticipant:
    one = next((each for each in participants if each.patient_id == patient_id), None)
    if one is None:
        raise NotFound("This person does not take part in the session.")
    return one
