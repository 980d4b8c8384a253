"""Ratings: what patients thought of a session, and what a counselor's come to."""

from datetime import datetime

from django.db.models import Count, Sum
from django.utils import timezone

from accounts.models import User
from accounts.services.ratings import count_rating
from core.errors import InvalidState, PermissionDenied
from core.facts import fact
from sessions_app.models import ParticipantStatus, Session, SessionRating, SessionStatus


def rate_session(
    *, session: Session, stars: int, comment: str = "", actor: User, now: datetime | None = None
) -> SessionRating:
    """The patient's rating of a completed session, 1 to 5, in place of an earlier one; the comment may be empty.

    Raises PermissionDenied for anybody who did not take part, InvalidState while it is not completed.
    """
    with fact(actor=actor) as current:
        # The session is locked as by those who change its state: a rating counts exactly while it is completed.
        kept = Session.objects.select_for_update().get(pk=session.pk)
        if not kept.participants.filter(patient=actor.pk, status=ParticipantStatus.CONFIRMED).exists():
            raise PermissionDenied("Only who took part in a session rates it.")
        if kept.status != SessionStatus.COMPLETED:
            raise InvalidState("A session can be rated once it has taken place.")
        rating = SessionRating.objects.filter(session=kept, patient=actor.pk).first()
        was = rating.stars if rating else 0
        rating = rating or SessionRating(session=kept, patient_id=actor.pk)
        is_new = rating._state.adding
        rating.stars, rating.comment, rating.rated_at = stars, comment or None, now or timezone.now()
        rating.save()
        count_rating(counselor_id=kept.counselor_id, count=int(is_new), stars=stars - was)
        current.audit("session.rated", kept, patient_id=actor.pk, centre_id=kept.centre_id)
        current.announce("session.rated", session=kept.pk)
    return rating


def count_ratings_of(session: Session, *, times: int) -> None:
    """Let the session's ratings count (1) or count no longer (-1). The session is locked by the caller."""
    found = SessionRating.objects.filter(session=session).aggregate(count=Count("pk"), stars=Sum("stars"))
    if found["count"]:
        count_rating(
            counselor_id=session.counselor_id, count=times * found["count"], stars=times * found["stars"]
        )


def rating_of(*, session: Session, patient: User) -> SessionRating | None:
    return SessionRating.objects.filter(session=session, patient=patient.pk).first()
