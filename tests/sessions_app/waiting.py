"""People who wait, and what becomes of the times that free."""

from datetime import time, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import CounselorProfile, User
from sessions_app.models import Session, WaitlistEntry, WaitlistOffer
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.offers import offer_freed_time
from sessions_app.services.waitlist import Wanted, join_waitlist

WAITLIST = "/api/sessions/waitlist"


def a_wish(**more: Any) -> Wanted:
    """Any day of the next sixty, at any hour, on the wall in UTC."""
    today = timezone.now().date()
    usual = {
        "timezone": "UTC",
        "first_day": today,
        "last_day": today + timedelta(days=60),
        "weekdays": range(7),
        "earliest": time(0),
        "latest": time(0),
    }
    return Wanted(**(usual | more))


def wait(patient: User, counselor: CounselorProfile | None = None, **more: Any) -> WaitlistEntry:
    wanted = a_wish(counselor_id=counselor.pk if counselor else None, **more)
    return join_waitlist(wanted=wanted, patient_id=patient.pk, actor=patient)


def free(session: Session) -> int:
    """The session is cancelled and its time goes to whoever waits; how many offers were made."""
    cancel_session(session=session, actor=session.counselor.user)
    return offer_freed_time(entry_id=session.entry_id)


def offers_to(patient: User) -> list[WaitlistOffer]:
    return list(WaitlistOffer.objects.filter(patient=patient.pk).order_by("made_at"))


def the_offer_to(patient: User) -> WaitlistOffer:
    (offer,) = WaitlistOffer.objects.filter(patient=patient.pk, outcome="open")
    return offer
