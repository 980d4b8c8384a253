"""Groups at the demo clinic, with people in them, and a couple who come together; made by the services."""

from datetime import datetime, timedelta

from accounts.models import CounselorProfile, PatientProfile
from core.errors import DomainError
from mentalspace.demo.people import People
from sessions_app.models import Mode, Session, SessionKind, SessionStatus, SessionType
from sessions_app.services.availability import save_session_type
from sessions_app.services.booking import book_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.participants import add_participant
from sessions_app.services.reservations import Choice
from sessions_app.services.slots import Slot, Wish, find_slots

PLACES = 8
MINUTES = 90
TAKEN = (4, 7)
"""How many places of each group are booked: some of the first are free, and one of the second."""
NAME = "Group: living with anxiety"


def lead_groups(people: People, *, now: datetime) -> list[Session]:
    """Two of the first counselor's, the next weeks; patient@demo.test takes part in the first."""
    counselor = people.counselors[0]
    fee_minor, currency = _usual_price(counselor)
    offered = SessionType(
        counselor=counselor,
        name=NAME,
        kind=SessionKind.GROUP,
        duration_minutes=MINUTES,
        modes=[Mode.IN_PERSON, Mode.VIDEO],
        fee_minor=fee_minor // 3,
        currency=currency,
        payment_policy="at_centre" if fee_minor else "free",
        buffer_after_minutes=10,
        capacity=PLACES,
        position=counselor.session_types.count(),
    )
    save_session_type(session_type=offered, actor=counselor.user)
    in_care = PatientProfile.objects.filter(care_relationships__counselor=counselor).select_related("user")
    group = [people.patients[0], *in_care.exclude(pk=people.patients[0].pk).order_by("user__email")]
    sessions = []
    for days_ahead, taken in zip((2, 9), TAKEN, strict=True):
        session = _fill(offered, group, taken, now=now, not_before=now + timedelta(days=days_ahead))
        if session is not None:
            sessions.append(session)
    if sessions:
        _one_leaves(sessions[-1], now)
    return sessions


def bring_a_partner(people: People) -> Session | None:
    """The next couple's session has both of the couple."""
    coming = Session.objects.filter(kind=SessionKind.COUPLE, status=SessionStatus.CONFIRMED)
    session = coming.select_related("counselor__user").order_by("-start").first()
    if session is None:
        return None
    there = session.participants.values("patient")
    others = PatientProfile.objects.filter(care_relationships__counselor=session.counselor)
    for partner in others.exclude(pk__in=there).order_by("user__email"):
        try:
            return add_participant(session=session, patient_id=partner.pk, actor=session.counselor.user)
        except DomainError:
            continue
    return None


def _usual_price(counselor: CounselorProfile) -> tuple[int, str]:
    usual = counselor.session_types.filter(kind=SessionKind.FOLLOW_UP).order_by("position")[0]
    return usual.fee_minor, usual.currency


def _fill(
    offered: SessionType, patients: list[PatientProfile], taken: int, *, now: datetime, not_before: datetime
) -> Session | None:
    """A session that so many have booked, each for themselves."""
    for slot in _times(offered, now, not_before):
        first, *others = patients
        session = _book(offered, slot, first, now)
        if session is None:
            continue
        for patient in others:
            if len(session.taking_part) == taken:
                break
            _book(offered, slot, patient, now)
            session = Session.objects.get(pk=session.pk)
        return session
    return None


def _times(offered: SessionType, now: datetime, not_before: datetime) -> list[Slot]:
    return find_slots(
        counselor_id=offered.counselor_id,
        start=not_before,
        end=not_before + timedelta(days=6),
        wish=Wish(type_id=offered.pk, mode=Mode.IN_PERSON),
        now=now,
    )


def _book(offered: SessionType, slot: Slot, patient: PatientProfile, now: datetime) -> Session | None:
    """None where the patient is elsewhere then."""
    choice = Choice(offered.counselor_id, slot.start, mode=Mode.IN_PERSON, type_id=offered.pk)
    try:
        return book_session(choice=choice, patient_id=patient.pk, actor=patient.user, now=now)
    except DomainError:
        return None


def _one_leaves(session: Session, now: datetime) -> None:
    leaving = session.participants.select_related("patient__user").order_by("-seat")[0]
    cancel_session(
        session=session, actor=leaving.patient.user, reason="I start a new job that week.", now=now
    )
