"""Sessions as they are shown: one way to read them, for the API's lists and for every page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Field, QuerySet

from accounts.models import User
from accounts.models.profiles import patient_display_name
from accounts.permissions import Action
from accounts.roles import Role
from core.api.paging import Page, PageRequest
from core.ids import uuid7
from core.statements import Row, read
from sessions_app.models import CORRECTIONS, OPEN_STATES, Session, SessionStatus
from sessions_app.services.booking import Booked
from sessions_app.services.states import STARTS_EARLY

# The ids come from a queryset, so that who sees what is said in one place; the rest is read by hand, since building it
# through the ORM costs more than PostgreSQL takes (docs/performance.md). One row for each who takes part.
_PAGE = """
WITH wanted(id) AS NOT MATERIALIZED ({ids}),
     page AS MATERIALIZED (
       SELECT session.id, {total} AS total
         FROM sessions_app_session session JOIN wanted ON wanted.id = session.id
        ORDER BY {order} LIMIT %s OFFSET %s)
SELECT page.total, participant.patient_id, person.first_name || ' ' || person.last_name,
       patient.is_anonymous, patient.alias,
       session.id, session.status, session.start, session."end", session.mode, session.kind, type.name,
       session.counselor_id, trim(counselor.first_name || ' ' || counselor.last_name),
       centre.id, centre.name, centre.address, centre.city, centre.timezone,
       session.fee_minor, session.currency, session.payment_policy, session.created_at,
       session.cancelled_by_id, session.cancelled_at,
       charge.amount_minor, charge.waived_at IS NOT NULL, policy.version
  FROM page
  JOIN sessions_app_session session ON session.id = page.id
  JOIN sessions_app_sessiontype type ON type.id = session.session_type_id
  JOIN accounts_user counselor ON counselor.id = session.counselor_id
  JOIN accounts_centre centre ON centre.id = session.centre_id
  LEFT JOIN sessions_app_cancellationcharge charge ON charge.session_id = session.id
  LEFT JOIN sessions_app_noticepolicy policy ON policy.id = charge.policy_id
  LEFT JOIN sessions_app_sessionparticipant participant ON participant.session_id = session.id
  LEFT JOIN accounts_patientprofile patient ON patient.user_id = participant.patient_id
  LEFT JOIN accounts_user person ON person.id = participant.patient_id
 ORDER BY {order}, participant.id
"""
_TAKING_PART = 5
"""So many columns come before those of the session: the total, and who takes part."""
_CHARGED = slice(20, 22)
# Counting in passing is quicker for the sessions of one person; for those of a whole centre it would read them all.
_TOTAL_IN_PASSING, _TOTAL_BY_ITSELF = "count(*) OVER ()", "(SELECT count(*) FROM wanted)"
_COUNT = "SELECT count(*) FROM ({ids}) AS wanted"


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


class SessionRow(NamedTuple):
    """One session for one reader. Instants are aware, UTC; money is in the currency's minor unit.

    `can` names what the reader may do now: the keys of POSSIBLE_ACTIONS. The columns are in the order of the statement.
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
    charged_minor: int | None
    is_charge_waived: bool
    charge_policy_version: int | None
    patients: tuple[Person, ...]
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
    def charge(self) -> Charge | None:
        if not self.charged_minor or self.charge_policy_version is None:
            return None
        return Charge(self.charged_minor, self.is_charge_waived, self.charge_policy_version)

    @property
    def patient(self) -> Person | None:
        return self.patients[0] if self.patients else None


def session_rows(
    sessions: QuerySet[Session], *, viewer: User, now: datetime, ordering: tuple[str, ...] = ("start", "id")
) -> list[SessionRow]:
    """All of the sessions as `viewer` may read them, in one query, whatever their number.

    The queryset must come from `visible_to(viewer)`: here nothing is left out any more.
    """
    ids = _ids_of(sessions)
    if ids is None:
        return []
    sql = _PAGE.format(ids=ids[0], total="NULL", order=_order_by(ordering))
    return _shown(read(sql, [*ids[1], None, 0]), viewer, now)


def session_page(
    sessions: QuerySet[Session], request: PageRequest, *, viewer: User, now: datetime
) -> Page[SessionRow]:
    """One page of them and how many there are, in one query. The queryset: as for `session_rows`."""
    ids = _ids_of(sessions)
    return _page(ids, request, viewer, now) if ids is not None else Page(request, [], 0)


def visible_session_page(
    request: PageRequest, *, viewer: User, now: datetime, filters: Mapping[str, Any] | None = None
) -> Page[SessionRow]:
    """One page of all that `viewer` may see and that pass the filters (lookups of Session), in one query."""
    if filters:
        return session_page(
            Session.objects.visible_to(viewer).filter(**filters), request, viewer=viewer, now=now
        )
    visible = _visible_ids(viewer.role)
    if visible is None:
        return Page(request, [], 0)
    sql, count = visible
    return _page((sql, [viewer.pk] * count), request, viewer, now)


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
        patients=(Person(patient.pk, _patient_name(patient.full_name, False, "", patient)),),
        can=possible_actions(
            status=session.status, start=session.start, end=session.end, viewer=patient, now=now
        ),
    )


_Ids = tuple[str, list[Any]]


def _page(ids: _Ids, request: PageRequest, viewer: User, now: datetime) -> Page[SessionRow]:
    total_sql = _TOTAL_IN_PASSING if viewer.role == Role.PATIENT else _TOTAL_BY_ITSELF
    sql = _PAGE.format(ids=ids[0], total=total_sql, order=_order_by(request.ordering))
    rows = read(sql, [*ids[1], request.size, request.offset])
    if rows:
        total = rows[0][0]
    elif request.offset:  # a page past the end still says how many there are
        ((total,),) = read(_COUNT.format(ids=ids[0]), ids[1])
    else:
        total = 0
    return Page(request, _shown(rows, viewer, now), total)


def _ids_of(sessions: QuerySet[Session]) -> _Ids | None:
    """The SELECT of their ids and its values; None when it is known that there are none."""
    try:
        sql, values = sessions.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, list(values)


@cache
def _visible_ids(role: str) -> tuple[str, int] | None:
    """`visible_to` for a role, built once: the SELECT, and how many times it asks for the reader's id.

    It is built for a stand-in that has a role and an id and nothing else: whoever else is asked about the reader
    there would be looked for in the database, and not found.
    """
    stand_in = User.from_db(DEFAULT_DB_ALIAS, ["id", "role"], [uuid7(), role])
    ids = _ids_of(Session.objects.visible_to(stand_in))
    if ids is None:
        return None
    sql, values = ids
    if any(value != stand_in.pk for value in values):
        raise TypeError(
            "Session.visible_to asks for more than the reader's id and role: build it for each reader."
        )
    return sql, len(values)


@cache
def _order_by(ordering: tuple[str, ...]) -> str:
    """The ORDER BY of fields of Session, named as Django names them."""
    columns = []
    for name in ordering:
        field = cast("Field[Any, Any]", Session._meta.get_field(name.removeprefix("-")))
        columns.append(f'session."{field.column}" {"DESC" if name.startswith("-") else "ASC"}')
    return ", ".join(columns)


def _shown(rows: list[Row], viewer: User, now: datetime) -> list[SessionRow]:
    """The rows of `_PAGE`, which stand together by session, as one row for each."""
    can = _possible_to(viewer, now)
    shown: list[SessionRow] = []
    last_id = None
    for _, patient_id, name, is_anonymous, alias, *columns in rows:
        who: tuple[Person, ...] = ()
        if patient_id is not None:
            who = (Person(patient_id, _patient_name(name, is_anonymous, alias, viewer)),)
        if columns[0] == last_id:
            shown[-1] = shown[-1]._replace(patients=shown[-1].patients + who)
            continue
        last_id, status, start, end = columns[:4]
        charged, is_waived = columns[_CHARGED]
        is_owed = bool(charged) and not is_waived
        shown.append(SessionRow._make((*columns, who, can(status, start, end, is_owed))))
    return shown


def _patient_name(name: str, is_anonymous: bool, alias: str, viewer: User) -> str:
    full_name = name.strip() or "Unnamed"
    return patient_display_name(
        full_name=full_name, is_anonymous=is_anonymous, alias=alias, viewer_role=viewer.role
    )


POSSIBLE_ACTIONS: dict[str, Action] = {
    "cancel": Action.SESSION_CHANGE,
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
    return _possible_to(viewer, now)(status, start, end, is_owed)


def _possible_to(viewer: User, now: datetime) -> Callable[[str, datetime, datetime, bool], tuple[str, ...]]:
    """`possible_actions` of many sessions: the role table is asked once."""
    allowed = [name for name, action in POSSIBLE_ACTIONS.items() if viewer.may(action)]
    is_patient = viewer.role == Role.PATIENT

    def possible(status: str, start: datetime, end: datetime, is_owed: bool) -> tuple[str, ...]:
        has_begun = start <= now or status == SessionStatus.IN_PROGRESS
        is_open = status in OPEN_STATES
        fits = {
            "cancel": is_open and not (has_begun and is_patient),
            "start": status == SessionStatus.CONFIRMED and start - STARTS_EARLY <= now < end,
            "complete": is_open and has_begun,
            "no_show": is_open and has_begun,
            "correct": status in CORRECTIONS,
            "rate": status == SessionStatus.COMPLETED,
            "waive": is_owed,
        }
        return tuple([name for name in allowed if fits[name]])

    return possible
