"""One session as a reader sees it: its columns, who takes part as the reader may know them, and what may be done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from accounts.models import User
from accounts.models.profiles import patient_display_name
from accounts.permissions import Action
from accounts.roles import Role
from sessions_app.late_changes import may_be_late, too_late_to_move
from sessions_app.models import CORRECTIONS, OPEN_STATES, Session, SessionStatus
from sessions_app.services.booking import Booked
from sessions_app.services.states import STARTS_EARLY


class Person(NamedTuple):
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
class Charge:
    """What cancelling late cost, in the minor unit of the session's currency, and by which version of the policy."""

    amount_minor: int
    is_waived: bool
    policy_version: int

    @property
    def owed_minor(self) -> int:
        return 0 if self.is_waived else self.amount_minor


class Participation(NamedTuple):
    """One of several, as counselors and staff read it: what became of it, and what is owed for having cancelled."""

    person: Person
    status: str
    charged_minor: int | None
    is_charge_waived: bool
    charge_policy_version: int | None

    @property
    def owed_minor(self) -> int:
        return 0 if self.is_charge_waived else self.charged_minor or 0


class SessionRow(NamedTuple):
    """One session for one reader. Instants are aware, UTC; money is in the currency's minor unit.

    A patient reads their own participation: its status, their charge, and of `patients` themselves alone. For all
    others `patients` are those who take part, and `participants` those of a couple or a group, also who has cancelled.

    `overbooked` is None to patients. `can` names what the reader may do now: the keys of POSSIBLE_ACTIONS. The columns
    are in the order of the statement.
    """

    id: UUID
    status: str
    start: datetime
    end: datetime
    mode: str
    kind: str
    type_name: str
    counselor_id: UUID
    counselor_name: str
    centre_id: UUID
    centre_name: str
    centre_address: str
    centre_city: str
    centre_timezone: str
    fee_minor: int
    currency: str
    payment_policy: str
    created_at: datetime
    cancelled_by_id: UUID | None
    cancelled_at: datetime | None
    overbooked: bool | None
    capacity: int
    charged_minor: int | None
    is_charge_waived: bool
    charge_policy_version: int | None
    room_id: UUID | None
    room_name: str | None
    patients: tuple[Person, ...]
    participants: tuple[Participation, ...]
    can: tuple[str, ...]

    @property
    def duration_minutes(self) -> int:
        return int((self.end - self.start).total_seconds()) // 60

    @property
    def counselor(self) -> Person:
        return Person(self.counselor_id, self.counselor_name)

    @property
    def centre(self) -> CentreShown:
        address = ", ".join(part for part in (self.centre_address, self.centre_city) if part)
        return CentreShown(self.centre_id, self.centre_name, address, self.centre_timezone)

    @property
    def place(self) -> str:
        """The centre, and the room where there is one."""
        return f"{self.centre_name}, {self.room_name}" if self.room_name else self.centre_name

    @property
    def charge(self) -> Charge | None:
        if not self.charged_minor or self.charge_policy_version is None:
            return None
        return Charge(self.charged_minor, self.is_charge_waived, self.charge_policy_version)

    @property
    def patient(self) -> Person | None:
        return self.patients[0] if self.patients else None


def booked_row(booked: Booked, patient: User, *, now: datetime) -> SessionRow:
    """What has just been booked, as the patient who booked it may read it; without the centre's address and zone."""
    session = booked.session
    return SessionRow(
        id=session.pk,
        status=session.status,
        start=session.start,
        end=session.end,
        mode=session.mode,
        kind=session.kind,
        type_name=booked.type_name,
        counselor_id=session.counselor_id,
        counselor_name=booked.counselor_name,
        centre_id=session.centre_id,
        centre_name=booked.centre_name,
        centre_address="",
        centre_city="",
        centre_timezone="",
        fee_minor=session.fee_minor,
        currency=session.currency,
        payment_policy=session.payment_policy,
        created_at=session.created_at,
        cancelled_by_id=None,
        cancelled_at=None,
        charged_minor=None,
        is_charge_waived=False,
        charge_policy_version=None,
        room_id=booked.room.id if booked.room else None,
        room_name=booked.room.name if booked.room else None,
        overbooked=None,
        capacity=session.capacity,
        patients=(Person(patient.pk, patient_name(patient.full_name, False, "", patient)),),
        participants=(),
        can=_possible_once_booked(session, patient, now),
    )


def _possible_once_booked(session: Session, patient: User, now: datetime) -> tuple[str, ...]:
    """Whoever books at short notice may not move it for nothing."""
    status, start = session.status, session.start
    possible = possible_actions(status=status, start=start, end=session.end, viewer=patient, now=now)
    is_late = may_be_late(status=status, start=start, fee_minor=session.fee_minor, now=now) and bool(
        too_late_to_move([session.pk], patient_id=patient.pk, now=now)
    )
    return without_moving(possible) if is_late else possible


def patient_name(name: str, is_anonymous: bool, alias: str, viewer: User) -> str:
    full_name = name.strip() or "Unnamed"
    return patient_display_name(
        full_name=full_name, is_anonymous=is_anonymous, alias=alias, viewer_role=viewer.role
    )


POSSIBLE_ACTIONS: dict[str, Action] = {
    "cancel": Action.SESSION_CHANGE,
    "reschedule": Action.SESSION_CHANGE,
    "start": Action.SESSION_COMPLETE,
    "complete": Action.SESSION_COMPLETE,
    "no_show": Action.SESSION_NO_SHOW,
    "correct": Action.SESSION_CORRECT,
    "rate": Action.SESSION_RATE,
    "waive": Action.CHARGE_WAIVE,
}


def possible_actions(
    *, status: str, start: datetime, end: datetime, viewer: User, now: datetime, is_owed: bool = False
) -> tuple[str, ...]:
    """What may be done to a session that `viewer` sees: the role table, and the state it is in.

    `is_owed`: a charge for cancelling late, not waived.
    """
    return possible_to(viewer, now)(status, start, end, is_owed)


def without_moving(possible: tuple[str, ...]) -> tuple[str, ...]:
    """Of a patient who gave too little notice to move it for nothing."""
    return tuple(name for name in possible if name != "reschedule")


def possible_to(viewer: User, now: datetime) -> Callable[[str, datetime, datetime, bool], tuple[str, ...]]:
    """`possible_actions` of many sessions: the role table is asked once."""
    allowed = [name for name, action in POSSIBLE_ACTIONS.items() if viewer.may(action)]
    is_patient = viewer.role == Role.PATIENT

    def possible(status: str, start: datetime, end: datetime, is_owed: bool) -> tuple[str, ...]:
        return in_state(status, start <= now, start - STARTS_EARLY <= now < end, is_owed)

    @cache  # of many sessions most are in one of few states
    def in_state(status: str, is_past_start: bool, is_its_time: bool, is_owed: bool) -> tuple[str, ...]:
        has_begun = is_past_start or status == SessionStatus.IN_PROGRESS
        is_open = status in OPEN_STATES
        fits = {
            "cancel": is_open and not (has_begun and is_patient),
            "reschedule": status == SessionStatus.CONFIRMED and not has_begun,
            "start": status == SessionStatus.CONFIRMED and is_its_time,
            "complete": is_open and has_begun,
            "no_show": is_open and has_begun,
            "correct": status in CORRECTIONS,
            "rate": status == SessionStatus.COMPLETED,
            "waive": is_owed,
        }
        return tuple([name for name in allowed if fits[name]])

    return possible
