"""The times to which a booked session could move: its own present time is no obstacle to them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from math import ceil
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from core.errors import NotFound
from sessions_app.free_time import is_free, merge_spans
from sessions_app.models import Occupancy, Session
from sessions_app.services.calendars import CounselorCalendar, read_calendars
from sessions_app.services.rescheduling import choice_of
from sessions_app.services.seats import active_participants
from sessions_app.services.slots import Slot, slots_of, within_horizon
from sessions_app.wall_clock import Span


def find_new_times(
    *,
    session: Session,
    start: datetime,
    end: datetime,
    moving_too: Iterable[Session] = (),
    mode: str | None = None,
    for_one: UUID | None = None,
    now: datetime | None = None,
) -> list[Slot]:
    """When it could begin in [start, end) instead of when it does, earliest first; what `reschedule_session` accepts.

    As they would be once it, and those that move with it, have left their times: also such as overlap them. With
    `for_one` those to which this patient could go by themselves, who leaves the others of a group where they are.
    Raises NotFound when the counselor takes no bookings.
    """
    now = now or timezone.now()
    begins, ends = within_horizon(start, end, now)
    leaving = [session, *moving_too]
    patient_ids = [each.patient_id for each in active_participants(session)]
    entry_ids = [each.entry_id for each in leaving]
    if for_one is not None:
        leaving = leaving if patient_ids == [for_one] else []
        patient_ids = [for_one]
    calendar = read_calendars(
        [session.counselor_id], start=begins, end=ends, for_patient=patient_ids[0] if patient_ids else None
    ).get(session.counselor_id)
    if calendar is None:
        raise NotFound("This counselor is not taking bookings here.")
    calendar = _left_by(
        calendar, [each.entry_id for each in leaving], [_epoch(each.start) for each in leaving]
    )
    wish = choice_of(session, session.start, mode=mode).wish
    busy = _busy(patient_ids, entry_ids, begins, ends, now)
    return [
        slot
        for slot in slots_of(calendar, wish=wish, start=begins, end=ends, now=now)
        if slot.start != session.start
        and (slot.joins is None or for_one is not None)
        and is_free(_epoch(slot.start), _epoch(slot.end), busy)
    ]


def _left_by(calendar: CounselorCalendar, entry_ids: list[UUID], starts: list[int]) -> CounselorCalendar:
    """The calendar without what these entries take of the counselor and the rooms: nobody else takes that too."""
    left: dict[UUID, list[Span]] = {}
    for resource, busy in Occupancy.objects.filter(entry__in=entry_ids).values_list("resource", "busy"):
        left.setdefault(resource, []).append((_epoch(busy.lower), ceil(busy.upper.timestamp())))
    blocks, begun = calendar.blocks, [start for start in calendar.begun if start not in starts]
    return replace(
        calendar,
        blocks=blocks._replace(
            busy=_without(blocks.busy, left.get(calendar.counselor_id, ())),
            full=calendar.terms.full_days(begun),
        ),
        rooms={
            centre_id: [room._replace(busy=_without(room.busy, left.get(room.id, ()))) for room in rooms]
            for centre_id, rooms in calendar.rooms.items()
        },
    )


def _without(busy: Sequence[Span], left: Collection[Span]) -> list[Span]:
    """`busy` less the spans of `left`; both are merged."""
    rest = list(busy)
    for first, last in left:
        rest = [
            part
            for lower, upper in rest
            for part in ((lower, min(upper, first)), (max(lower, last), upper))
            if part[0] < part[1]
        ]
    return merge_spans(rest)


def _busy(
    patient_ids: list[UUID], but: list[UUID], start: datetime, end: datetime, now: datetime
) -> list[Span]:
    """When those who take part are elsewhere."""
    taken = Occupancy.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        resource__in=patient_ids,
        is_active=True,
        busy__overlap=(start, end + (end - start)),
    ).exclude(entry__in=but)
    spans = taken.exclude(entry__hold__is_live=True).values_list("busy", flat=True)
    return merge_spans((_epoch(busy.lower), ceil(busy.upper.timestamp())) for busy in spans)


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())
