"""What patients wrote about a session: theirs and their counselor's to read, nobody else's."""

from uuid import UUID

from accounts.models import User
from accounts.roles import Role
from core.facts import fact
from sessions_app.models import Session, SessionParticipant, SessionRating

NOTHING = {"note": "", "cancellation_reason": "", "comment": ""}


def texts_for(*, session: Session, reader: User) -> dict[str, str]:
    """{"note", "cancellation_reason", "comment"} as `reader` may read them; "" for what is not there or not theirs.

    A patient's own; for the counselor, those of a session of one person. Of several, `texts_by_patient`.
    """
    if reader.role == Role.COUNSELOR and session.capacity > 1:
        return NOTHING
    texts = _texts(session, reader)
    return next(iter(texts.values()), NOTHING)


def texts_by_patient(*, session: Session, reader: User) -> dict[UUID, dict[str, str]]:
    """What each wrote who takes part or did, for their counselor; {} for all other readers."""
    return _texts(session, reader) if reader.role == Role.COUNSELOR else {}


def _texts(session: Session, reader: User) -> dict[UUID, dict[str, str]]:
    """A counselor's reading leaves an audit row: no record, no text."""
    participants = session.participants.order_by("id")
    if reader.role == Role.COUNSELOR:
        participants = participants.filter(session__counselor=reader.pk)
    else:
        participants = participants.filter(patient=reader.pk)
    ratings = SessionRating.objects.filter(session=session, patient__in=participants.values("patient"))
    comments = {rating.patient_id: rating.comment or "" for rating in ratings}
    texts = {one.patient_id: _of_one(one, comments.get(one.patient_id, "")) for one in participants}
    read = [patient_id for patient_id, own in texts.items() if patient_id != reader.pk and any(own.values())]
    if read:
        with fact(actor=reader) as current:
            for patient_id in read:
                current.audit(
                    "session.note_read", session, patient_id=patient_id, centre_id=session.centre_id
                )
    return texts


def _of_one(participant: SessionParticipant, comment: str) -> dict[str, str]:
    return {
        "note": participant.note or "",
        "cancellation_reason": participant.cancellation_reason or "",
        "comment": comment,
    }
