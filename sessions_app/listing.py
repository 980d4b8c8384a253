"""Sessions as they are shown: one way to read them, for the API's lists and for every page."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db.models import Field, QuerySet

from accounts.models import User
from accounts.models.profiles import patient_display_name
from accounts.permissions import Action
from accounts.roles import Role
from core.api.paging import Page, PageRequest
from core.db import Row, read_in_one_round_trip
from sessions_app.models import CORRECTIONS, OPEN_STATES, Session, SessionStatus
from sessions_app.services.states import STARTS_EARLY

# The ids come from a queryset, so that who sees what is said in one place; the rest is read by hand, since building it
# through the ORM costs more than PostgreSQL takes (docs/performance.md).
_PAGE = """
WITH wanted(id) AS NOT MATERIALIZED ({ids}),
     counted AS (SELECT count(*) AS total FROM wanted),
     page AS (SELECT id, row_number() OVER () AS place
                FROM (SELECT session.id FROM sessions_app_session session JOIN wanted ON wanted.id = session.id
                       ORDER BY {order} LIMIT %s OFFSET %s) AS ids)
SELECT counted.total, shown.* FROM counted LEFT JOIN ({rows}) AS shown ON true ORDER BY shown.place
"""
_ROWS = """
SELECT page.place, session.id, session.status, session.start, session."end", session.mode, session.kind, type.name,
       session.counselor_id, counselor.first_name || ' ' || counselor.last_name,
       centre.id, centre.name, centre.address, centre.city, centre.timezone,
       session.fee_minor, session.currency, session.payment_policy, session.created_at,
       session.cancelled_by_id, session.cancelled_at,
       taking_part.ids, taking_part.names, taking_part.are_anonymous, taking_part.aliases,
       charge.amount_minor, charge.waived_at IS NOT NULL, policy.version
  FROM page
  JOIN sessions_app_session session ON session.id = page.id
  JOIN sessions_app_sessiontype type ON type.id = session.session_type_id
  JOIN accounts_user counselor ON counselor.id = session.counselor_id
  JOIN accounts_centre centre ON centre.id = session.centre_id
  LEFT JOIN (sessions_app_cancellationcharge charge
             JOIN sessions_app_noticepolicy policy ON policy.id = charge.policy_id) ON charge.session_id = session.id
 CROSS JOIN LATERAL (
       SELECT array_agg(participant.patient_id ORDER BY participant.id) AS ids,
              array_agg(person.first_name || ' ' || person.last_name ORDER BY participant.id) AS names,
              array_agg(patient.is_anonymous ORDER BY participant.id) AS are_anonymous,
              array_agg(patient.alias ORDER BY participant.id) AS aliases
         FROM sessions_app_sessionparticipant participant
         JOIN accounts_patientprofile patient ON patient.user_id = participant.patient_id
         JOIN accounts_user person ON person.id = patient.user_id
        WHERE participant.session_id = session.id) taking_part
"""


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
class Charge:
    """What cancelling late cost, in the minor unit of the session's currency, and by which version of the policy."""

    amount_minor: int
    is_waived: bool
    policy_version: int

    @property
    def owed_minor(self) -> int:
        return 0 if self.is_waived else self.amount_minor


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session for one reader. Instants are aware, UTC; money is in the currency's minor unit.

    `can` names what the reader may do now: the keys of POSSIBLE_ACTIONS.
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
    charge: Charge | None = None

    @property
    def duration_minutes(self) -> int:
        return int((self.end - self.start).total_seconds()) // 60

    @property
    def patient(self) -> Person | None:
        return self.patients[0] if self.patients else None


def session_rows(
    sessions: QuerySet[Session], *, viewer: User, now: datetime, ordering: tuple[str, ...] = ("start", "id")
) -> list[SessionRow]:
    """All of the sessions as `viewer` may read them, in one query, whatever their number.

    The queryset must come from `visible_to(viewer)`: here nothing is left out any more.
    """
    _, rows = _read(sessions, ordering, limit=None, offset=0)
    return [_row(row, viewer, now) for row in rows]


def session_page(
    sessions: QuerySet[Session], request: PageRequest, *, viewer: User, now: datetime
) -> Page[SessionRow]:
    """One page of them and how many there are, in one query. The queryset: as for `session_rows`."""
    total, rows = _read(sessions, request.ordering, limit=request.size, offset=request.offset)
    return Page(request, [_row(row, viewer, now) for row in rows], total)


def _read(
    sessions: QuerySet[Session], ordering: tuple[str, ...], *, limit: int | None, offset: int
) -> tuple[int, list[Row]]:
    """How many sessions there are, and the columns of those on the page."""
    try:
        ids, parameters = sessions.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0, []
    sql = _PAGE.format(ids=ids, order=_order_by(ordering), rows=_ROWS)
    (rows,) = read_in_one_round_trip((sql, [*parameters, limit, offset]))
    # A page past the end still says how many there are: in one row, and nothing beside it.
    return rows[0][0], [row[2:] for row in rows if row[1] is not None]


@cache
def _order_by(ordering: tuple[str, ...]) -> str:
    """The ORDER BY of fields of Session, named as Django names them."""
    columns = []
    for name in ordering:
        field = cast("Field[Any, Any]", Session._meta.get_field(name.removeprefix("-")))
        columns.append(f'session."{field.column}" {"DESC" if name.startswith("-") else "ASC"}')
    return ", ".join(columns)


def _row(columns: Row, viewer: User, now: datetime) -> SessionRow:
    (id_, status, start, end, mode, kind, type_name, counselor_id, counselor_name, *rest) = columns
    centre_id, centre_name, address, city, zone, *rest = rest
    fee, currency, policy, created, cancelled_by, cancelled_at, *rest = rest
    *taking_part, charged, is_waived, version = rest
    charge = Charge(charged, is_waived, version) if charged else None
    return SessionRow(
        id_,
        status,
        start,
        end,
        mode,
        kind,
        type_name,
        Person(counselor_id, counselor_name.strip()),
        CentreShown(centre_id, centre_name, ", ".join(part for part in (address, city) if part), zone),
        fee,
        currency,
        policy,
        created,
        cancelled_by,
        cancelled_at,
        _patients(viewer, *taking_part),
        possible_actions(
            status=status,
            start=start,
            end=end,
            viewer=viewer,
            now=now,
            is_owed=charge is not None and not charge.is_waived,
        ),
        charge,
    )


def _patients(
    viewer: User,
    ids: list[UUID] | None,
    names: list[str],
    are_anonymous: list[bool],
    aliases: list[str],
) -> tuple[Person, ...]:
    return tuple(
        Person(
            id_,
            patient_display_name(
                full_name=name.strip() or "Unnamed",
                is_anonymous=is_anonymous,
                alias=alias,
                viewer_role=viewer.role,
            ),
        )
        for id_, name, is_anonymous, alias in zip(
            ids or (), names or (), are_anonymous or (), aliases or (), strict=True
        )
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
    has_begun = start <= now or status == SessionStatus.IN_PROGRESS
    is_open = status in OPEN_STATES
    fits = {
        "cancel": is_open and not (has_begun and viewer.role == Role.PATIENT),
        "start": status == SessionStatus.CONFIRMED and start - STARTS_EARLY <= now < end,
        "complete": is_open and has_begun,
        "no_show": is_open and has_begun,
        "correct": status in CORRECTIONS,
        "rate": status == SessionStatus.COMPLETED,
        "waive": is_owed,
    }
    return tuple(name for name, is_fit in fits.items() if is_fit and viewer.may(POSSIBLE_ACTIONS[name]))
