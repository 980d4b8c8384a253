"""What the counselors of the demo clinic do besides sessions: made by the service, where nothing is booked."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.errors import DomainError
from mentalspace.demo.people import People
from sessions_app.services.blocks import add_block

WEEKS = 4
HOW_MANY_MEET = 4
WEEKLY = (
    (0, time(12, 30), timedelta(minutes=60), "Team meeting"),
    (2, time(16), timedelta(minutes=45), "Supervision"),
    (4, time(9), timedelta(minutes=30), ""),
)
"""Weekday, when on the counselor's wall, how long, and what it is called."""


def block_some_time(people: People, *, now: datetime) -> None:
    for counselor in people.counselors[:HOW_MANY_MEET]:
        zone = ZoneInfo(counselor.user.timezone)
        monday = _monday(now.astimezone(zone).date())
        for week in range(WEEKS):
            for weekday, at, length, title in WEEKLY:
                day = monday + timedelta(days=7 * week + weekday)
                start = datetime.combine(day, at, zone)
                try:
                    add_block(
                        counselor=counselor,
                        start=start,
                        end=start + length,
                        title=title,
                        actor=counselor.user,
                        now=now,
                    )
                except DomainError:
                    continue  # over, or a session is there


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
