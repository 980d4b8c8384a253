"""Booked sessions that lie outside the counselor's hours, or in their leave: to decide on, with times to move them to.

Nothing moves by itself. A session is listed from the change that leaves it outside until somebody moves or cancels it.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Q

from accounts.models import CounselorProfile, User
from sessions_app.free_time import is_free, merge_spans
from sessions_app.listing import session_rows
from sessions_app.models import Mode, Occupancy, Session, SessionParticipant, SuggestedTime
from sessions_app.services.calendars import CounselorCalendar, read_calendars
from sessions_app.services.slots import Slot, Wish, slots_of
from sessions_app.session_rows import SessionRow
from sessions_app.wall_clock import Span
from sessions_app.why_not import Finding, WhyNot, falls_outside

OFFERS = 3
LOOK_AROUND = timedelta(days=60)
"""How long after the last of these sessions a new time is looked for."""

Change = Callable[[CounselorCalendar], None]


@dataclass(frozen=True, slots=True)
class Displaced:
    """A session outside the hours: the rule that says so, and up to three new times, the nearest first.

    `suggested_at` is when the patient was told of times to choose from, None when they were not.
    """

    session: SessionRow
    rule: WhyNot
    offers: list[Slot]
    suggested_at: datetime | None


class _Booked(NamedTuple):
    id: UUID
    start: datetime
    end: datetime
    mode: str
    centre_id: UUID
    type_id: UUID

    @property
    def span(self) -> Span:
        return int(self.start.timestamp()), int(self.end.timestamp())

    @property
    def wish(self) -> Wish:
        centre_id = self.centre_id if self.mode == Mode.IN_PERSON else None
        return Wish(type_id=self.type_id, mode=self.mode, centre_id=centre_id)


def find_displaced(
    *, counselor: CounselorProfile, viewer: User, now: datetime, change: Change | None = None
) -> list[Displaced]:
    """The coming sessions of the counselor that `viewer` may see and that lie outside, by start.

    `change` puts what is not saved yet into the calendar that they are held against: what a preview shows. No two of
    them are offered the same time first, so that all can take what is nearest. A fixed number of
    statements, however many they are.
    """
    coming = (
        Session.objects.visible_to(viewer)
        .coming(now, viewer=viewer)
        .filter(counselor=counselor, start__gt=now)
    )
    columns = ("pk", "start", "end", "mode", "centre_id", "session_type_id")
    booked = [_Booked(*row) for row in coming.order_by("start", "pk").values_list(*columns)]
    if not booked:
        return []
    calendar = _calendar_around(counselor, now, booked[-1].start + LOOK_AROUND)
    if change is not None:
        change(calendar)
    outside = {one.id: (one, finding) for one in booked if (finding := _outside(one, calendar))}
    if not outside:
        return []
    offers = _offers([one for one, _ in outside.values()], calendar, now)
    rows = session_rows(Session.objects.visible_to(viewer).filter(pk__in=outside), viewer=viewer, now=now)
    standing = SuggestedTime.objects.filter(session__in=outside, instead_of=F("session__start"))
    suggested = dict(standing.values_list("session", "suggested_at"))
    return [Displaced(row, outside[row.id][1].rule, offers[row.id], suggested.get(row.id)) for row in rows]


def _calendar_around(counselor: CounselorProfile, start: datetime, end: datetime) -> CounselorCalendar:
    return read_calendars([counselor.pk], start=start, end=end, for_planning=True)[counselor.pk]


def _outside(one: _Booked, calendar: CounselorCalendar) -> Finding | None:
    rules = calendar.rules_for(mode=one.mode, centre_id=one.wish.centre_id)
    return falls_outside(*one.span, rules, calendar.rules, calendar.leave)


def _offers(outside: list[_Booked], calendar: CounselorCalendar, now: datetime) -> dict[UUID, list[Slot]]:
    """By session, the nearest times that its patients have too."""
    end = outside[-1].start + LOOK_AROUND
    busy = _busy_of_patients([one.id for one in outside], start=now, end=end)
    first_choices: list[Span] = []

    @cache
    def free(wish: Wish) -> list[Slot]:
        found = slots_of(calendar, wish=wish, start=now, end=end, now=now)
        return [slot for slot in found if slot.joins is None]

    offers = {}
    for one in outside:
        fitting = _that_fit(free(one.wish), [*busy.get(one.id, ()), *first_choices])
        by_distance = sorted((abs(slot.start - one.start), slot) for slot in fitting)
        nearest = [slot for _, slot in by_distance[:OFFERS]]
        offers[one.id] = nearest
        first_choices += [_span(slot) for slot in nearest[:1]]
    return offers


def _that_fit(slots: list[Slot], taken: Collection[Span]) -> Iterator[Slot]:
    merged = merge_spans(taken)
    return (slot for slot in slots if is_free(*_span(slot), merged))


def _span(slot: Slot) -> Span:
    return int(slot.start.timestamp()), int(slot.end.timestamp())


def _busy_of_patients(session_ids: list[UUID], *, start: datetime, end: datetime) -> dict[UUID, list[Span]]:
    """By session, when its patients are taken."""
    of_session: dict[UUID, list[UUID]] = {}
    taking_part = SessionParticipant.objects.filter(session__in=session_ids)
    for session_id, patient_id in taking_part.values_list("session_id", "patient_id"):
        of_session.setdefault(session_id, []).append(patient_id)
    patients = {patient_id for ids in of_session.values() for patient_id in ids}
    by_patient: dict[UUID, list[Span]] = {}
    taken = Occupancy.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=start),
        resource__in=patients,
        is_active=True,
        busy__overlap=(start, end),
    )
    for patient_id, busy in taken.values_list("resource", "busy"):
        by_patient.setdefault(patient_id, []).append(
            (int(busy.lower.timestamp()), ceil(busy.upper.timestamp()))
        )
    return {
        session_id: [span for id_ in ids for span in by_patient.get(id_, ())]
        for session_id, ids in of_session.items()
    }
