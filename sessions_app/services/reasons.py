"""“Why is this time not offered?”, of a counselor's calendar: the rule, and what to say of it to whom."""

from datetime import UTC, datetime, timedelta
from math import ceil
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from core.wording import clock_in_words, zone_in_words
from sessions_app.models import EntryKind, Occupancy
from sessions_app.services.calendars import CounselorCalendar, OfferedType, Terms, read_calendars
from sessions_app.services.rooms import ALL_ROOMS_TAKEN
from sessions_app.services.seats import GROUP_FULL
from sessions_app.services.slots import Wish, choose_type, groups_of, mode_needed, slots_of
from sessions_app.wall_clock import Span
from sessions_app.why_not import Bookable, Finding, WhyNot, why_not

TELLING = frozenset({WhyNot.DAY_FULL, WhyNot.ROOMS_TAKEN, WhyNot.GROUP_FULL})
TAKEN_BY_OTHERS = frozenset({WhyNot.TAKEN, WhyNot.TOO_CLOSE, WhyNot.BLOCKED}) | TELLING
"""What somebody else's booking brought about; all others are the counselor's own rules, and the clock's. Whoever is
refused is told so by its name where that says more than that the time is gone (TELLING)."""

_OF_ANY_SESSION = frozenset({WhyNot.PAST, WhyNot.TOO_SOON, WhyNot.TOO_FAR})
"""Rules that keep people from a group that is booked already as well."""

NOT_THERE = "The counselor is not there at this time. Choose one of the offered times."
NOT_FREE = "The counselor is not free then. Choose another time."
SAFE_WORDS: dict[WhyNot, tuple[str, str]] = {
    WhyNot.NOT_LISTED: (
        "not_listed",
        "This counselor is not taking bookings at present. Choose another one.",
    ),
    WhyNot.NO_SUCH_SESSION: (
        "no_such_session",
        "This counselor has no such session. Choose one of those that are offered.",
    ),
    WhyNot.PAST: ("past", "This time is in the past. Choose a coming one."),
    WhyNot.TOO_SOON: ("too_soon", "This is too soon for this counselor. Choose a later time."),
    WhyNot.TOO_FAR: ("too_far", "Sessions with this counselor cannot be booked that far ahead yet."),
    WhyNot.OUTSIDE_HOURS: ("not_there", NOT_THERE),
    WhyNot.AWAY: ("not_there", NOT_THERE),
    WhyNot.NOT_THIS_WAY: (
        "not_this_way",
        "The counselor does not meet people in this way or place at this time. Choose another way or time.",
    ),
    WhyNot.CLOCK_REPEATS: (
        "clock_repeats",
        "The clocks go back here, and this hour comes twice: it is offered the first time only.",
    ),
    WhyNot.OFF_GRID: ("off_grid", "Sessions do not begin at this minute. Choose one of the offered times."),
    WhyNot.ENDS_TOO_LATE: (
        "ends_too_late",
        "A session of this length would not be over in time. Choose an earlier time or a shorter session.",
    ),
    WhyNot.DAY_FULL: ("day_full", "The counselor's day is full. Choose another day."),
    WhyNot.TAKEN: ("taken", NOT_FREE),
    WhyNot.TOO_CLOSE: ("taken", NOT_FREE),
    WhyNot.BLOCKED: ("taken", NOT_FREE),
    WhyNot.ROOMS_TAKEN: ("rooms_taken", ALL_ROOMS_TAKEN),
    WhyNot.GROUP_FULL: ("group_full", GROUP_FULL),
}
"""For patients and visitors: a code and a sentence that tell nothing of leave, and nothing of anybody's session."""


SAFE_CODES = frozenset(code for code, _ in SAFE_WORDS.values())


def in_safe_words(finding: Finding) -> tuple[str, str]:
    """A code and a sentence for patients and visitors."""
    return SAFE_WORDS[finding.rule]


def in_full_words(finding: Finding, calendar: CounselorCalendar | None, *, zone: ZoneInfo) -> tuple[str, str]:
    """The rule, and a sentence with its times in `zone`, for those who work with the counselor."""
    template = _FULL_WORDS.get(finding.rule)
    if template is None:
        return finding.rule, SAFE_WORDS[finding.rule][1]
    first, last = finding.span or (0, 0)
    terms = calendar.terms if calendar else Terms()
    return finding.rule, template.format(
        span=in_words((first, last), zone),
        first=_moment(first, zone),
        last=_moment(last, zone),
        notice=_notice_in_words(terms.notice_minutes),
        days=min(terms.horizon_days or settings.BOOKING_HORIZON_DAYS, settings.BOOKING_HORIZON_DAYS),
        most=terms.most_a_day,
        day_zone=zone_in_words(terms.zone),
    )


_FULL_WORDS: dict[WhyNot, str] = {
    WhyNot.NOT_LISTED: "The counselor is not approved, not active, or takes no bookings at present.",
    WhyNot.TOO_SOON: "The counselor asks for {notice} of notice: now, {last} is the earliest.",
    WhyNot.TOO_FAR: "The counselor can be booked {days} days ahead: now, until {first}.",
    WhyNot.OUTSIDE_HOURS: "There are no weekly or extra hours at this time.",
    WhyNot.NOT_THIS_WAY: "There are hours at this time ({span}), but not for this way of meeting or this centre.",
    WhyNot.OFF_GRID: "Sessions begin every quarter of an hour, counted from the beginning of the hours ({span}).",
    WhyNot.ENDS_TOO_LATE: "The hours end before the session would: they are {span}.",
    WhyNot.AWAY: "The counselor is away: {span}.",
    WhyNot.DAY_FULL: "The counselor takes at most {most} sessions a day ({day_zone}), and this day has them.",
    WhyNot.TAKEN: "A session or a hold is there already. With its buffers it takes {span}.",
    WhyNot.BLOCKED: "The counselor keeps this time for something else: {span}.",
    WhyNot.GROUP_FULL: "There is a group at this time, {span}, and all its places are booked or held.",
    WhyNot.TOO_CLOSE: "The time kept free before and after would run into another session or hold: {span}.",
}


def in_words(span: Span, zone: ZoneInfo) -> str:
    """“Monday 7 December 2026, 9:00 am to 5:00 pm, London time”; both days where they differ."""
    start, end = (datetime.fromtimestamp(instant, zone) for instant in span)
    until = clock_in_words(end) if start.date() == end.date() else _moment(span[1], zone, with_zone=False)
    return f"{_moment(span[0], zone, with_zone=False)} to {until}, {zone_in_words(zone.key)}"


def _moment(instant: int, zone: ZoneInfo, *, with_zone: bool = True) -> str:
    moment = datetime.fromtimestamp(instant, zone)
    words = f"{date_format(moment, 'l j F Y')}, {clock_in_words(moment)}"
    return f"{words}, {zone_in_words(zone.key)}" if with_zone else words


def _notice_in_words(minutes: int) -> str:
    for unit, length in (("day", 1440), ("hour", 60), ("minute", 1)):
        count, rest = divmod(minutes, length)
        if count and not rest:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{minutes} minutes"


def find_reason(
    *, counselor_id: UUID, start: datetime, wish: Wish, for_patient: UUID | None = None, now: datetime
) -> tuple[Finding | None, CounselorCalendar | None]:
    """Why a session that begins at `start` is not offered now (None: it is), and the calendar that says so.

    The calendar is None for a counselor who is not listed.
    """
    end = start + timedelta(seconds=1)
    calendars = read_calendars([counselor_id], start=start, end=end, for_patient=for_patient)
    calendar = calendars.get(counselor_id)
    if calendar is None:
        return Finding(WhyNot.NOT_LISTED), None
    finding = reason_against(calendar, wish=wish, start=start, now=now)
    if finding is not None and finding.rule in (WhyNot.TAKEN, WhyNot.TOO_CLOSE):
        finding = _block_there(calendar, wish, start, is_taken=finding.rule is WhyNot.TAKEN) or finding
    return finding, calendar


def _block_there(
    calendar: CounselorCalendar, wish: Wish, start: datetime, *, is_taken: bool
) -> Finding | None:
    """When what takes the time first is a block of the counselor's: not asked for slots, which need no names."""
    offered = choose_type(calendar, wish)
    if offered is None:
        return None
    at = int(start.timestamp())
    first, last = (at, at + offered.shape.duration) if is_taken else offered.shape.around(at)
    there = Occupancy.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now()),
        resource=calendar.counselor_id,
        is_active=True,
        busy__overlap=(_instant(first), _instant(last)),
    )
    found = there.select_related("entry").order_by("busy").first()
    if found is None or found.entry.kind != EntryKind.BLOCK:
        return None
    return Finding(WhyNot.BLOCKED, (int(found.busy.lower.timestamp()), ceil(found.busy.upper.timestamp())))


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def reason_against(
    calendar: CounselorCalendar, *, wish: Wish, start: datetime, now: datetime | None = None
) -> Finding | None:
    """The rule against this start; None exactly when `slots_of` has it. The calendar must reach around `start`."""
    now = now or timezone.now()
    offered = choose_type(calendar, wish)
    if offered is None:
        return Finding(WhyNot.NO_SUCH_SESSION)
    rules = calendar.rules_for(mode=mode_needed(wish, offered), centre_id=wish.centre_id)
    earliest, latest = calendar.terms.bookable(now)
    finding = why_not(
        start.timestamp() if start.microsecond else int(start.timestamp()),
        rules,
        calendar.rules,
        calendar.blocks,
        offered.shape,
        Bookable(now.timestamp(), earliest.timestamp(), latest.timestamp()),
    )
    if finding is None and calendar.rooms and not _is_offered(calendar, wish, start, now):
        return Finding(WhyNot.ROOMS_TAKEN)
    if finding is not None and offered.is_group and finding.rule not in _OF_ANY_SESSION:
        return _reason_of_group(calendar, offered, wish, start, finding)
    return finding


def _reason_of_group(
    calendar: CounselorCalendar, offered: OfferedType, wish: Wish, start: datetime, otherwise: Finding
) -> Finding | None:
    """A group that is booked for this start already takes more people, or is full."""
    then = [group for group in groups_of(calendar, offered, wish) if group.start == start.timestamp()]
    if not then:
        return otherwise
    if any(group.places_left > 0 for group in then):
        return None
    return Finding(WhyNot.GROUP_FULL, (then[0].start, then[0].end))


def _is_offered(calendar: CounselorCalendar, wish: Wish, start: datetime, now: datetime) -> bool:
    slots = slots_of(calendar, wish=wish, start=start, end=start + timedelta(seconds=1), now=now)
    return any(slot.start == start for slot in slots)
