"""Sessions as they are shown: one way to read them, for the API's lists and for every page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from accounts.models.profiles import patient_display_name
from accounts.permissions import Action
from sessions_app.models import Session, SessionParticipant, SessionStatus

_COLUMNS = (
    "id",
    "status",
    "start",
    "end",
    "mode",
    "kind",
    "session_type__name",
    "counselor_id",
    "counselor__user__first_name",
    "counselor__user__last_name",
    "centre_id",
    "centre__name",
    "centre__address",
    "centre__city",
    "centre__timezone",
    "fee_minor",
    "currency",
    "payment_policy",
    "created_at",
    "cancelled_by_id",
    "cancelled_at",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the reader may know them: an anonymous patient's name is the alias for a counselor."""

    id: UUID
    display_name: str


@dataclass(frozen=True, slots=True)
class CentreShown:
    id: UUID
    name: str
    address: str
    timezone: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session for one reader. Instants are aware, UTC; money is in the currency's minor unit.

    `can` names what the reader may do now: cancel, complete, no_show.
    """

    id: UUID
    status: str
    start: datetime
    end: datetime
    mode: str
    kind: str
    type_name: str
    counselor: Person
    centre: CentreShown
    fee_minor: int
    currency: str
    payment_policy: str
    created_at: datetime
    cancelled_by_id: UUID | None
    cancelled_at: datetime | None
    patients: tuple[Person, ...]
    can: tuple[str, ...]

    @property
    def duration_minutes(self) -> int:
        return int((self.end - self.start).total_seconds()) // 60

    @property
    def patient(self) -> Person | None:
        return self.patients[0] if self.patients else None


def session_rows(sessions: QuerySet[Session], *, viewer: User, now: datetime) -> list[SessionRow]:
    """The sessions as `viewer` may read them, in two queries, whatever their number.

    The queryset must come from `visible_to(viewer)`: here nothing is left out any more.
    """
    rows = list(sessions.values_list(*_COLUMNS))
    patients = _patients_by_session([row[0] for row in rows], viewer)
    return [_row(row, patients.get(row[0], ()), viewer, now) for row in rows]


def _patients_by_session(session_ids: Iterable[UUID], viewer: User) -> dict[UUID, tuple[Person, ...]]:
    participants = (
        SessionParticipant.objects.filter(session__in=session_ids)
        .order_by("session", "id")
        .values_list(
            "session_id",
            "patient_id",
            "patient__user__first_name",
            "patient__user__last_name",
            "patient__is_anonymous",
            "patient__alias",
        )
    )
    found: dict[UUID, tuple[Person, ...]] = {}
    for session_id, patient_id, first, last, is_anonymous, alias in participants:
        name = patient_display_name(
            full_name=f"{first} {last}".strip() or "Unnamed",
            is_anonymous=is_anonymous,
            alias=alias,
            viewer_role=viewer.role,
        )
        found[session_id] = (*found.get(session_id, ()), Person(patient_id, name))
    return found


def _row(columns: tuple[Any, ...], patients: tuple[Person, ...], viewer: User, now: datetime) -> SessionRow:
    (id_, status, start, end, mode, kind, type_name, counselor_id, first, last, *rest) = columns
    (
        centre_id,
        centre_name,
        address,
        city,
        zone,
        fee,
        currency,
        policy,
        created,
        cancelled_by,
        cancelled_at,
    ) = rest
    return SessionRow(
        id_,
        status,
        start,
        end,
        mode,
        kind,
        type_name,
        Person(counselor_id, f"{first} {last}".strip()),
        CentreShown(centre_id, centre_name, ", ".join(part for part in (address, city) if part), zone),
        fee,
        currency,
        policy,
        created,
        cancelled_by,
        cancelled_at,
        patients,
        possible_actions(status=status, start=start, viewer=viewer, now=now),
    )


def possible_actions(*, status: str, start: datetime, viewer: User, now: datetime) -> tuple[str, ...]:
    """What may be done to a session that `viewer` sees: the role table, and the state it is in."""
    if status != SessionStatus.CONFIRMED:
        return ()
    if start > now:
        return ("cancel",) if viewer.may(Action.SESSION_CHANGE) else ()
    done = {"complete": Action.SESSION_COMPLETE, "no_show": Action.SESSION_NO_SHOW}
    return tuple(name for name, action in done.items() if viewer.may(action))
