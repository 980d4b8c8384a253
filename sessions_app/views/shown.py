"""Sessions as the page fragments take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Action
from accounts.roles import Role
from core.errors import DomainError
from sessions_app.models import OPEN_STATES, Mode
from sessions_app.services.check_in import Arrival, arrivals_of, is_open_to_check_in
from sessions_app.session_rows import SessionRow


@dataclass(frozen=True, slots=True)
class SessionCard:
    """For _session_card.html, _day_plan.html and the desk's table.

    Instants are aware; `other_zone` is where a meeting in person is. `nearby` says “Today” or “Tomorrow”. A session
    `is_open` when it is over and nobody has said yet how it went; `can` is what the reader may do now.
    """

    id: UUID
    url: str
    with_name: str
    patients: str
    counselor: str
    type_name: str
    start: datetime
    end: datetime
    nearby: str
    mode: str
    place: str
    status: str
    can: tuple[str, ...]
    is_next: bool
    is_past: bool
    is_now: bool
    is_open: bool
    other_zone: str
    places: str
    room: str = ""
    overbooked: bool = False
    arrivals: tuple[Arrival, ...] = ()
    can_check_in: bool = False
    can_undo_check_in: bool = False
    kind: str = "session"

    @property
    def here_since(self) -> datetime | None:
        """Since when all who take part are there."""
        times = [one.arrived_at for one in self.arrivals if one.arrived_at is not None]
        return max(times) if times and len(times) == len(self.arrivals) else None

    @property
    def count_here(self) -> int:
        return sum(one.arrived_at is not None for one in self.arrivals)


def card(
    row: SessionRow,
    *,
    viewer: User,
    now: datetime,
    is_next: bool = False,
    arrivals: Sequence[Arrival] = (),
) -> SessionCard:
    """`arrivals`: of the session, where it matters who is there (`arrivals_of`)."""
    is_past = row.end <= now
    at_desk = viewer.may(Action.SESSION_CHECK_IN)
    is_open = is_open_to_check_in(status=row.status, mode=row.mode, start=row.start, now=now)
    there = sum(one.arrived_at is not None for one in arrivals)
    return SessionCard(
        id=row.id,
        url=reverse("session_detail", args=[row.id]),
        with_name=other_party(row, viewer),
        patients=patients_of(row),
        counselor=row.counselor.display_name,
        type_name=row.type_name,
        start=timezone.localtime(row.start),
        end=timezone.localtime(row.end),
        nearby=_nearby(row.start),
        mode=row.mode,
        place=row.place if row.mode == Mode.IN_PERSON or viewer.role != Role.PATIENT else "",
        status=row.status,
        can=row.can,
        is_next=is_next,
        is_past=is_past,
        is_now=row.start <= now < row.end,
        is_open=is_past and row.status in OPEN_STATES,
        places=places_of(row) if viewer.role != Role.PATIENT else "",
        other_zone=row.centre.timezone if row.mode == Mode.IN_PERSON else "",
        room=row.room_name or "",
        overbooked=bool(row.overbooked),
        arrivals=tuple(arrivals),
        can_check_in=at_desk and is_open and there < len(arrivals),
        can_undo_check_in=at_desk and is_open and there > 0,
    )


def cards_of_day(rows: list[SessionRow], *, viewer: User, now: datetime) -> list[SessionCard]:
    """The cards of a day's sessions, with who is there already, in one query more."""
    arrivals = arrivals_of([row.id for row in rows if row.mode == Mode.IN_PERSON])
    return [card(row, viewer=viewer, now=now, arrivals=arrivals.get(row.id, ())) for row in rows]


def other_party(row: SessionRow, viewer: User) -> str:
    """With whom the session is, for this reader; staff read both."""
    if viewer.role == Role.PATIENT:
        return row.counselor.display_name
    if viewer.role == Role.COUNSELOR:
        return patients_of(row)
    return f"{patients_of(row)} and {row.counselor.display_name}"


def patients_of(row: SessionRow) -> str:
    return ", ".join(person.display_name for person in row.patients)


def places_of(row: SessionRow) -> str:
    """How many take part in a couple's or a group's session; "" for one of their own."""
    return f"{len(row.patients)} of {row.capacity} places booked" if row.capacity > 1 else ""


def who_cancelled(row: SessionRow, viewer: User) -> str:
    """“you”, “the counselor”, “the patient” or “the centre”; "" when nobody did."""
    if row.cancelled_by_id is None:
        return ""
    if row.cancelled_by_id == viewer.pk:
        return "you"
    if row.cancelled_by_id == row.counselor.id:
        return "the counselor"
    return "the patient" if row.cancelled_by_id in {person.id for person in row.patients} else "the centre"


def day_page_of(row: SessionRow, viewer: User) -> str:
    """The address from which this reader comes to the session: their list, or the day it is on."""
    if viewer.role == Role.PATIENT:
        return reverse("my_sessions")
    page = "counselor_today" if viewer.role == Role.COUNSELOR else "front_desk_day"
    return f"{reverse(page)}?day={timezone.localdate(row.start)}"


def sentence_of(error: DomainError) -> str:
    """What a refusal says of one field when it does; else of the whole."""
    said = (text for texts in error.details.values() if isinstance(texts, list) for text in texts)
    return next((text for text in said if isinstance(text, str)), error.message)


def _nearby(instant: datetime) -> str:
    today = timezone.localdate()
    words = {today: "Today", today + timedelta(days=1): "Tomorrow"}
    return words.get(timezone.localdate(instant), "")
