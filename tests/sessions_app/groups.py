"""A counselor who leads a group, and people who want to be in it."""

from typing import Any

from accounts.models import CounselorProfile, User
from sessions_app.models import Session, SessionKind
from sessions_app.services.booking import book_session
from sessions_app.services.reservations import Choice
from tests.factories import PatientFactory, SessionTypeFactory
from tests.sessions_app.clinic import coming, done, instant, open_practice


def lead_group(
    *, counselor: CounselorProfile | None = None, capacity: int = 3, **more: Any
) -> CounselorProfile:
    """Sessions of 50 minutes for one, and after them in the list a group of an hour."""
    counselor = counselor or open_practice()
    SessionTypeFactory(
        counselor=counselor,
        kind=SessionKind.GROUP,
        duration_minutes=60,
        position=1,
        capacity=capacity,
        **more,
    )
    return counselor


def group_of(counselor: CounselorProfile) -> str:
    """The id of the group's type."""
    return str(counselor.session_types.get(kind=SessionKind.GROUP).pk)


def meet(counselor: CounselorProfile, people: list[User], start: Any = None) -> Session:
    """The group's session that all of them have booked, each for themselves."""
    session = None
    for person in people:
        choice = Choice(counselor.pk, start or coming(), type_id=counselor.session_types.get(kind="group").pk)
        session = book_session(choice=choice, patient_id=person.pk, actor=person)
    assert session is not None
    return session


def persons(count: int) -> list[User]:
    return [PatientFactory().user for _ in range(count)]


def slot_at(client: Any, counselor: CounselorProfile, start: Any, **query: Any) -> dict[str, Any] | None:
    """What the API offers for this start, if it does."""
    days = {"from": start.date(), "to": start.date()} | query
    slots = done(client.get(f"/api/counselors/{counselor.pk}/slots", days))
    return next((slot for slot in slots if instant(slot["start"]) == start), None)
