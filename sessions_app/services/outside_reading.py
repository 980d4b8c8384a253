"""Reading outside calendars: fetched outside of any transaction, worked out, and only the busy spans kept.

What cannot be read leaves the spans of the last good reading in place: better a time too few than a counselor who is
booked while they are elsewhere.
"""

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.utils import timezone

from core import outbox
from core.crypto.errors import SealError
from core.facts import fact
from core.outbound import OutboundError, fetch
from sessions_app.models import OutsideBusy, OutsideCalendar
from sessions_app.models.outside import Problem
from sessions_app.outside_busy import NoCalendarError, TooMuchError, busy_spans, without_stamps
from sessions_app.wall_clock import Span

log = structlog.get_logger(__name__)

READ_EVERY = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=6)
"""After failures the pause doubles, up to this."""
MAX_BYTES = 4 * 1024 * 1024
FETCH_SECONDS = 20.0
_WRITTEN_AT_ONCE = 1000


def claim_due(*, now: datetime, limit: int = 200) -> list[UUID]:
    """The calendars whose turn it is; nobody else gets them until their next one, whatever becomes of this."""
    with fact(actor=None):
        due = list(
            OutsideCalendar.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(next_reading_at__lte=now, counselor__user__is_active=True)
            .order_by("next_reading_at")
            .values_list("pk", flat=True)[:limit]
        )
        OutsideCalendar.objects.filter(pk__in=due).update(next_reading_at=now + READ_EVERY)
    return due


def on_wanted(payload: outbox.Payload) -> None:
    """Heard from the outbox: a calendar was added, or somebody asks for it now."""
    read_outside_calendar(UUID(str(payload["calendar"])))


def read_outside_calendar(calendar_id: UUID, *, now: datetime | None = None) -> None:
    """Fetch it and keep when its counselor is busy, or note what went wrong. May run twice, also at once."""
    now = now or timezone.now()
    calendar = OutsideCalendar.objects.select_related("counselor__user").filter(pk=calendar_id).first()
    if calendar is None or not calendar.counselor.user.is_active:
        return
    try:
        content = fetch(
            calendar.address, accept="text/calendar, */*;q=0.1", max_bytes=MAX_BYTES, seconds=FETCH_SECONDS
        )
        fingerprint = _fingerprint(calendar, content, now)
        is_known = calendar.fingerprint is not None and bytes(calendar.fingerprint) == fingerprint
        spans = None if is_known else _spans(calendar, content, now)
    except (OutboundError, NoCalendarError, TooMuchError, SealError, SoftTimeLimitExceeded) as error:
        _note_failure(calendar, _problem(error), now)
        return
    _keep(calendar, spans, fingerprint, now)


def _spans(calendar: OutsideCalendar, content: bytes, now: datetime) -> list[Span]:
    first, last = _window(now)
    return busy_spans(
        content,
        zone=ZoneInfo(calendar.counselor.user.timezone),
        start=first,
        end=last,
        own_host=urlsplit(settings.SITE_URL).hostname,
    )


def _window(now: datetime) -> tuple[datetime, datetime]:
    """From yesterday until after the last session that could be booked; the same for a whole day, UTC."""
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    return today - timedelta(days=1), today + timedelta(days=settings.BOOKING_HORIZON_DAYS + 2)


def _fingerprint(calendar: OutsideCalendar, content: bytes, now: datetime) -> bytes:
    """Of all that decides the spans. Keyed by the calendar, so that equal contents cannot be told from the column."""
    first, last = _window(now)
    context = (
        f"{calendar.pk}\n{calendar.counselor.user.timezone}\n{first}\n{last}\n{settings.SITE_URL}\n".encode()
    )
    return hashlib.sha256(context + without_stamps(content)).digest()


def _problem(error: Exception) -> Problem:
    match error:
        case OutboundError():
            return Problem(error.trouble.value)
        case NoCalendarError():
            return Problem.NO_CALENDAR
        case SealError():
            return Problem.ADDRESS
    return Problem.TOO_MUCH  # more than we take, or more than could be worked out in the time a task has


def _note_failure(calendar: OutsideCalendar, problem: Problem, now: datetime) -> None:
    log.info("outside_calendar.not_read", calendar_id=str(calendar.pk), problem=problem.value)
    with fact(actor=None):
        kept = OutsideCalendar.objects.select_for_update().filter(pk=calendar.pk).first()
        if kept is None:
            return
        kept.failures = min(kept.failures + 1, 30)
        kept.problem, kept.last_tried_at = problem, now
        kept.next_reading_at = now + min(READ_EVERY * 2 ** (kept.failures - 1), LONGEST_PAUSE)
        kept.save(update_fields=["failures", "problem", "last_tried_at", "next_reading_at"])


def _keep(calendar: OutsideCalendar, spans: list[Span] | None, fingerprint: bytes, now: datetime) -> None:
    """`spans` None: the same as last time."""
    with fact(actor=None):
        kept = OutsideCalendar.objects.select_for_update().filter(pk=calendar.pk).first()
        if kept is None:
            return
        if spans is not None:
            _replace(kept, spans)
            kept.fingerprint = fingerprint
        kept.failures, kept.problem = 0, ""
        kept.last_read_at = kept.last_tried_at = now
        kept.next_reading_at = now + READ_EVERY
        kept.save(
            update_fields=[
                "fingerprint",
                "failures",
                "problem",
                "last_read_at",
                "last_tried_at",
                "next_reading_at",
            ]
        )


def _replace(calendar: OutsideCalendar, spans: Collection[Span]) -> None:
    """Only what differs is written: of a calendar of years, little changes in a quarter of an hour."""
    wanted = {(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)) for start, end in spans}
    present = {
        (start, end): pk
        for pk, start, end in OutsideBusy.objects.filter(calendar=calendar).values_list("pk", "start", "end")
    }
    gone = [pk for span, pk in present.items() if span not in wanted]
    OutsideBusy.objects.filter(pk__in=gone).delete()
    new = [
        OutsideBusy(calendar=calendar, counselor_id=calendar.counselor_id, start=start, end=end)
        for start, end in sorted(wanted - present.keys())
    ]
    OutsideBusy.objects.bulk_create(new, batch_size=_WRITTEN_AT_ONCE)
