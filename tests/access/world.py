"""Three of everything: one's own, somebody else's at the same centre, and another centre's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Centre, CounselorProfile, User
from sessions_app.models import (
    OutsideCalendar,
    Room,
    Session,
    SessionType,
)
from sessions_app.services.blocks import add_block
from sessions_app.services.booking import book_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.holds import place_hold
from sessions_app.services.ratings import rate_session
from sessions_app.services.repeats import Repeat
from sessions_app.services.reservations import Choice
from sessions_app.services.series import book_series
from sessions_app.services.states import complete_session
from tests.cast import Cast
from tests.factories import CareRelationshipFactory, CounselorFactory, PatientFactory
from tests.sessions_app.clinic import coming, keep_policy, open_practice
from tests.sessions_app.groups import lead_group
from tests.sessions_app.waiting import wait

WHOSE = ("own", "other", "other_centre")


@dataclass(frozen=True)
class Piece:
    """A patient, their counselor and centre, and what there is between them; ids as strings."""

    ids: dict[str, Any]


@dataclass(frozen=True)
class World:
    cast: Cast
    pieces: dict[str, Piece]
    free_start: datetime


def build(cast: Cast) -> World:
    other_patient = PatientFactory(centre=cast.a.centre)
    other_counselor = CounselorFactory(primary_centre=cast.a.centre)
    CareRelationshipFactory(patient=other_patient, counselor=other_counselor)
    pieces = {
        "own": _piece(cast.a.patient, cast.a.counselor, cast.a.centre),
        "other": _piece(other_patient.user, other_counselor.user, cast.a.centre),
        "other_centre": _piece(cast.b.patient, cast.b.counselor, cast.b.centre),
    }
    return World(cast, pieces, free_start=coming(days=5, hour=13))


def reaches(reach: str, whose: str) -> bool:
    """Whether somebody of centre A with this reach has this piece."""
    return {
        "no": False,
        "own": whose == "own",
        "centre": whose != "other_centre",
        "all": True,
        "open": True,
    }[reach]


def _piece(patient: User, counselor: User, centre: Centre) -> Piece:
    practice = open_practice(counselor=CounselorProfile.objects.get(pk=counselor.pk))
    friend = PatientFactory(centre=centre)
    CareRelationshipFactory(patient=friend, counselor=practice)
    past = _gone(patient, counselor, hour=10)
    over = complete_session(session=_gone(patient, counselor, hour=11), actor=counselor)
    rate_session(session=over, stars=5, actor=patient)
    ahead = book_session(
        choice=Choice(counselor.pk, coming(days=4, hour=10)), patient_id=patient.pk, actor=patient
    )
    hold = place_hold(
        choice=Choice(counselor.pk, coming(days=4, hour=15)), patient_id=patient.pk, actor=patient
    )
    series = book_series(
        choice=Choice(counselor.pk, coming(days=6, hour=10)),
        repeat=Repeat("weekly", count=2),
        patient_id=patient.pk,
        actor=patient,
    )
    waiting = wait(patient, CounselorProfile.objects.get(pk=counselor.pk))
    outside = OutsideCalendar.objects.create(
        counselor_id=counselor.pk, name="Home", address="https://cal.test/h.ics"
    )
    block = add_block(
        counselor=CounselorProfile.objects.get(pk=counselor.pk),
        start=coming(days=7, hour=9),
        end=coming(days=7, hour=10),
        actor=counselor,
    )
    room = Room.objects.create(centre=centre, name=f"Room of {counselor.pk}"[:60])
    lead_group(counselor=practice)
    group = _in_a_group([patient, PatientFactory().user], practice, coming(days=7, hour=10))
    group_over = _in_a_group([patient, PatientFactory().user], practice, coming(days=-2, hour=14))
    return Piece(
        {
            "patient": str(patient.pk),
            "counselor": str(counselor.pk),
            "centre": str(centre.pk),
            "past": str(past.pk),
            "over": str(over.pk),
            "now": str(_under_way(patient, counselor).pk),
            "charged": str(_charged(patient, counselor).pk),
            "coming": str(ahead.pk),
            "hold": str(hold.pk),
            "series": str(series.pk),
            "waiting": str(waiting.pk),
            "room": str(room.pk),
            "outside": str(outside.pk),
            "block": str(block.pk),
            "type": str(SessionType.objects.get(counselor=counselor.pk, kind="follow_up").pk),
            "friend": str(friend.pk),
            "group": str(group.pk),
            "group_over": str(group_over.pk),
        }
    )


def _gone(patient: User, counselor: User, *, hour: int) -> Session:
    """One of the day before yesterday."""
    return book_session(
        choice=Choice(counselor.pk, coming(days=-2, hour=hour)),
        patient_id=patient.pk,
        actor=patient,
        now=timezone.now() - timedelta(days=30),
    )


def _in_a_group(people: list[User], counselor: CounselorProfile, start: datetime) -> Session:
    """Its session that all of them have booked, long before it."""
    type_id = SessionType.objects.get(counselor=counselor, kind="group").pk
    choice = Choice(counselor.pk, start, type_id=type_id)
    booked = [
        book_session(
            choice=choice,
            patient_id=person.pk,
            actor=person,
            now=min(timezone.now(), start - timedelta(days=30)),
        )
        for person in people
    ]
    return booked[-1]


def _under_way(patient: User, counselor: User) -> Session:
    """One in person whose time is now, though no hour of the practice is."""
    session = _gone(patient, counselor, hour=12)
    start = timezone.now() - timedelta(minutes=5)
    Session.objects.filter(pk=session.pk).update(
        start=start, end=start + timedelta(minutes=50), mode="in_person"
    )
    return session


def _charged(patient: User, counselor: User) -> Session:
    """One that the patient cancelled late."""
    session = _gone(patient, counselor, hour=13)
    Session.objects.filter(pk=session.pk).update(fee_minor=6000)
    keep_policy(counselor.counselor_profile, free_until_hours=24, late_percent=50)
    return cancel_session(session=session, actor=patient, now=session.start - timedelta(hours=1))
