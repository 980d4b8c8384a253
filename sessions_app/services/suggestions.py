"""New times suggested to a patient, whose session the counselor or the centre cannot keep. The patient chooses."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from core.errors import InvalidState, ValidationFailed
from core.facts import fact
from sessions_app.models import Session, SessionStatus, SuggestedTime
from sessions_app.services.new_times import find_new_times
from sessions_app.services.rescheduling import require_movable
from sessions_app.services.seats import active_participants
from sessions_app.services.slots import Slot
from sessions_app.services.states import locked_session

MOST_SUGGESTED = 5
_MOMENT = timedelta(seconds=1)


def suggest_times(
    *, session: Session, starts: Collection[datetime], actor: User, now: datetime | None = None
) -> list[SuggestedTime]:
    """Have the patient told of these times, of which they may take one whatever the notice; earlier ones are void.

    The session keeps its time until then, and the times are kept for nobody. Raises ValidationFailed for a time that
    the session could not move to, and InvalidState once it has begun or ended, or when several take part.
    """
    now = now or timezone.now()
    if not 1 <= len(set(starts)) <= MOST_SUGGESTED:
        raise ValidationFailed(details={"starts": [f"Suggest from one to {MOST_SUGGESTED} times."]})
    with fact(actor=actor) as current:
        kept = locked_session(session)
        require_movable(kept, actor, now)
        patients = [participant.patient_id for participant in active_participants(kept)]
        if len(patients) != 1:
            raise InvalidState("Several take part. Agree on a time with them, and move the session there.")
        free = {slot.start: slot for slot in _free(kept, starts, now)}
        if set(starts) - free.keys():
            message = "One of these times is not free any more. Look at the new times again."
            raise ValidationFailed(message, details={"starts": [message]})
        SuggestedTime.objects.filter(session=kept).delete()
        suggested = [
            SuggestedTime(
                session=kept,
                instead_of=kept.start,
                start=start,
                end=free[start].end,
                suggested_by=actor,
                suggested_at=now,
            )
            for start in sorted(set(starts))
        ]
        SuggestedTime.objects.bulk_create(suggested)
        current.audit("session.times_suggested", kept, patient_id=patients[0], centre_id=kept.centre_id)
        current.announce("session.times_suggested", session=kept.pk, first=suggested[0].pk)
    return suggested


def free_suggestions(session: Session, *, now: datetime | None = None) -> list[Slot]:
    """The suggested times that can still be had, earliest first; none once the session has moved or ended."""
    now = now or timezone.now()
    starts = set(SuggestedTime.objects.standing(session).values_list("start", flat=True))
    if not starts or session.status != SessionStatus.CONFIRMED or session.start <= now:
        return []
    return [slot for slot in _free(session, starts, now) if slot.start in starts]


def _free(session: Session, starts: Collection[datetime], now: datetime) -> list[Slot]:
    return find_new_times(session=session, start=min(starts), end=max(starts) + _MOMENT, now=now)
