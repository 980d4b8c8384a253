"""Coming to a session that is there already."""

from datetime import datetime
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models.care import CareReason
from accounts.services.care import take_into_care
from core.facts import Fact
from sessions_app.models import (
    CalendarEntry,
    CancellationCharge,
    Occupancy,
    ParticipantStatus,
    Session,
    SessionParticipant,
)
from sessions_app.services.seats import Place


def join(
    current: Fact,
    place: Place,
    *,
    patient_id: UUID,
    note: str,
    agreed_at: datetime,
    held_entry_id: UUID | None = None,
) -> Session:
    """Take the place, with the patient's time: that of their hold (`held_entry_id`), or new.

    `agreed_at` says which terms for cancelling they have. Who had left owes nothing for that any more: they are back.
    """
    session = place.session
    _seat(current, place, patient_id=patient_id, note=note, agreed_at=agreed_at)
    if held_entry_id is not None:
        Occupancy.objects.filter(entry=held_entry_id).update(entry=session.entry_id, expires_at=None)
        CalendarEntry.objects.filter(pk=held_entry_id).update(is_active=False)
    else:
        busy = DateTimeTZRange(session.start, session.end)
        current.insert(Occupancy(entry_id=session.entry_id, resource=patient_id, busy=busy))
    take_into_care(
        current,
        patient_id=patient_id,
        counselor_id=session.counselor_id,
        centre_id=session.centre_id,
        why=CareReason.SESSION,
    )
    current.audit("session.joined", session, patient_id=patient_id, centre_id=session.centre_id)
    current.announce("session.joined", session=session.pk, patient=patient_id, sequence=session.sequence)
    return session


def _seat(current: Fact, place: Place, *, patient_id: UUID, note: str, agreed_at: datetime) -> None:
    values = {
        "status": ParticipantStatus.CONFIRMED,
        "seat": place.seat,
        "capacity": place.session.capacity,
        "joined_at": agreed_at,
        "note": note or None,
    }
    earlier = place.earlier
    if earlier is None:
        session = place.session
        current.insert(
            SessionParticipant(session=session, patient_id=patient_id, start=session.start, **values)
        )
        return
    CancellationCharge.objects.filter(participant=earlier).delete()
    values |= {"cancelled_at": None, "cancelled_by": None, "cancellation_reason": None}
    for name, value in values.items():
        setattr(earlier, name, value)
    earlier.save(update_fields=list(values))
