"""Who waits at the demo clinic, and a series of sessions: made by the services, as of now."""

from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from accounts.models import PatientProfile
from core.errors import DomainError
from mentalspace.demo.people import People
from sessions_app.models import Priority, SessionSeries, SessionType
from sessions_app.services.repeats import Repeat
from sessions_app.services.reservations import Choice
from sessions_app.services.series import book_series
from sessions_app.services.slots import Wish, find_slots
from sessions_app.services.waitlist import Wanted, join_waitlist, set_priority

HOW_MANY_WAIT = 6
SEARCHES: tuple[dict[str, Any], ...] = ({"specialization": "Sleep"}, {"language": "hi"}, {"mode": "video"})
SERIES_LENGTH = 8


def let_some_wait(random: Random, people: People, *, now: datetime) -> None:
    """For the first counselor and for whoever fits, with different windows; one of them before the others."""
    counselor = people.counselors[0]
    for number, patient in enumerate(people.patients[1 : 1 + HOW_MANY_WAIT]):
        is_for_first = number % 3 != 2
        search: dict[str, Any] = {} if is_for_first else SEARCHES[number // 3 % len(SEARCHES)]
        wanted = Wanted(
            timezone=patient.user.timezone,
            first_day=now.date(),
            last_day=now.date() + timedelta(days=random.randint(20, 60)),
            weekdays=random.sample(range(5), k=random.randint(2, 5)),
            earliest=random.choice((time(0), time(9), time(13))),
            latest=random.choice((time(0), time(18))),
            counselor_id=counselor.pk if is_for_first else None,
            **search,
        )
        waiting_since = now - timedelta(days=random.randint(1, 20), minutes=random.randint(0, 600))
        entry = join_waitlist(wanted=wanted, patient_id=patient.pk, actor=patient.user, now=waiting_since)
        if number == 3:
            set_priority(entry=entry, priority=Priority.SOON, actor=counselor.user)


def book_one_series(
    people: People, offers: list[list[SessionType]], *, now: datetime
) -> SessionSeries | None:
    """Eight weeks at the same hour, of somebody who comes to the second counselor already."""
    counselor = people.counselors[1]
    in_care = PatientProfile.objects.filter(care_relationships__counselor=counselor)
    patient = in_care.select_related("user").order_by("user__email")[0]
    session_type = offers[1][1]
    slots = find_slots(
        counselor_id=counselor.pk,
        start=now + timedelta(days=30),
        end=now + timedelta(days=44),
        wish=Wish(type_id=session_type.pk),
        now=now,
    )
    for slot in slots[::4]:
        choice = Choice(counselor.pk, slot.start, mode=slot.modes[0], type_id=session_type.pk)
        try:
            return book_series(
                choice=choice,
                repeat=Repeat("weekly", count=SERIES_LENGTH),
                patient_id=patient.pk,
                actor=patient.user,
                now=now,
            )
        except DomainError:
            continue
    return None
