"""Many clients who want overlapping times at once, over HTTP, against several server processes."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from threading import Barrier
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.utils import timezone

from accounts.models import CounselorProfile, User
from accounts.services.tokens import Client, open_device
from core.facts import fact
from sessions_app.models import CalendarEntry, EntryKind, Mode, Occupancy, Session, SessionType, SlotHold
from sessions_app.services.occupancy import new_entry
from sessions_app.services.slots import Wish, find_slots
from tests.factories import PatientFactory, SessionTypeFactory
from tests.sessions_app.clinic import MIDNIGHT, coming, open_practice

QUARTER = timedelta(minutes=15)
STARTS = 14
"""The clients of a round all want one of so many neighbouring quarters."""


@dataclass(frozen=True)
class Rider:
    """One patient with an access token."""

    user: User
    token: str


@dataclass(frozen=True)
class Wanted:
    """What one client does in one round: "direct", "hold", or a hold and then "book", "renew", "release"."""

    rider: Rider
    counselor: CounselorProfile
    session_type: SessionType
    start: datetime
    then: str
    has_key: bool


@dataclass(frozen=True)
class Reply:
    what: str
    status: int
    body: dict
    seconds: float
    wanted: Wanted

    @property
    def code(self) -> str:
        return "" if self.status < 400 else self.body["error"]["code"]


@dataclass
class Field:
    """Counselors with sessions of 30, 50 and 80 minutes and different buffers, and patients; some share an account."""

    counselors: list[CounselorProfile]
    types: dict[UUID, list[SessionType]]
    riders: list[Rider]
    ghosts: list[User]
    rng: Random = field(default_factory=lambda: Random(20261120))

    def draw(self, day: datetime) -> Wanted:
        counselor = self.rng.choice(self.counselors)
        return Wanted(
            rider=self.rng.choice(self.riders),
            counselor=counselor,
            session_type=self.rng.choice(self.types[counselor.pk]),
            start=day + self.rng.randrange(STARTS) * QUARTER,
            then=self.rng.choice(["direct", "direct", "hold", "book", "book", "renew", "release"]),
            has_key=self.rng.random() < 0.5,
        )


def prepare_field(*, counselors: int, patients: int) -> Field:
    practices, types = [], {}
    for _ in range(counselors):
        practice = open_practice(
            start=MIDNIGHT, end=MIDNIGHT, duration_minutes=30, buffer_before_minutes=5, buffer_after_minutes=5
        )
        SessionTypeFactory(counselor=practice, duration_minutes=50, position=1, buffer_after_minutes=10)
        SessionTypeFactory(counselor=practice, duration_minutes=80, position=2, buffer_before_minutes=15)
        practices.append(practice)
        types[practice.pk] = list(practice.session_types.all())
    riders = [new_rider() for _ in range(patients)]
    ghosts = [PatientFactory().user for _ in range(3 * counselors)]
    return Field(practices, types, riders, ghosts)


def new_rider() -> Rider:
    user = PatientFactory().user
    return Rider(user, open_device(user=user, client=Client(user_agent="race", ip=None)).access)


# --- Dead holds ----------------------------------------------------------------------------------------------


def let_live_holds_run_out() -> None:
    """Five minutes later: what is held is held no more, and nothing sweeps it."""
    past = timezone.now() - timedelta(seconds=1)
    dead = CalendarEntry.objects.filter(kind=EntryKind.HOLD, is_active=True)
    Occupancy.objects.filter(entry__in=dead).update(expires_at=past)
    dead.update(expires_at=past)


def strew_dead_holds(arena: Field, day: datetime) -> int:
    """Expired holds of people who have gone lie over the whole stretch that is fought for; how many."""
    past = timezone.now() - timedelta(minutes=1)
    ghosts = iter(arena.ghosts)
    SlotHold.objects.filter(patient__in=[ghost.pk for ghost in arena.ghosts]).update(is_live=False)
    for counselor in arena.counselors:
        for number in range(3):
            ghost, begins = next(ghosts), day + number * timedelta(minutes=80)
            with fact(actor=None) as current:
                entry, occupancies = new_entry(
                    kind=EntryKind.HOLD,
                    start=begins,
                    end=begins + timedelta(minutes=80),
                    counselor_id=counselor.pk,
                    patient_id=ghost.pk,
                    buffer_before=timedelta(),
                    buffer_after=timedelta(),
                    expires_at=past,
                )
                current.insert(entry)
                for occupancy in occupancies:
                    current.insert_values(Occupancy, **occupancy)
                SlotHold.objects.create(
                    entry=entry,
                    patient_id=ghost.pk,
                    held_by=ghost,
                    counselor=counselor,
                    session_type=arena.types[counselor.pk][0],
                    centre=counselor.primary_centre,
                    mode=Mode.VIDEO,
                )
    return len(arena.ghosts)


# --- The clients ---------------------------------------------------------------------------------------------


class Connection:
    """One client's keep-alive connection to one of the servers."""

    def __init__(self, address: str) -> None:
        self._http = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)

    def send(self, what: str, wanted: Wanted, method: str, path: str, body: dict | None = None) -> Reply:
        headers = {
            "Authorization": f"Bearer {wanted.rider.token}",
            "Content-Type": "application/json",
            **({"Idempotency-Key": str(uuid4())} if wanted.has_key else {}),
        }
        began = time.perf_counter()
        self._http.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self._http.getresponse()
        content = answer.read()
        seconds = time.perf_counter() - began
        return Reply(what, answer.status, json.loads(content) if content else {}, seconds, wanted)

    def play(self, wanted: Wanted) -> list[Reply]:
        choice = {
            "counselor": str(wanted.counselor.pk),
            "type": str(wanted.session_type.pk),
            "start": wanted.start.isoformat(),
        }
        if wanted.then == "direct":
            return [self.send("direct", wanted, "POST", "/api/sessions", choice)]
        held = self.send("hold", wanted, "POST", "/api/sessions/holds", choice)
        if held.status != 201 or wanted.then == "hold":
            return [held]
        hold_id = held.body["data"]["id"]
        if wanted.then == "book":
            return [held, self.send("book", wanted, "POST", "/api/sessions", {"hold": hold_id})]
        if wanted.then == "renew":
            return [held, self.send("renew", wanted, "POST", f"/api/sessions/holds/{hold_id}/renew")]
        return [held, self.send("release", wanted, "DELETE", f"/api/sessions/holds/{hold_id}")]


class Clients:
    def __init__(self, count: int, addresses: Sequence[str]) -> None:
        self.connections = [Connection(addresses[number % len(addresses)]) for number in range(count)]
        self._pool = ThreadPoolExecutor(count)
        self._start = Barrier(count)

    def race(self, wishes: Sequence[Wanted]) -> list[Reply]:
        """All at once; what everybody was answered."""

        def run(connection: Connection, wanted: Wanted) -> list[Reply]:
            self._start.wait(60)
            return connection.play(wanted)

        played = self._pool.map(run, self.connections, wishes)
        return [reply for replies in played for reply in replies]

    def ask_again(self, wanted: Wanted) -> Reply:
        """One client alone asks for the time directly."""
        return self.connections[0].play(
            Wanted(wanted.rider, wanted.counselor, wanted.session_type, wanted.start, "direct", False)
        )[0]

    def close(self) -> None:
        self._pool.shutdown()


# --- What must be true of the answers ------------------------------------------------------------------------

MAY_ANSWER = {
    "direct": {(201, ""), (409, "SLOT_TAKEN")},
    "hold": {(201, ""), (409, "SLOT_TAKEN")},
    # Somebody else's client of the same patient may have held another time meanwhile: then this hold is over.
    "book": {(201, ""), (409, "HOLD_EXPIRED")},
    "renew": {(200, ""), (409, "HOLD_EXPIRED")},
    "release": {(204, "")},
}


def faults_of(replies: Sequence[Reply]) -> list[str]:
    """Answers that nobody should get: other codes, or a lost race without three free times in order."""
    faults = []
    for reply in replies:
        if (reply.status, reply.code) not in MAY_ANSWER[reply.what]:
            faults.append(f"{reply.what}: {reply.status} {reply.body}")
        elif reply.code == "SLOT_TAKEN":
            starts = [slot["start"] for slot in reply.body["error"]["details"]["alternatives"]]
            if len(set(starts)) != 3 or starts != sorted(starts):
                faults.append(f"{reply.what} at {reply.wanted.start}: alternatives {starts}")
    return faults


def nearest_three(wanted: Wanted) -> list[datetime]:
    """Worked out plainly: the free times nearest to the wish at which the patient is free too; the earlier of two."""
    week = timedelta(days=7)
    window = {"start": wanted.start - week, "end": wanted.start + week}
    slots = find_slots(
        counselor_id=wanted.counselor.pk,
        wish=Wish(type_id=wanted.session_type.pk),
        for_patient=wanted.rider.user.pk,
        **window,
    )
    taken = [
        (session.start, session.end)
        for session in Session.objects.filter(
            participants__patient=wanted.rider.user.pk, status="confirmed", start__lt=window["end"] + week
        )
    ]
    free = [
        slot.start
        for slot in slots
        if not any(slot.start < ends and begins < slot.end for begins, ends in taken)
    ]
    return sorted(sorted(free, key=lambda start: (abs(start - wanted.start), start))[:3])


@dataclass
class Figures:
    replies: list[Reply] = field(default_factory=list)
    dead_holds: int = 0

    def lines(self) -> list[str]:
        lines = []
        for what in MAY_ANSWER:
            of_kind = [reply for reply in self.replies if reply.what == what]
            if of_kind:
                answers = Counter(f"{reply.status} {reply.code}".strip() for reply in of_kind)
                told = ", ".join(f"{answer} × {count}" for answer, count in sorted(answers.items()))
                lines.append(f"  {what:8}{len(of_kind):6}   {told};  {_percentiles(of_kind)}")
        return lines

    @property
    def wins(self) -> int:
        return sum(reply.what in ("direct", "book") and reply.status == 201 for reply in self.replies)


def _percentiles(replies: Sequence[Reply]) -> str:
    seconds = sorted(reply.seconds for reply in replies)
    p50, p99 = (1000 * seconds[min(len(seconds) - 1, int(len(seconds) * share))] for share in (0.5, 0.99))
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"


def run_rounds(arena: Field, clients: Clients, *, count: int, rounds: int) -> Figures:
    """Each round on a day of its own, all its clients within a few hours. Checks every answer as it goes."""
    figures = Figures()
    for number in range(rounds):
        day = coming(2 + number)
        let_live_holds_run_out()
        figures.dead_holds += strew_dead_holds(arena, day)
        replies = clients.race([arena.draw(day) for _ in range(count)])
        assert faults_of(replies) == []
        figures.replies += replies
        losers = [reply for reply in replies if reply.code == "SLOT_TAKEN"]
        for loser in arena.rng.sample(losers, min(2, len(losers))):
            check_the_nearest(clients, loser.wanted, figures)
    return figures


def check_the_nearest(clients: Clients, wanted: Wanted, figures: Figures) -> None:
    """Now that it is quiet, the loser asks again: the three alternatives are the nearest there are."""
    expected = nearest_three(wanted)
    again = clients.ask_again(wanted)
    figures.replies.append(again)
    if again.status == 409:
        offered = again.body["error"]["details"]["alternatives"]
        assert [datetime.fromisoformat(slot["start"]) for slot in offered] == expected
