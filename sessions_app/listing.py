"""Sessions as they are shown: one way to read them, for the API's lists and for every page."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Field, QuerySet

from accounts.models import User
from accounts.roles import Role
from core.api.paging import Page, PageRequest
from core.ids import uuid7
from core.statements import Row, Statement, read
from sessions_app.late_changes import may_be_late, too_late_to_move
from sessions_app.models import Mode, ParticipantStatus, Session, SessionStatus
from sessions_app.models.sessions import taking_part
from sessions_app.session_rows import (
    Participation,
    Person,
    SessionRow,
    patient_name,
    possible_to,
    without_moving,
)

# The ids come from a queryset, so that who sees what is said in one place; the rest is read by hand, since building it
# through the ORM costs more than PostgreSQL takes (docs/performance.md). Each table costs even where it holds nothing
# for these rows, so what few sessions have is read by a second statement, when one of them has it.
_PAGE = """
WITH {page}
SELECT page.total,{who} session.id, session.status, session.start, session."end", session.mode, session.kind, type.name,
       session.counselor_id, trim(counselor.first_name || ' ' || counselor.last_name),
       centre.id, centre.name, centre.address, centre.city, centre.timezone,
       session.fee_minor, session.currency, session.payment_policy, session.created_at,
       session.cancelled_by_id, session.cancelled_at, session.overbooked,
       session.capacity
  FROM page
  JOIN sessions_app_session session ON session.id = page.id
  JOIN sessions_app_sessiontype type ON type.id = session.session_type_id
  JOIN accounts_user counselor ON counselor.id = session.counselor_id
  JOIN accounts_centre centre ON centre.id = session.centre_id{joined}
 ORDER BY {order}
"""
_WHO = """
       participant.patient_id, person.first_name || ' ' || person.last_name, patient.is_anonymous, patient.alias,
      """
# One row for each who takes part; a patient reads of themselves alone, and so does without.
_WHO_JOINED = """
  LEFT JOIN sessions_app_sessionparticipant participant ON participant.session_id = session.id
  LEFT JOIN accounts_patientprofile patient ON patient.user_id = participant.patient_id
  LEFT JOIN accounts_user person ON person.id = participant.patient_id"""
# A cancelled session may have cost something, one in person may have a room, and of several each has their own end.
_MORE = """
SELECT session.id, room.id, room.name, participant.patient_id, participant.status, participant.cancelled_by_id,
       participant.cancelled_at, charge.amount_minor, charge.waived_at IS NOT NULL, policy.version
  FROM sessions_app_session session
  LEFT JOIN sessions_app_sessionparticipant participant
         ON participant.session_id = session.id AND participant.patient_id = COALESCE(%s, participant.patient_id)
  LEFT JOIN sessions_app_cancellationcharge charge
         ON charge.session_id = session.id AND 'cancelled' IN (session.status, participant.status)
        AND COALESCE(charge.participant_id, participant.id) = participant.id
  LEFT JOIN sessions_app_noticepolicy policy ON policy.id = charge.policy_id
  LEFT JOIN sessions_app_calendarentry entry ON entry.id = session.entry_id AND session.mode = 'in_person'
  LEFT JOIN sessions_app_room room ON room.id = entry.room_id
 WHERE session.id = ANY(%s::uuid[])
 ORDER BY participant.id
"""
_NO_CHARGE: Row = (None, False, None)
_NO_ROOM: Row = (None, None)
_ENDED_FOR_ONE = (ParticipantStatus.CANCELLED, ParticipantStatus.NO_SHOW)
_OF_SESSIONS = """wanted(id) AS NOT MATERIALIZED ({ids}),
     page AS MATERIALIZED (
       SELECT session.id, (SELECT count(*) FROM wanted) AS total
         FROM sessions_app_session session JOIN wanted ON wanted.id = session.id
        ORDER BY {order} LIMIT %s OFFSET %s)"""
# A patient's own in order of time: read by an index of their participations, counted by the same.
_OF_A_PATIENT = """wanted(id, start) AS NOT MATERIALIZED ({ids}),
     page AS MATERIALIZED (
       SELECT session.id, (SELECT count(*) FROM wanted) AS total
         FROM wanted AS session ORDER BY {order} LIMIT %s OFFSET %s)"""
_BY_START = (("start", "id"), ("-start", "-id"))
_COUNT = "SELECT count(*) FROM ({ids}) AS wanted"


def session_rows(
    sessions: QuerySet[Session], *, viewer: User, now: datetime, ordering: tuple[str, ...] = ("start", "id")
) -> list[SessionRow]:
    """All of the sessions as `viewer` may read them, in one query, whatever their number.

    The queryset must come from `visible_to(viewer)`: here nothing is left out any more.
    """
    ids = _ids_of(sessions)
    if ids is None:
        return []
    sql = _page_sql(_OF_SESSIONS, ids[0], ordering, with_names=viewer.role != Role.PATIENT)
    return _shown(read(sql, [*ids[1], None, 0]), viewer, now)


def session_page(
    sessions: QuerySet[Session], request: PageRequest, *, viewer: User, now: datetime
) -> Page[SessionRow]:
    """One page of them and how many there are, in one query. The queryset: as for `session_rows`."""
    ids = _ids_of(sessions)
    if ids is None:
        return Page(request, [], 0)
    return _page(_OF_SESSIONS, ids, request, viewer, now)


def visible_session_page(
    request: PageRequest, *, viewer: User, now: datetime, filters: Mapping[str, Any] | None = None
) -> Page[SessionRow]:
    """One page of all that `viewer` may see and that pass the filters (lookups of Session), in one query."""
    if filters:
        sessions = Session.objects.visible_to(viewer)
        others = dict(filters)
        if viewer.role == Role.PATIENT and others.pop("participants__patient", viewer.pk) != viewer.pk:
            return Page(request, [], 0)  # who else takes part is not theirs to ask
        if "status" in others:
            sessions = sessions.in_state(others.pop("status"), viewer=viewer)
        return session_page(sessions.filter(**others), request, viewer=viewer, now=now)
    visible = _all_visible(request, viewer.role, viewer.pk)
    if visible is None:
        return Page(request, [], 0)
    return _page(*visible, request, viewer, now)


def page_statements(request: PageRequest, *, role: str, user_id: UUID) -> list[Statement]:
    """What `visible_session_page` reads first for a reader of this role, when nothing is filtered."""
    visible = _all_visible(request, role, user_id)
    return [_page_statement(*visible, request, role)] if visible else []


_Ids = tuple[str, list[Any]]


def _all_visible(request: PageRequest, role: str, user_id: UUID) -> tuple[str, _Ids] | None:
    is_in_time = role == Role.PATIENT and request.ordering in _BY_START
    visible = _own_ids() if is_in_time else _visible_ids(role)
    if visible is None:
        return None
    sql, count = visible
    return _OF_A_PATIENT if is_in_time else _OF_SESSIONS, (sql, [user_id] * count)


def _page_statement(page: str, ids: _Ids, request: PageRequest, role: str) -> Statement:
    sql = _page_sql(page, ids[0], request.ordering, with_names=role != Role.PATIENT)
    return sql, [*ids[1], request.size, request.offset]


def _page(page: str, ids: _Ids, request: PageRequest, viewer: User, now: datetime) -> Page[SessionRow]:
    rows = read(*_page_statement(page, ids, request, viewer.role))
    if rows:
        total = rows[0][0]
    elif request.offset:  # a page past the end still says how many there are
        ((total,),) = read(_COUNT.format(ids=ids[0]), ids[1])
    else:
        total = 0
    return Page(request, _shown(rows, viewer, now), total)


def _ids_of(sessions: QuerySet[Session]) -> _Ids | None:
    """The SELECT of their ids and its values; None when it is known that there are none."""
    return _compiled(sessions.order_by().values("pk"))


@cache
def _visible_ids(role: str) -> tuple[str, int] | None:
    """`visible_to` for a role, built once: the SELECT, and how many times it asks for the reader's id."""
    return _for_any(role, lambda reader: Session.objects.visible_to(reader).order_by().values("pk"))


@cache
def _own_ids() -> tuple[str, int] | None:
    """What `visible_to` gives a patient, with the starts."""
    return _for_any(Role.PATIENT, lambda reader: taking_part(reader).values("session_id", "start"))


def _for_any(role: str, build: Callable[[User], QuerySet[Any, Any]]) -> tuple[str, int] | None:
    """A SELECT as `build` makes it for readers of a role.

    It is built for a stand-in that has a role and an id and nothing else: whatever else is asked about the reader is
    looked for in the database, and not found.
    """
    stand_in = User.from_db(DEFAULT_DB_ALIAS, ["id", "role"], [uuid7(), role])
    compiled = _compiled(build(stand_in))
    if compiled is None:
        return None
    sql, values = compiled
    if any(value != stand_in.pk for value in values):
        raise TypeError("This asks for more than the reader's id and role: it must be built for each reader.")
    return sql, len(values)


def _compiled(queryset: QuerySet[Any, Any]) -> _Ids | None:
    try:
        sql, values = queryset.query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, list(values)


@lru_cache(maxsize=256)
def _page_sql(page: str, ids: str, ordering: tuple[str, ...], *, with_names: bool) -> str:
    order = _order_by(ordering)
    page = page.format(ids=ids, order=order)
    if not with_names:
        return _PAGE.format(page=page, who="", joined="", order=order)
    return _PAGE.format(page=page, who=_WHO, joined=_WHO_JOINED, order=f"{order}, participant.id")


@cache
def _order_by(ordering: tuple[str, ...]) -> str:
    """The ORDER BY of fields of Session, named as Django names them."""
    columns = []
    for name in ordering:
        field = cast("Field[Any, Any]", Session._meta.get_field(name.removeprefix("-")))
        columns.append(f'session."{field.column}" {"DESC" if name.startswith("-") else "ASC"}')
    return ", ".join(columns)


def _shown(rows: list[Row], viewer: User, now: datetime) -> list[SessionRow]:
    """The rows of `_PAGE`, with `_WHO` for all but patients, as one row for each session."""
    if viewer.role == Role.PATIENT:
        return _own(rows, viewer, now)
    sessions: dict[UUID, Row] = {}
    people: dict[UUID, dict[UUID, Person]] = {}
    for row in rows:
        _, patient_id, name, is_anonymous, alias, session_id = row[:6]
        sessions[session_id] = row[5:]
        who = people.setdefault(session_id, {})
        if patient_id is not None:
            who[patient_id] = Person(patient_id, patient_name(name, is_anonymous, alias, viewer))
    more, can = _more_of(list(sessions.values()), None), possible_to(viewer, now)
    shown = []
    for columns in sessions.values():
        session_id, status, start, end = columns[:4]
        who = people[session_id]
        known = more.get(session_id)
        room, charge = (known[0][:2], known[0][6:]) if known else (_NO_ROOM, _NO_CHARGE)
        several: tuple[Participation, ...] = ()
        patients = tuple(who.values())
        if known and columns[-1] > 1:
            several = tuple(Participation(who[row[2]], row[3], *row[6:]) for row in known if row[2] in who)
            patients = tuple(each.person for each in several if each.status != ParticipantStatus.CANCELLED)
            charge = charge if len(several) == 1 else _NO_CHARGE
        is_owed = (bool(charge[0]) and not charge[1]) or any(each.owed_minor for each in several)
        possible = can(status, start, end, is_owed)
        shown.append(SessionRow._make((*columns, *charge, *room, patients, several, possible)))
    return shown


def _own(rows: list[Row], viewer: User, now: datetime) -> list[SessionRow]:
    """A patient's own: of others who take part nothing is read, and how tight the counselor's day is, is not theirs."""
    sessions = [row[1:] for row in rows]
    more, can = _more_of(sessions, viewer.pk), possible_to(viewer, now)
    who = (Person(viewer.pk, patient_name(viewer.full_name, False, "", viewer)),)
    late = _too_late(sessions, viewer.pk, now)
    shown = []
    for *columns, _, capacity in sessions:
        known = more.get(columns[0])
        room, charge = (known[0][:2], known[0][6:]) if known else (_NO_ROOM, _NO_CHARGE)
        if known and capacity > 1:
            became, left_by, left_at = known[0][3:6]
            if became in _ENDED_FOR_ONE:
                columns[_STATUS] = became
                if left_at is not None:
                    columns[_CANCELLED] = left_by, left_at
        session_id, status, start, end = columns[:4]
        possible = can(status, start, end, bool(charge[0]) and not charge[1])
        if session_id in late:
            possible = without_moving(possible)
        shown.append(SessionRow._make((*columns, None, capacity, *charge, *room, who, (), possible)))
    return shown


def _too_late(sessions: Sequence[Row], patient_id: UUID, now: datetime) -> set[UUID]:
    ids = [
        row[0]
        for row in sessions
        if may_be_late(status=row[_STATUS], start=row[2], fee_minor=row[_FEE], now=now)
    ]
    return too_late_to_move(ids, patient_id=patient_id, now=now)


_STATUS, _FEE, _CANCELLED = 1, 14, slice(18, 20)
"""Of the columns from the session's id on."""


def _more_of(sessions: Sequence[Row], patient_id: UUID | None) -> dict[UUID, list[Row]]:
    """What `_MORE` tells of those that may have it, by session: a row for each who takes part, or for the patient."""
    ids = [
        row[0]
        for row in sessions
        if row[1] == SessionStatus.CANCELLED or row[4] == Mode.IN_PERSON or row[-1] > 1
    ]
    more: dict[UUID, list[Row]] = {}
    for row in read(_MORE, [patient_id, ids]) if ids else ():
        more.setdefault(row[0], []).append(row[1:])
    return more
