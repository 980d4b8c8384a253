"""What the front desk of the demo clinic sees: rooms, somebody who has come, and a session that is overbooked."""

from datetime import datetime, timedelta

from accounts.models import CareRelationship, User
from core.errors import DomainError
from mentalspace.demo.counselors import KOLKATA, LONDON
from mentalspace.demo.people import People
from sessions_app.models import Mode, Session, SessionStatus
from sessions_app.services.booking import book_session
from sessions_app.services.check_in import check_in
from sessions_app.services.reservations import Choice
from sessions_app.services.rooms import add_room

ROOMS = {LONDON: ("Garden room", "Library", "Quiet room", "Studio"), KOLKATA: ("Room 1", "Room 2", "Room 3")}
WHY = "Came in without an appointment, agreed with the counselor."
EARLY = timedelta(minutes=15)


def open_rooms(people: People) -> None:
    """Before anything is booked: sessions in person take a room from then on."""
    for key, names in ROOMS.items():
        for name in names:
            add_room(centre=people.centres[key], name=name, actor=people.staff["manager"])


def work_at_the_desk(people: People, *, now: datetime) -> None:
    _check_somebody_in(people.staff["frontdesk"], now)
    _overbook_one(people, now)


def _check_somebody_in(desk: User, now: datetime) -> None:
    """Whoever is next, or there now."""
    in_person = Session.objects.visible_to(desk).filter(
        mode=Mode.IN_PERSON, status=SessionStatus.CONFIRMED, end__gt=now
    )
    for session in in_person.order_by("start", "id")[:2]:
        try:
            check_in(session=session, actor=desk, now=now)
        except DomainError:
            continue  # not before the day it is on


def _overbook_one(people: People, now: datetime) -> None:
    """Over the next session of the first counselor, for the first of their patients who has time then."""
    counselor, desk = people.counselors[0], people.staff["frontdesk"]
    coming = Session.objects.filter(counselor=counselor, status=SessionStatus.CONFIRMED, start__gt=now)
    session = coming.order_by("start").first()
    if session is None:
        return
    choice = Choice(counselor.pk, session.start + EARLY, mode=Mode.PHONE, centre_id=people.centres[LONDON].pk)
    known = set(CareRelationship.objects.filter(counselor=counselor).values_list("patient_id", flat=True))
    for patient in people.patients:
        if patient.pk not in known:
            continue
        try:
            book_session(choice=choice, patient_id=patient.pk, actor=desk, overbook_reason=WHY, now=now)
        except DomainError:
            continue  # they are somewhere else then
        return
