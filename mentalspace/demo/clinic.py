"""The demo clinic as a whole: made in one transaction, so that it is there entirely or not at all."""

from collections.abc import Callable
from datetime import datetime
from random import Random

from django.db import transaction
from django.db.models.functions import Now

from core.models import OutboxEntry
from mentalspace.demo import blocks, dates, desk, groups, hours, people, sessions, waiting
from mentalspace.demo.counselors import COUNSELORS
from sessions_app.models import Session, SessionStatus
from sessions_app.notifications import everyone_in
from sessions_app.services.reminders import plan_reminders

SEED = 20261120
Say = Callable[[str], None]


@transaction.atomic
def open_clinic(*, now: datetime, say: Say) -> None:
    """Fills an empty database. The same for the same `now`, except for ids."""
    random = Random(SEED)  # noqa: S311 - it must be the same each time, not unguessable
    say("Two centres, their staff, twelve counselors, a hundred patients.")
    everybody = people.gather_people(random, today=now.date())
    say("Weekly hours and session types.")
    offers = []
    for place, (counselor, about) in enumerate(zip(everybody.counselors, COUNSELORS, strict=True)):
        is_first = place == 0
        hours.keep_hours(counselor, about, centres=everybody.centres, now=now, is_here_today=is_first)
        offers.append(hours.offer_sessions(counselor, about.offer))
    desk.open_rooms(everybody)
    plan = sessions.plan_sessions(random, everybody, offers, now=now)
    say(f"{len(plan.sessions)} sessions, from three months ago to four weeks ahead.")
    held = []
    for number, pair in enumerate(sessions.hold_sessions(plan, desk=everybody.staff["coordinator"]), start=1):
        held.append(pair)
        if number % 200 == 0:
            say(f"  {number} of {len(plan.sessions)}")
    for counselor, about in zip(everybody.counselors, COUNSELORS, strict=True):
        if about.booking or about.leave_in_week is not None:
            hours.keep_hours(
                counselor, about, centres=everybody.centres, now=now, is_here_today=False, with_leave=True
            )
    dates.spread(held, everybody, now=now, opened=plan.start)
    say("Some who wait for a time, a series, and groups.")
    waiting.let_some_wait(random, everybody, now=now)
    waiting.book_one_series(everybody, offers, now=now)
    groups.lead_groups(everybody, now=now)
    groups.bring_a_partner(everybody)
    blocks.block_some_time(everybody, now=now)
    desk.work_at_the_desk(everybody, now=now)
    _remind(now)
    _leave_unsaid()


def _remind(now: datetime) -> None:
    """Coming sessions are reminded of like any other; what would have been due before now was never written."""
    coming = Session.objects.filter(status=SessionStatus.CONFIRMED, start__gt=now)
    for session in coming.prefetch_related("participants"):
        plan_reminders(session=session, user_ids=everyone_in(session), now=now)


def _leave_unsaid() -> None:
    """Nobody is invited to, or told of, what never happened.

    The services announced it like any other fact. The clinic is made in one transaction, so the relay has seen none
    of those entries yet, and here they are closed before it can: no switch in a service, that production could leave
    on, keeps them quiet. They are all ours, since before this there was nobody to write to.
    """
    OutboxEntry.objects.filter(done_at=None).update(pending=[], done_at=Now())
