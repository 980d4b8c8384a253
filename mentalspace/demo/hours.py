"""When the counselors of the demo clinic are there, and what they offer."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import Centre, CounselorProfile
from mentalspace.demo.counselors import DemoCounselor, Hours, Offer
from sessions_app.models import ExceptionKind, Mode, PaymentPolicy, SessionKind, SessionType
from sessions_app.models.types import USUAL_CAPACITY
from sessions_app.services.availability import (
    BookingRulesInput,
    ExceptionInput,
    RuleInput,
    replace_availability,
    save_session_type,
)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SESSION_MINUTES = 50
CALL_MINUTES = 30
COUPLE_MINUTES = 80
PAUSE_MINUTES = 10


def keep_hours(
    counselor: CounselorProfile,
    about: DemoCounselor,
    *,
    centres: dict[str, Centre],
    now: datetime,
    is_here_today: bool,
    with_leave: bool = False,
) -> None:
    """Their weekly hours; `with_leave`, for when sessions are booked already, leave and booking rules as well.

    With `is_here_today`, a day without any gets an extra clinic, so that it is never empty.
    """
    today = now.astimezone(ZoneInfo(about.timezone)).date()
    rules = [rule for hours in about.hours for rule in _rules(hours, about, centres, today)]
    if is_here_today and all(rule.weekday != today.weekday() for rule in rules):
        rules.append(_extra_clinic(about, counselor.primary_centre_id, today))
    replace_availability(
        counselor=counselor,
        rules=rules,
        exceptions=list(_exceptions(about, counselor.primary_centre_id, today)) if with_leave else [],
        booking=_booking(about) if with_leave else None,
        actor=counselor.user,
    )


def offer_sessions(counselor: CounselorProfile, offer: Offer) -> list[SessionType]:
    """A free first session, sessions, a call, and for some an hour and twenty minutes for two."""
    modes = [Mode.VIDEO, Mode.PHONE] if offer.is_online_only else [Mode.IN_PERSON, Mode.VIDEO, Mode.PHONE]
    types = [
        _type("First session", SessionKind.INTAKE, SESSION_MINUTES, 0, offer, modes),
        _type("Session", SessionKind.FOLLOW_UP, SESSION_MINUTES, offer.fee_minor, offer, modes),
        _type("Short call", SessionKind.FOLLOW_UP, CALL_MINUTES, offer.fee_minor // 2, offer, [Mode.PHONE]),
    ]
    if offer.couples:
        fee_minor = offer.fee_minor * 3 // 2
        types.append(_type("Couple", SessionKind.COUPLE, COUPLE_MINUTES, fee_minor, offer, modes[:2]))
    for position, session_type in enumerate(types):
        session_type.counselor = counselor
        session_type.position = position
        save_session_type(session_type=session_type, actor=counselor.user)
    return types


def _rules(
    hours: Hours, about: DemoCounselor, centres: dict[str, Centre], today: date
) -> Iterator[RuleInput]:
    monday = today - timedelta(days=today.weekday())
    centre = centres[hours.centre] if hours.centre else None
    for day in hours.days.split():
        yield RuleInput(
            weekday=WEEKDAYS.index(day),
            start=time.fromisoformat(hours.start),
            end=time.fromisoformat(hours.end),
            timezone=centre.timezone if centre else about.timezone,
            centre_id=centre.pk if centre else None,
            valid_from=None if hours.from_week is None else monday + timedelta(weeks=hours.from_week),
            valid_until=None
            if hours.until_week is None
            else monday + timedelta(weeks=hours.until_week, days=6),
            every_weeks=hours.every_weeks,
        )


def _exceptions(about: DemoCounselor, centre_id: UUID, today: date) -> Iterator[ExceptionInput]:
    """A week's leave, from Monday to Sunday, and some hours on the Saturday before it."""
    if about.leave_in_week is None:
        return
    monday = today + timedelta(weeks=about.leave_in_week, days=-today.weekday())
    saturday = monday - timedelta(days=2)
    sunday = monday + timedelta(days=6)
    yield ExceptionInput(ExceptionKind.UNAVAILABLE, monday, sunday, about.timezone)
    yield ExceptionInput(
        ExceptionKind.EXTRA, saturday, saturday, about.timezone, time(10), time(14), centre_id
    )


def _booking(about: DemoCounselor) -> BookingRulesInput | None:
    if about.booking is None:
        return None
    return BookingRulesInput(
        timezone=about.timezone,
        minimum_notice_minutes=60 * about.booking.notice_hours,
        most_sessions_a_day=about.booking.most_a_day,
    )


def _extra_clinic(about: DemoCounselor, centre_id: UUID, today: date) -> RuleInput:
    return RuleInput(
        weekday=today.weekday(),
        start=time(10),
        end=time(21),
        timezone=about.timezone,
        centre_id=centre_id,
        valid_from=today,
        valid_until=today,
    )


def _type(
    name: str, kind: SessionKind, minutes: int, fee_minor: int, offer: Offer, modes: list[Mode]
) -> SessionType:
    return SessionType(
        name=name,
        kind=kind,
        duration_minutes=minutes,
        modes=modes,
        fee_minor=fee_minor,
        currency=offer.currency,
        payment_policy=PaymentPolicy.AT_CENTRE if fee_minor else PaymentPolicy.FREE,
        buffer_after_minutes=PAUSE_MINUTES,
        capacity=USUAL_CAPACITY.get(kind, 1),
    )
