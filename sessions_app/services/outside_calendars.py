"""A counselor's outside calendars: named, asked for again, removed. Reading them is outside_reading's."""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import CounselorProfile, User
from core.errors import Throttled, ValidationFailed
from core.facts import fact
from core.outbound import OutboundError, checked_address
from sessions_app.models import OutsideCalendar
from sessions_app.models.outside import Problem
from sessions_app.services.occupancy import lock

MOST_CALENDARS = 5
PAUSE = timedelta(minutes=1)
"""Between two readings that somebody asks for."""
_WEBCAL = "webcal://"


def add_outside_calendar(
    *, counselor: CounselorProfile, name: str, address: str, actor: User
) -> OutsideCalendar:
    """Read this calendar from now on, the first time at once. webcal:// is https:// by another name.

    Raises ValidationFailed, by field.
    """
    wanted = address.strip()
    if wanted.lower().startswith(_WEBCAL):
        wanted = "https://" + wanted[len(_WEBCAL) :]
    try:
        checked_address(wanted)
    except OutboundError as error:
        raise ValidationFailed(details={"address": [Problem(error.trouble.value).label]}) from None
    calendar = OutsideCalendar(counselor=counselor, name=name.strip(), address=wanted)
    with fact(actor=actor) as current:
        lock(counselor.pk)
        present = list(OutsideCalendar.objects.filter(counselor=counselor))
        if len(present) >= MOST_CALENDARS:
            raise ValidationFailed(
                f"There are {MOST_CALENDARS} calendars already. Remove one first.",
                details={"address": [f"At most {MOST_CALENDARS} calendars. Remove one first."]},
            )
        if any(one.address == wanted for one in present):
            raise ValidationFailed(details={"address": ["This calendar is read already."]})
        calendar.save()
        current.audit("outside_calendar.added", calendar)
        current.announce("outside_calendar.wanted", calendar=calendar.pk)
    return calendar


def remove_outside_calendar(*, calendar: OutsideCalendar, actor: User) -> None:
    """Forget its address and all that was read there: those times are free again at once."""
    with fact(actor=actor) as current:
        current.audit("outside_calendar.removed", calendar)
        OutsideCalendar.objects.filter(pk=calendar.pk).delete()


def read_again(*, calendar: OutsideCalendar, actor: User, now: datetime | None = None) -> None:
    """Read it soon, without waiting for its turn. Raises Throttled when that was only just done."""
    now = now or timezone.now()
    with fact(actor=actor) as current:
        kept = OutsideCalendar.objects.select_for_update().get(pk=calendar.pk)
        if kept.was_tried_since(now - PAUSE):
            raise Throttled(
                "This calendar was read a moment ago. Wait a minute.",
                retry_after_seconds=int(PAUSE.total_seconds()),
            )
        kept.last_tried_at = now
        kept.save(update_fields=["last_tried_at"])
        current.announce("outside_calendar.wanted", calendar=kept.pk)
