"""A small clinic for scheduling tests: who offers what when, and the requests that its clients send."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import CounselorProfile, User
from sessions_app.models import AvailabilityRule, NoticePolicy, Occupancy, Session
from sessions_app.services.booking import book_session
from sessions_app.services.policies import set_notice_policy
from sessions_app.services.reservations import Choice
from tests.factories import AvailabilityRuleFactory, CounselorFactory, SessionTypeFactory

EVERY_DAY = range(7)
MIDNIGHT = time(0)


def open_practice(
    *,
    zone: str = "UTC",
    start: time = time(9),
    end: time = time(17),
    weekdays: Iterable[int] = EVERY_DAY,
    online: bool = False,
    counselor: CounselorProfile | None = None,
    **session_type: Any,
) -> CounselorProfile:
    """A counselor, listed, with the same hours on all these weekdays and one session type of 50 minutes."""
    counselor = counselor or CounselorFactory()
    SessionTypeFactory(counselor=counselor, **session_type)
    keep_hours(counselor, zone=zone, start=start, end=end, weekdays=weekdays, online=online)
    return counselor


def keep_hours(
    counselor: CounselorProfile,
    *,
    zone: str = "UTC",
    start: time = time(9),
    end: time = time(17),
    weekdays: Iterable[int] = EVERY_DAY,
    online: bool = False,
) -> list[AvailabilityRule]:
    return [
        AvailabilityRuleFactory(
            counselor=counselor, weekday=weekday, start=start, end=end, timezone=zone, online=online
        )
        for weekday in weekdays
    ]


def coming(days: int = 3, hour: int = 9, minute: int = 0) -> datetime:
    """An hour of a coming day, UTC; every practice of `open_practice` is open then."""
    return datetime.combine(timezone.now().date() + timedelta(days=days), time(hour, minute), UTC)


def book(counselor: CounselorProfile, patient: User, start: datetime, **choice: Any) -> Session:
    return book_session(choice=Choice(counselor.pk, start, **choice), patient_id=patient.pk, actor=patient)


def keep_policy(
    counselor: CounselorProfile, *, free_until_hours: int = 24, late_percent: int = 50
) -> NoticePolicy:
    """A notice policy that is in force already, set by the counselor a month ago."""
    return set_notice_policy(
        counselor=counselor,
        free_until_hours=free_until_hours,
        late_percent=late_percent,
        actor=counselor.user,
        now=timezone.now() - timedelta(days=30),
    )


@contextmanager
def undone() -> Iterator[None]:
    """What the block writes is taken back; what it raises is raised."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def active_spans(resource: Any) -> list[tuple[datetime, datetime]]:
    """Whose time is taken and has not expired, in order."""
    rows = Occupancy.objects.filter(resource=resource, is_active=True).order_by("busy")
    return [(row.busy.lower, row.busy.upper) for row in rows]


# --- Over HTTP ----------------------------------------------------------------------------------------------


def done(answer: Any, status: int = 200) -> Any:
    """What a request that succeeded answers."""
    assert answer.status_code == status, answer.content
    return answer.json()["data"] if answer.content else None


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The error of a request that was refused, with a sentence that helps."""
    assert answer.status_code == status, answer.content
    error = answer.json()["error"]
    assert error["code"] == code, answer.content
    assert error["message"].endswith((".", "!")), error
    return error


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def wanted(counselor: CounselorProfile, start: datetime, **more: Any) -> dict[str, Any]:
    """The body of a hold or a direct booking."""
    return {"counselor": str(counselor.pk), "start": start.isoformat(), **more}


def ask_hold(client: Any, counselor: CounselorProfile, start: datetime, **more: Any) -> Any:
    return client.post("/api/sessions/holds", wanted(counselor, start, **more), format="json")


def ask_session(client: Any, counselor: CounselorProfile, start: datetime, **more: Any) -> Any:
    return client.post("/api/sessions", wanted(counselor, start, **more), format="json")


def ask_to_book_hold(client: Any, hold_id: Any) -> Any:
    return client.post("/api/sessions", {"hold": str(hold_id)}, format="json")


def ask_to_cancel(client: Any, session_id: Any, **body: Any) -> Any:
    return client.post(f"/api/sessions/{session_id}/cancel", body, format="json")


def slots_shown(client: Any, counselor: CounselorProfile, day: datetime, **query: Any) -> list[datetime]:
    """The starts that the API offers on the UTC day of `day`."""
    days = {"from": day.date(), "to": day.date()}
    answer = client.get(f"/api/counselors/{counselor.pk}/slots", days | query)
    return [instant(slot["start"]) for slot in done(answer)]
