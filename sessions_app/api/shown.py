"""One session as its readers get it, after whatever was done to it."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from sessions_app.listing import session_rows
from sessions_app.models import Session
from sessions_app.serializers.sessions import session_answer
from sessions_app.services.booking import Booked
from sessions_app.session_rows import booked_row


def shown_booking(booked: Booked, patient: User) -> dict[str, Any]:
    """`shown_session` of what `patient` has booked for themselves, without reading it again."""
    return session_answer(booked_row(booked, patient, now=timezone.now()))


def shown_session(session: Session, viewer: User) -> dict[str, Any]:
    (row,) = session_rows(Session.objects.filter(pk=session.pk), viewer=viewer, now=timezone.now())
    return session_answer(row)
