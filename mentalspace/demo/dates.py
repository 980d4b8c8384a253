"""The services date what they write with today. This spreads it over the months in which it would have been written."""

from datetime import datetime, timedelta

from accounts.models import CareRelationship, User
from mentalspace.demo.people import People
from mentalspace.demo.sessions import Planned
from sessions_app.models import CalendarEntry, Session

STAFF_BEFORE_OPENING = timedelta(days=200)
SIGN_UP_BEFORE_BOOKING = timedelta(hours=1)


def spread(held: list[tuple[Planned, Session]], people: People, *, now: datetime, opened: datetime) -> None:
    """When somebody joined, came into care, booked. The audit trail keeps the truth: it was all made today."""
    first_booking: dict[tuple[object, object], datetime] = {}
    for planned, session in held:
        session.created_at = session.entry.created_at = planned.booked_at
        pair = (planned.patient.pk, planned.diary.counselor.pk)
        first_booking[pair] = min(planned.booked_at, first_booking.get(pair, now))
    Session.objects.bulk_update([session for _, session in held], ["created_at"], batch_size=500)
    CalendarEntry.objects.bulk_update([session.entry for _, session in held], ["created_at"], batch_size=500)
    cares = list(CareRelationship.objects.all())
    for care in cares:
        care.since = first_booking[care.patient_id, care.counselor_id]
    CareRelationship.objects.bulk_update(cares, ["since"])
    _let_join(first_booking, people, now=now, opened=opened)


def _let_join(
    first_booking: dict[tuple[object, object], datetime], people: People, *, now: datetime, opened: datetime
) -> None:
    """Patients sign up before they first book, and those who have not booked within the last week."""
    earliest: dict[object, datetime] = {}
    for (patient_id, _), at in first_booking.items():
        earliest[patient_id] = min(at, earliest.get(patient_id, now))
    patients = [patient.user for patient in people.patients]
    for number, user in enumerate(patients):
        waiting = now - timedelta(hours=19 * (number % 8) + 1)
        user.date_joined = earliest.get(user.pk, waiting) - SIGN_UP_BEFORE_BOOKING
    others = [*people.staff.values(), *(counselor.user for counselor in people.counselors)]
    for user in others:
        user.date_joined = opened - STAFF_BEFORE_OPENING
    User.objects.bulk_update([*patients, *others], ["date_joined"])
