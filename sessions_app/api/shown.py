"""One session as its readers get it, after whatever was done to it."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from sessions_app.listing import session_rows
from sessions_app.models import Session
from sessions_app.serializers.sessions import session_answer


def shown_session(session: Session, viewer: User) -> dict[str, Any]:
    (row,) = session_rows(Session.objects.filter(pk=session.pk), viewer=viewer, now=timezone.now())
    return session_answer(row)
