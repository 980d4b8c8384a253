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
from core.statements import Row, read
from sessions_app.models import Mode, Session, SessionStatus
from sessions_app.models.sessions import taking_part
from sessions_app.session_rows import Person, SessionRow, patient_name, possible_to

# The ids come from a queryset, so that who sees what is said in one place; the rest is read by hand, since building it
# through the ORM costs more than PostgreSQL takes (docs/performance.md). Each table costs even where it holds nothing
# for these rows, so what few sessions have is read by a second statement, when one of them has it.
_PAGE = """
WITH {page}
SELECT page.total,{who} session.id, session.status, session.start, session."end", session.mode, session.kind, type.name,
       session.counselor_id, trim(counselor.first_name || ' ' || counselor.last_name),
       centre.id, centre.name, centre.address, centre.city, centre.timezone,
       session.fee_minor, session.currency, session.payment_policy, session.created_at,
       session.cancelled_by_id, session.cancelled_at, session.overbooked
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
# One row for each who takes part.
_WHO_JOINED = """
  LEFT JOIN sessions_app_sessionparticipant participant ON participant.session_id = session.id
  LEFT JOIN accounts_patientprofile patient ON patient.user_id = participant.patient_id
  LEFT JOIN accounts_user person ON person.id = participant.patient_id"""
# A cancelled session may have cost something, and one in person may have a room.
_MORE = """
SELECT session.id, charge.amount_minor, charge.waived_at IS NOT NULL, policy.version, room.id, room.name
  FROM sessions_app_session session
  LEFT JOIN sessions_app_cancellationcharge charge
         ON charge.session_id = session.id AND session.status = 'cancelled'
  LEFT JOIN sessions_app_noticepolicy policy ON policy.id = charge.policy_id
  LEFT JOIN sessions_app_calendarentry entry ON entry.id = session.entry_id AND session.mode = 'in_person'
  LEFT JOIN sessions_app_room room ON room.id = entry.room_id
 WHERE session.id = ANY(%s::uuid[])
"""
_NO_MORE = (None, False, None, None, None)
_OF_SESSIONS = """wanted(id) AS NOT MATERIALIZED ({ids}),
     page AS MATERIALIZED (
       SELECT session.id, (SELECT count(*) FROM wanted) AS total
         FROM sessions_app_session session JOIN wanted ON wanted.id = session.id
        ORDER BY {order} LIMIT %s OFFSET %s)"""
# A patient's own in order of time: read by an index of their participations, counted by the same; who takes part is
# the reader.
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
    return _shown(read(_page_sql(ids[0], ordering, is_own=False), [*ids[1], None, 0]), viewer, now)


def session_page(
    sessions: QuerySet[Session], request: PageRequest, *, viewer: User, now: datetime
) -> Page[SessionRow]:
    """One page of them and how many there are, in one query. The queryset: as for `session_rows`."""
    ids = _ids_of(sessions)
    if ids is None:
        return Page(request, [], 0)
    return _page(ids, request, viewer, now)


def visible_session_page(
    request: PageRequest, *, viewer: User, now: datetime, filters: Mapping[str, Any] | None = None
) -> Page[SessionRow]:
    """One page of all that `viewer` may see and that pass the filters (lookups of Session), in one query."""
    if filters:
        return session_page(
            Session.objects.visible_to(viewer).filter(**filters), request, viewer=viewer, now=now
        )
    is_in_time = viewer.role == Role.PATIENT and request.ordering in _BY_START
    visible = _own_ids() if is_in_time else _visible_ids(viewer.role)
    if visible is None:
        return Page(request, [], 0)
    sql, count = visible
    return _page((sql, [viewer.pk] * count), request, viewer, now, is_own=is_in_time)


_Ids = tuple[str, list[Any]]


def _page(
    ids: _Ids, request: PageRequest, viewer: User, now: datetime, *, is_own: bool = False
) -> Page[SessionRow]:
    sql = _page_sql(ids[0], request.ordering, is_own=is_own)
    rows = read(sql, [*ids[1], request.size, request.offset])
    if rows:
        total = rows[0][0]
    elif request.offset:  # a page past the end still says how many there are
        ((total,),) = read(_COUNT.format(ids=ids[0]), ids[1])
    else:
        total = 0
    shown = _own(rows, viewer, now) if is_own else _shown(rows, viewer, now)
    return Page(request, shown, total)


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
def _page_sql(ids: str, ordering: tuple[str, ...], *, is_own: bool) -> str:
    order = _order_by(ordering)
    if is_own:
        return _PAGE.format(page=_OF_A_PATIENT.format(ids=ids, order=order), who="", joined="", order=order)
    page = _OF_SESSIONS.format(ids=ids, order=order)
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
    """The rows of `_PAGE` with `_WHO`, which stand together by session, as one row for each."""
    sessions: dict[UUID, Row] = {}
    patients: dict[UUID, tuple[Person, ...]] = {}
    for row in rows:
        _, patient_id, name, is_anonymous, alias, session_id = row[:6]
        sessions[session_id] = row[5:]
        who = patients.get(session_id, ())
        if patient_id is not None:
            who += (Person(patient_id, patient_name(name, is_anonymous, alias, viewer)),)
        patients[session_id] = who
    return _completed(list(sessions.values()), patients.__getitem__, viewer, now)


def _own(rows: list[Row], viewer: User, now: datetime) -> list[SessionRow]:
    """The rows of `_PAGE` without `_WHO`: a patient's own."""
    who = (Person(viewer.pk, patient_name(viewer.full_name, False, "", viewer)),)
    return _completed([row[1:] for row in rows], lambda _: who, viewer, now)


def _completed(
    sessions: Sequence[Row], patients_of: Callable[[UUID], tuple[Person, ...]], viewer: User, now: datetime
) -> list[SessionRow]:
    more = _more_of(sessions)
    can, is_patient = possible_to(viewer, now), viewer.role == Role.PATIENT
    shown = []
    for *columns, overbooked in sessions:
        session_id, status, start, end = columns[:4]
        own = more.get(session_id, _NO_MORE)
        is_owed = bool(own[0]) and not own[1]
        possible = can(status, start, end, is_owed)
        tight = (
            None if is_patient else overbooked
        )  # how tight the counselor's day is, is not a patient's to know
        shown.append(SessionRow._make((*columns, tight, *own, patients_of(session_id), possible)))
    return shown


def _more_of(sessions: Sequence[Row]) -> dict[UUID, Row]:
    """What `_MORE` tells of those that may have it, by session."""
    ids = [row[0] for row in sessions if row[1] == SessionStatus.CANCELLED or row[4] == Mode.IN_PERSON]
    return {row[0]: row[1:] for row in read(_MORE, [ids])} if ids else {}
