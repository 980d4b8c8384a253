"""What patients wrote about a session: theirs and their counselor's to read, nobody else's."""

from accounts.models import User
from accounts.roles import Role
from core.facts import fact
from sessions_app.models import Session, SessionRating


def texts_for(*, session: Session, reader: User) -> dict[str, str]:
    """{"note", "cancellation_reason", "comment"} as `reader` may read them; "" for what is not there or not theirs.

    A counselor's reading leaves an audit row: no record, no text. Sessions have one participant so far, so one text.
    """
    if reader.role == Role.COUNSELOR:
        participants = session.participants.filter(session__counselor=reader.pk)
    else:
        participants = session.participants.filter(patient=reader.pk)
    participant = participants.first()
    if participant is None:
        return {"note": "", "cancellation_reason": "", "comment": ""}
    rating = SessionRating.objects.filter(session=session, patient=participant.patient_id).first()
    texts = {
        "note": participant.note or "",
        "cancellation_reason": participant.cancellation_reason or "",
        "comment": (rating.comment or "") if rating else "",
    }
    if reader.pk != participant.patient_id and any(texts.values()):
        with fact(actor=reader) as current:
            current.audit(
                "session.note_read", session, patient_id=participant.patient_id, centre_id=session.centre_id
            )
    return texts
