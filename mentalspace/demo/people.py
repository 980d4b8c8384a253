"""The people of the demo clinic: its centres, its staff, its counselors and its hundred patients."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password

from accounts.models import Centre, CounselorProfile, FontSize, PatientProfile, Theme, User
from accounts.roles import Role
from accounts.services.centres import create_centre
from accounts.services.people import (
    NewAccount,
    NewCounselor,
    approve_counselor,
    create_counselor,
    create_patient,
    create_staff,
)
from accounts.services.profiles import change_preferences, update_profile
from core.running import DEMO_PASSWORD
from mentalspace.demo.counselors import COUNSELORS, KOLKATA, LONDON, DemoCounselor
from mentalspace.demo.names import ALIASES, ELSEWHERE, GENDERS, IN_KOLKATA, IN_LONDON

# Phone numbers that can reach nobody: Ofcom's numbers for drama, and numbers that India's numbering plan does not have.
CENTRES: dict[str, dict[str, Any]] = {
    LONDON: {
        "name": "Clerkenwell Centre",
        "address": "14 Coldwater Lane",
        "city": "London",
        "latitude": Decimal("51.523600"),
        "longitude": Decimal("-0.104900"),
        "phone": "+442079460140",
        "email": "clerkenwell@demo.test",
        "timezone": "Europe/London",
    },
    KOLKATA: {
        "name": "Ballygunge Centre",
        "address": "7 Kadam Bagan Road",
        "city": "Kolkata",
        "latitude": Decimal("22.528000"),
        "longitude": Decimal("88.365900"),
        "phone": "+913300000170",
        "email": "ballygunge@demo.test",
        "timezone": "Asia/Kolkata",
    },
}
STAFF: tuple[tuple[str, str, str, Role, tuple[str, ...]], ...] = (
    ("admin", "Ingrid", "Solberg", Role.ADMIN, ()),
    ("manager", "Anil", "Chakraborty", Role.MANAGER, ()),
    ("centre.manager", "Rosa", "Delgado", Role.CENTRE_MANAGER, (LONDON,)),
    ("coordinator", "Kofi", "Asante", Role.CARE_COORDINATOR, (LONDON, KOLKATA)),
    ("frontdesk", "Maya", "Lindqvist", Role.FRONT_DESK, (LONDON,)),
)
LEAD_SOURCES = ("doctor", "friend", "search", "employer", "university", "")
RELATIVES = {LONDON: ("Anne", "Michael", "Joan", "Peter"), KOLKATA: ("Rekha", "Sunil", "Mala", "Ashok")}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the tables in names.py."""

    first_name: str
    last_name: str
    gender: str
    timezone: str
    centre: str


@dataclass(frozen=True, slots=True)
class People:
    centres: dict[str, Centre]
    staff: dict[str, User]
    counselors: list[CounselorProfile]
    """In the order of the table of counselors."""
    patients: list[PatientProfile]
    """patient@demo.test first."""
    centre_of: dict[UUID, str]
    """Where each patient is registered: a key of `centres`."""


def gather_people(random: Random, *, today: date) -> People:
    """Makes everybody, with one password, and signs nobody in."""
    centres = {key: create_centre(values=values, actor=None) for key, values in CENTRES.items()}
    staff = {name: _staff(name, first, last, role, keys, centres) for name, first, last, role, keys in STAFF}
    counselors = [_counselor(number, about, centres) for number, about in enumerate(COUNSELORS, start=1)]
    everybody = list(_patients())
    patients = [_patient(n, about, centres, random, today) for n, about in enumerate(everybody, start=1)]
    _hide_some(patients)
    _set_the_one_password()
    centre_of = {patient.pk: about.centre for patient, about in zip(patients, everybody, strict=True)}
    return People(centres, staff, counselors, patients, centre_of)


def _staff(
    name: str, first: str, last: str, role: Role, keys: tuple[str, ...], centres: dict[str, Centre]
) -> User:
    account = NewAccount(
        first_name=first,
        last_name=last,
        email=f"{name}@demo.test",
        username=name,
        timezone=CENTRES[keys[0] if keys else LONDON]["timezone"],
    )
    return create_staff(account=account, role=role, centres=[centres[key] for key in keys], actor=None)


def _counselor(number: int, about: DemoCounselor, centres: dict[str, Centre]) -> CounselorProfile:
    account = NewAccount(
        first_name=about.first_name,
        last_name=about.last_name,
        email=_address("counselor", number),
        timezone=about.timezone,
    )
    profile = NewCounselor(
        primary_centre=centres[about.centres[0]],
        license_number=about.license_number,
        title=about.title,
        bio=about.bio,
        specializations=list(about.specializations),
        qualifications=list(about.qualifications),
        languages=list(about.languages),
        years_of_experience=about.years,
    )
    counselor = create_counselor(
        account=account, profile=profile, centres=[centres[key] for key in about.centres], actor=None
    )
    approve_counselor(counselor=counselor, actor=None)
    return counselor


def _patient(
    number: int, about: Person, centres: dict[str, Centre], random: Random, today: date
) -> PatientProfile:
    account = NewAccount(
        first_name=about.first_name,
        last_name=about.last_name,
        email=_address("patient", number),
        phone=f"+447700900{number:03}" if about.centre == LONDON else None,
        timezone=about.timezone,
    )
    patient = create_patient(
        account=account, centre=centres[about.centre], lead_source=random.choice(LEAD_SOURCES), actor=None
    )
    values: dict[str, Any] = {
        "date_of_birth": today - timedelta(days=random.randint(18 * 366, 74 * 365)),
        "gender": about.gender,
    }
    if random.random() < 0.4:
        values |= {
            "emergency_contact_name": f"{random.choice(RELATIVES[about.centre])} {about.last_name}",
            "emergency_contact_phone": f"+447700901{number:03}",
        }
    update_profile(user=patient.user, values=values, actor=None)
    if number % 25 == 0:
        change_preferences(user=patient.user, values={"theme": Theme.DARK, "font_size": FontSize.LARGE})
    return patient


def _hide_some(patients: list[PatientProfile]) -> None:
    """A few show counselors an alias only; patient@demo.test does not."""
    step = len(patients) // len(ALIASES)
    for patient, alias in zip(patients[6::step], ALIASES, strict=False):
        update_profile(user=patient.user, values={"is_anonymous": True, "alias": alias}, actor=None)


def _set_the_one_password() -> None:
    """One hash for all: hashing is slow on purpose, and nobody here has anything to hide."""
    User.objects.update(password=make_password(DEMO_PASSWORD))


def _patients() -> Iterator[Person]:
    for letter, first, last in _read(IN_LONDON):
        yield Person(first, last, GENDERS[letter], "Europe/London", LONDON)
    for letter, first, last in _read(IN_KOLKATA):
        yield Person(first, last, GENDERS[letter], "Asia/Kolkata", KOLKATA)
    for line in ELSEWHERE.strip().split(";"):
        zone, _, names = line.strip().partition(":")
        for letter, first, last in _read(names):
            yield Person(first, last, GENDERS[letter], zone, LONDON)


def _read(names: str) -> Iterator[tuple[str, str, str]]:
    """The letter, the first and the last name of each."""
    for entry in names.split(","):
        letter, first, last = entry.strip().split(maxsplit=2)
        yield letter, first, last


def _address(kind: str, number: int) -> str:
    """patient@demo.test, patient2@demo.test, …"""
    return f"{kind}{number if number > 1 else ''}@demo.test"
