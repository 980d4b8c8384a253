"""Sessions as the page fragments take them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from sessions_app.listing import SessionRow
from sessions_app.models import Mode


@dataclass(frozen=True, slots=True)
class SessionCard:
    """For _session_card.html and _day_plan.html. Instants are aware; `other_zone` is where a meeting in person is."""

    id: UUID
    url: str
    with_name: str
    type_name: str
    start: datetime
    end: datetime
    mode: str
    place: str
    status: str
    is_next: bool
    is_past: bool
    is_now: bool
    other_zone: str
    kind: str = "session"


def card(row: SessionRow, *, viewer: User, now: datetime, is_next: bool = False) -> SessionCard:
    return SessionCard(
        id=row.id,
        url=reverse("session_detail", args=[row.id]),
        with_name=other_party(row, viewer),
        type_name=row.type_name,
        start=timezone.localtime(row.start),
        end=timezone.localtime(row.end),
        mode=row.mode,
        place=row.centre.name if row.mode == Mode.IN_PERSON or viewer.role != Role.PATIENT else "",
        status=row.status,
        is_next=is_next,
        is_past=row.end <= now,
        is_now=row.start <= now < row.end,
        other_zone=row.centre.timezone if row.mode == Mode.IN_PERSON else "",
    )


def other_party(row: SessionRow, viewer: User) -> str:
    """With whom the session is, for this reader; staff read both."""
    patients = ", ".join(person.display_name for person in row.patients)
    if viewer.role == Role.PATIENT:
        return row.counselor.display_name
    if viewer.role == Role.COUNSELOR:
        return patients
    return f"{patients} · {row.counselor.display_name}"
