"""What sessions, charges and ratings should come to, said again in the plainest way: lists, loops, no database.

Nothing here is taken from the code it is compared with: the roles, the states and the sums are written out anew.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

LENGTH = timedelta(minutes=50)
HOUSE = ("front_desk", "care_coordinator", "centre_manager", "manager", "admin")
MAY = {
    "cancel": ("patient", "counselor", *HOUSE),
    "reschedule": ("patient", "counselor", *HOUSE),
    "start": ("counselor", "centre_manager", "manager", "admin"),
    "complete": ("counselor", "centre_manager", "manager", "admin"),
    "no_show": ("counselor", "front_desk", "centre_manager", "manager", "admin"),
    "correct": ("centre_manager", "manager", "admin"),
    "rate": ("patient",),
    "waive": HOUSE,
}


@dataclass(frozen=True)
class Person:
    user: Any
    role: str
    centre: str
    """"a" or "b"; "" for those of no centre."""


@dataclass
class Terms:
    version: int
    hours: int
    percent: int
    since: datetime


@dataclass
class Practice:
    counselor: Person
    fee: int
    versions: list[Terms] = field(default_factory=list)

    def terms_at(self, moment: datetime) -> Terms | None:
        held = [terms for terms in self.versions if terms.since <= moment]
        return held[-1] if held else None


@dataclass
class Kept:
    """A hold."""

    id: str
    practice: Practice
    start: datetime
    terms: Terms | None


@dataclass
class Appointment:
    id: str
    patient: Person
    practice: Practice
    start: datetime
    terms: Terms | None
    status: str = "confirmed"
    charge: int = 0
    is_waived: bool = False
    stars: int = 0

    @property
    def end(self) -> datetime:
        return self.start + LENGTH

    def is_seen_by(self, person: Person) -> bool:
        if person.role == "patient":
            return person is self.patient
        if person.role == "counselor":
            return person is self.practice.counselor
        return person.centre in ("", self.practice.counselor.centre)

    def cost_for(self, person: Person, now: datetime) -> int:
        if person.role != "patient" or self.terms is None:
            return 0
        is_late = now > self.start - timedelta(hours=self.terms.hours)
        return self.practice.fee * self.terms.percent // 100 if is_late else 0

    def fits(self, verb: str, person: Person, now: datetime) -> bool:
        """Whether the state lets this be done, by whoever may."""
        is_open = self.status in ("confirmed", "in_progress")
        has_begun = now >= self.start or self.status == "in_progress"
        match verb:
            case "cancel":
                return is_open and (person.role != "patient" or not has_begun)
            case "reschedule":
                return self.status == "confirmed" and not has_begun
            case "start":
                return self.status == "confirmed" and self.start - timedelta(minutes=10) <= now < self.end
            case "complete" | "no_show":
                return is_open and has_begun
            case "correct":
                return self.status in ("completed", "no_show")
            case "rate":
                return self.status == "completed"
        return self.charge > 0 and not self.is_waived

    def can(self, person: Person, now: datetime) -> set[str]:
        return {verb for verb in MAY if person.role in MAY[verb] and self.fits(verb, person, now)}


@dataclass
class Model:
    appointments: list[Appointment] = field(default_factory=list)
    holds: dict[Person, Kept] = field(default_factory=dict)

    def is_taken(
        self, practice: Practice, patient: Person, start: datetime, leave_out: Appointment | None = None
    ) -> bool:
        """By a session of either, or by somebody else's hold of the counselor's time; one's own hold is no obstacle."""
        if any(
            one is not leave_out
            and one.status != "cancelled"
            and (one.practice is practice or one.patient is patient)
            and one.start < start + LENGTH
            and start < one.end
            for one in self.appointments
        ):
            return True
        return any(
            holder is not patient and hold.practice is practice and abs(hold.start - start) < LENGTH
            for holder, hold in self.holds.items()
        )

    def drop_hold_in_the_way(self, patient: Person, start: datetime) -> None:
        hold = self.holds.get(patient)
        if hold is not None and abs(hold.start - start) < LENGTH:
            del self.holds[patient]

    def answer(self, appointment: Appointment, verb: str, person: Person, now: datetime) -> int:
        """The status of the HTTP answer."""
        if person.role not in MAY[verb]:
            return 403
        if not appointment.is_seen_by(person):
            return 404
        return 200 if appointment.fits(verb, person, now) else 409

    def figures(self, practice: Practice) -> tuple[int, int, int]:
        """(completed sessions, ratings, all stars together)"""
        done = [one for one in self.appointments if one.practice is practice and one.status == "completed"]
        return len(done), sum(one.stars > 0 for one in done), sum(one.stars for one in done)
