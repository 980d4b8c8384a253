"""Many desks at once book, overbook, move over one another and cancel: no patient and no room is ever in two places."""

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from threading import Barrier, Event

import pytest
from django.db import connection, transaction

from accounts.models import Centre, CounselorProfile, User
from core.errors import InvalidState, SlotTaken, ValidationFailed
from sessions_app.models import CalendarEntry, Mode, Session, SessionStatus
from sessions_app.services.booking import book_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.rescheduling import reschedule_session
from sessions_app.services.reservations import Choice
from sessions_app.services.rooms import add_room
from tests.factories import CentreFactory, CounselorFactory, PatientFactory, StaffFactory
from tests.sessions_app.clinic import coming, open_practice
from tests.sessions_app.figures import show
from tests.sessions_app.overlaps import deadlocks_so_far, double_bookings

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = int(os.environ.get("RACE_ROUNDS", "60"))
ACTS = ("book", "overbook", "overbook", "overbook", "move", "cancel")
WHY = "agreed with the counselor"


@dataclass
class House:
    """One centre with fewer rooms than counselors, and desks that all want the same two hours of a day."""

    centre: Centre
    counselors: list[CounselorProfile]
    patients: list[User]
    desks: list[User]
    rng: Random = field(default_factory=lambda: Random(20261121))
    answers: Counter[str] = field(default_factory=Counter)

    def draw(self, day: int, number: int) -> tuple[str, User, Choice, User]:
        start = coming(day, 9) + timedelta(minutes=5 * self.rng.randrange(24))
        mode = self.rng.choice([Mode.IN_PERSON, Mode.IN_PERSON, Mode.VIDEO])
        choice = Choice(self.rng.choice(self.counselors).pk, start, mode=mode, centre_id=self.centre.pk)
        return self.rng.choice(ACTS), self.rng.choice(self.patients), choice, self.desks[number]


def build(desks: int) -> House:
    centre = CentreFactory()
    for name in ("Amber", "Blue", "Coral"):
        add_room(centre=centre, name=name, actor=None)
    return House(
        centre,
        [open_practice(counselor=CounselorFactory(primary_centre=centre)) for _ in range(4)],
        [PatientFactory(centre=centre).user for _ in range(8)],
        [StaffFactory(role="front_desk", centre=centre) for _ in range(desks)],
    )


def act(what: str, patient: User, choice: Choice, desk: User) -> str:
    """What one desk does, and how it fared."""
    try:
        if what in ("book", "overbook"):
            reason = WHY if what == "overbook" else ""
            book_session(choice=choice, patient_id=patient.pk, actor=desk, overbook_reason=reason)
        else:
            own = Session.objects.filter(participants__patient=patient.pk, status=SessionStatus.CONFIRMED)
            session = own.order_by("-start").first()
            if session is None:
                return f"{what}: nothing there"
            if what == "cancel":
                cancel_session(session=session, actor=desk)
            else:
                reschedule_session(session=session, start=choice.start, actor=desk, overbook_reason=WHY)
    except (SlotTaken, ValidationFailed, InvalidState) as refusal:
        return f"{what}: {refusal.code}"
    return f"{what}: done"


def race(house: House, rounds: int) -> None:
    at_once = Barrier(len(house.desks))

    def run(wish: tuple[str, User, Choice, User]) -> str:
        try:
            at_once.wait(30)
            return act(*wish)
        finally:
            connection.close()

    before = deadlocks_so_far()
    with ThreadPoolExecutor(len(house.desks)) as pool:
        for number in range(rounds):
            day = 2 + number % 40
            wishes = [house.draw(day, place) for place in range(len(house.desks))]
            house.answers.update(pool.map(run, wishes))
            assert double_bookings() == []
    assert deadlocks_so_far() == before
    # Those in person have a room each: with none left, nothing was booked.
    without = CalendarEntry.objects.filter(
        session__mode=Mode.IN_PERSON, session__status="confirmed", room=None
    )
    assert not without.exists()
    assert house.answers["overbook: done"] > rounds
    assert house.answers["overbook: SLOT_TAKEN"] > rounds / 4


def test_sixteen_desks_at_once_double_no_patient_and_no_room():
    race(build(desks=16), rounds=3)


def test_a_session_that_moves_just_then_is_cancelled_where_it_is_now():
    house = build(desks=2)
    choice = Choice(house.counselors[0].pk, coming())
    session = book_session(choice=choice, patient_id=house.patients[0].pk, actor=house.desks[0])
    is_waiting = Event()

    def cancel():
        try:
            is_waiting.set()
            return cancel_session(session=session, actor=house.desks[1]).start
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            reschedule_session(session=session, start=coming(hour=12), actor=house.desks[0])
            cancelled = pool.submit(cancel)
            assert is_waiting.wait(10)
            wait_for_a_lock()
        assert cancelled.result(20) == coming(hour=12)


def wait_for_a_lock():
    """Until another connection waits for a row of ours."""
    until = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits")


@pytest.mark.prove
def test_many_rounds_of_desks_double_no_patient_and_no_room():
    house, began = build(desks=32), time.monotonic()
    race(house, ROUNDS)
    show(f"32 desks, 4 counselors, 3 rooms, 8 patients, {ROUNDS} rounds, {time.monotonic() - began:.0f} s:")
    for answer, count in sorted(house.answers.items()):
        show(f"  {answer} × {count}")
