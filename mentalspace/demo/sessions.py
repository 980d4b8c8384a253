"""The sessions of the demo clinic: three months that have been, and the weeks to come.

First a plan in memory, in which nobody is busy twice; then each session of it is booked, and ended, through the
services, as of the day on which it would have been.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import cycle
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import CounselorProfile, PatientProfile, User
from core.errors import SlotTaken
from mentalspace.demo.counselors import COUNSELORS, KOLKATA
from mentalspace.demo.people import People
from sessions_app.models import Mode, Session, SessionKind, SessionType
from sessions_app.services.booking import book_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.reservations import Choice
from sessions_app.services.slots import Slot, Wish, find_slots
from sessions_app.services.states import complete_session, mark_no_show

PAST = timedelta(days=91)
COMING = timedelta(days=28)
TODAY_AT_MOST = 6
LEFT_OPEN = timedelta(hours=2)
"""What ended so recently nobody has marked yet, so that there is something to mark."""

RHYTHM_DAYS = (7, 7, 7, 14, 14, 14, 14, 28)
MODES = (*5 * [Mode.IN_PERSON], *4 * [Mode.VIDEO], Mode.PHONE)
NOTES = (
    *10 * [""],
    "I would like to talk about sleep this time.",
    "I may be five minutes late, the bus is slow on that day.",
    "Please no video today, sound only.",
    "There is something from last week I want to come back to.",
)
ONLINE_ONLY = [place for place, about in enumerate(COUNSELORS) if about.offer.is_online_only]
AT_KOLKATA = [place for place, about in enumerate(COUNSELORS) if about.centres[0] == KOLKATA]
AT_LONDON = [place for place in range(len(COUNSELORS)) if place not in (*ONLINE_ONLY, *AT_KOLKATA)]


@dataclass(slots=True)
class Diary:
    """A counselor's offered times of each type, in order, and those that the plan has taken."""

    counselor: CounselorProfile
    types: list[SessionType]
    offered: dict[UUID, list[Slot]]
    taken: list[Slot] = field(default_factory=list)
    patients: list[PatientProfile] = field(default_factory=list)

    def between(self, session_type: SessionType, start: datetime, end: datetime) -> list[Slot]:
        slots = self.offered[session_type.pk]
        return slots[
            bisect_left(slots, start, key=lambda slot: slot.start) : bisect_right(
                slots, end, key=lambda slot: slot.start
            )
        ]

    def is_free(self, slot: Slot) -> bool:
        pause = timedelta(minutes=self.types[0].buffer_after_minutes)
        return all(slot.start >= other.end + pause or other.start >= slot.end + pause for other in self.taken)


@dataclass(frozen=True, slots=True)
class Planned:
    diary: Diary
    patient: PatientProfile
    slot: Slot
    mode: str
    booked_at: datetime


@dataclass(slots=True)
class Plan:
    """Everybody's calendar from `start` to `end`, while it is being filled."""

    random: Random
    now: datetime
    diaries: list[Diary]
    sessions: list[Planned] = field(default_factory=list)
    patient_busy: dict[UUID, list[Slot]] = field(default_factory=lambda: defaultdict(list))

    @property
    def start(self) -> datetime:
        return self.now - PAST

    @property
    def end(self) -> datetime:
        return self.now + COMING

    def is_free(self, diary: Diary, patient: PatientProfile, slot: Slot) -> bool:
        others = self.patient_busy[patient.pk]
        return diary.is_free(slot) and all(
            slot.start >= other.end or other.start >= slot.end for other in others
        )

    def add(self, diary: Diary, patient: PatientProfile, slot: Slot) -> None:
        mode = self.random.choice([mode for mode in MODES if mode in slot.modes])
        ahead = timedelta(days=self.random.randint(2, 12), minutes=self.random.randint(0, 600))
        # Whoever comes next month has booked by now.
        booked_at = min(slot.start - ahead, self.now - timedelta(hours=self.random.randint(1, 40)))
        diary.taken.append(slot)
        self.patient_busy[patient.pk].append(slot)
        self.sessions.append(Planned(diary, patient, slot, mode, booked_at))


def plan_sessions(random: Random, people: People, offers: list[list[SessionType]], *, now: datetime) -> Plan:
    """Who meets whom and when. `offers` are the session types of each counselor, in order."""
    plan = Plan(random, now, [])
    for counselor, types in zip(people.counselors, offers, strict=True):
        offered = {session_type.pk: _offered_times(counselor, session_type, plan) for session_type in types}
        plan.diaries.append(Diary(counselor, types, offered))
    _choose_counselors(plan, people)
    _fill_today(plan)
    for diary in plan.diaries:
        for patient in diary.patients:
            _come_regularly(plan, diary, patient, is_first=patient == people.patients[0])
    plan.sessions.sort(key=lambda planned: planned.slot.start)
    return plan


def hold_sessions(plan: Plan, *, desk: User) -> Iterator[tuple[Planned, Session]]:
    """Book every session of the plan and bring those that are over to an end. `desk` works at every centre."""
    for planned in plan.sessions:
        session = _book(planned, plan, desk)
        _end(session, planned, plan, desk)
        yield planned, session


def _book(planned: Planned, plan: Plan, desk: User) -> Session:
    """As planned; by phone where all rooms are taken."""
    actor = desk if plan.random.random() < 0.2 else planned.patient.user
    note = plan.random.choice(NOTES)

    def book(mode: str) -> Session:
        choice = Choice(planned.diary.counselor.pk, planned.slot.start, mode, planned.slot.type_id)
        return book_session(
            choice=choice, patient_id=planned.patient.pk, actor=actor, note=note, now=planned.booked_at
        )

    try:
        return book(planned.mode)
    except SlotTaken:
        return book(next(mode for mode in planned.slot.modes if mode != Mode.IN_PERSON))


def _offered_times(counselor: CounselorProfile, session_type: SessionType, plan: Plan) -> list[Slot]:
    wish = Wish(type_id=session_type.pk)
    return find_slots(
        counselor_id=counselor.pk,
        start=plan.start,
        end=plan.end,
        wish=wish,
        now=plan.start - timedelta(days=14),
    )


def _choose_counselors(plan: Plan, people: People) -> None:
    """Most go to a counselor of their centre, some to one whom they meet online only; a few have just signed up."""
    online, at_london, at_kolkata = cycle(ONLINE_ONLY), cycle(AT_LONDON), cycle(AT_KOLKATA)
    for number, patient in enumerate(people.patients):
        if number % 14 == 13:
            continue
        if number % 7 == 5:
            place = next(online)
        else:
            place = next(at_kolkata if people.centre_of[patient.pk] == KOLKATA else at_london)
        plan.diaries[place].patients.append(patient)


def _fill_today(plan: Plan) -> None:
    """Sessions all over today for counselor@demo.test, past ones and coming ones, whatever the hour is."""
    diary = plan.diaries[0]
    zone = ZoneInfo(diary.counselor.user.timezone)
    midnight = datetime.combine(plan.now.astimezone(zone).date(), time(), zone)
    slots = diary.between(diary.types[1], midnight, midnight + timedelta(hours=23, minutes=59))
    evenly = slots[:: max(1, len(slots) // TODAY_AT_MOST)]
    for patient, slot in zip(diary.patients, evenly, strict=False):
        if plan.is_free(diary, patient, slot):
            plan.add(diary, patient, slot)


def _come_regularly(plan: Plan, diary: Diary, patient: PatientProfile, *, is_first: bool) -> None:
    """A first session, and then one every week, every two or every four, at about the same hour of the same day."""
    random = plan.random
    rhythm = timedelta(days=7 if is_first else random.choice(RHYTHM_DAYS))
    left = 99 if is_first else random.choice((1, 2, 4, 6, 8, 10, 12))
    wanted = plan.start + timedelta(
        hours=random.randint(0, 240 if is_first else int(PAST / timedelta(hours=1)))
    )
    session_type = diary.types[0]
    while left and wanted < plan.end:
        slot = _nearest(plan, diary, patient, session_type, wanted)
        if slot is not None:
            plan.add(diary, patient, slot)
        wanted = (slot.start if slot else wanted) + rhythm
        session_type = _next_type(diary, random)
        left -= 1


def _nearest(
    plan: Plan, diary: Diary, patient: PatientProfile, session_type: SessionType, wanted: datetime
) -> Slot | None:
    around = diary.between(session_type, wanted - timedelta(days=3), wanted + timedelta(days=3))
    for slot in sorted(around, key=lambda slot: abs(slot.start - wanted)):
        if plan.is_free(diary, patient, slot):
            return slot
    return None


def _next_type(diary: Diary, random: Random) -> SessionType:
    if diary.types[-1].kind == SessionKind.COUPLE and random.random() < 0.5:
        return diary.types[-1]
    return diary.types[2] if random.random() < 0.08 else diary.types[1]


def _end(session: Session, planned: Planned, plan: Plan, desk: User) -> None:
    """What became of it: of those that are over about nine in ten took place, the others were called off or missed."""
    random, counselor, patient = plan.random, planned.diary.counselor.user, planned.patient.user
    chance = random.random()
    is_over = session.end <= plan.now - LEFT_OPEN
    if chance < (0.10 if is_over else 0.04):
        before = min(session.start, plan.now)
        called_off_at = planned.booked_at + (before - planned.booked_at) * random.uniform(0.3, 0.95)
        actor = random.choice((patient, patient, patient, counselor, desk))
        cancel_session(session=session, actor=actor, now=called_off_at)
    elif is_over and chance < 0.15:
        mark_no_show(session=session, actor=counselor, now=session.start + timedelta(minutes=20))
    elif is_over:
        complete_session(session=session, actor=counselor, now=session.end + timedelta(minutes=5))
