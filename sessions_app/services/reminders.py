"""Reminders: written when a session is confirmed, handed to notifications when they are due."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from notifications.models import Channel
from notifications.services import notify
from sessions_app.models import (
    ParticipantStatus,
    Reminder,
    ReminderKind,
    ReminderState,
    Session,
    SessionParticipant,
    SessionStatus,
)

BATCH = 100
TYPE_OF_KIND = {ReminderKind.DAY: "session_reminder_day", ReminderKind.HOUR: "session_reminder_hour"}


def plan_reminders(*, session: Session, user_ids: Iterable[UUID], now: datetime | None = None) -> None:
    """Write the reminders of a confirmed session. May run twice, and again after the session has moved.

    What would have been due already is not written: whoever books for this afternoon has just read about it.
    """
    now, user_ids = now or timezone.now(), list(user_ids)
    Reminder.objects.bulk_create(
        [
            Reminder(
                session=session,
                user_id=user_id,
                kind=kind,
                channel=Channel.EMAIL,
                session_start=session.start,
                due_at=session.start - kind.before_start,
            )
            for user_id in user_ids
            for kind in ReminderKind
            if session.start - kind.before_start > now
        ],
        ignore_conflicts=True,
    )
    # Of a session that somebody had left and comes to again.
    session.reminders.filter(
        user__in=user_ids, state=ReminderState.VOID, session_start=session.start, due_at__gt=now
    ).update(state=ReminderState.PENDING)
    _move_to_new_start(session, now)


def _move_to_new_start(session: Session, now: datetime) -> None:
    """Rows reckoned from an earlier start of the session are reckoned anew, those already sent included."""
    outdated = session.reminders.exclude(session_start=session.start)
    for kind in ReminderKind:
        due_at = session.start - kind.before_start
        outdated.filter(kind=kind).update(
            session_start=session.start,
            due_at=due_at,
            state=ReminderState.PENDING if due_at > now else ReminderState.VOID,
        )


def send_due_reminders(*, now: datetime | None = None) -> int:
    """Hand every due reminder to notifications; returns how many. Several processes may do so at once.

    The state of the row, the delivery and its outbox entry change in one transaction: a crash before it leaves the
    reminder due, one after it leaves the rest to the outbox. Reminders of sessions that are no longer on, that moved
    or that come too late to be of use are void.
    """
    now = now or timezone.now()
    total = 0
    while taken := _send_some(now):
        total += sum(taken)
    return total


@transaction.atomic
def _send_some(now: datetime) -> list[bool]:
    due = list(
        Reminder.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("session")
        .filter(state=ReminderState.PENDING, due_at__lte=now)
        .order_by("due_at", "id")[:BATCH]
    )
    gone = _who_cancelled(due)
    useful = [_is_useful(one, now) and (one.session_id, one.user_id) not in gone for one in due]
    for reminder, is_useful in zip(due, useful, strict=True):
        reminder.state = ReminderState.SENT if is_useful else ReminderState.VOID
        if is_useful:
            kind = ReminderKind(reminder.kind)
            notify(
                user_ids=[reminder.user_id],
                type_code=TYPE_OF_KIND[kind],
                about_id=reminder.session_id,
                dedupe=f"{reminder.session_id}@{reminder.session_start.isoformat()}",
            )
    Reminder.objects.bulk_update(due, ["state"])
    return useful


def _who_cancelled(due: list[Reminder]) -> set[tuple[UUID, UUID]]:
    """(session, patient) of those who cancelled for themselves while others go on."""
    sessions = [reminder.session_id for reminder in due if reminder.session.capacity > 1]
    if not sessions:
        return set()
    gone = SessionParticipant.objects.filter(session__in=sessions, status=ParticipantStatus.CANCELLED)
    return set(gone.values_list("session_id", "patient_id"))


def _is_useful(reminder: Reminder, now: datetime) -> bool:
    session = reminder.session
    return (
        session.status == SessionStatus.CONFIRMED
        and session.start == reminder.session_start
        and now < session.start - ReminderKind(reminder.kind).useful_until
    )
