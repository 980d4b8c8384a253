"""Background work about sessions."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from sessions_app.services.holds import sweep_expired_holds
from sessions_app.services.offers import announce_expired_holds, pass_on_unanswered
from sessions_app.services.outside_reading import claim_due, read_outside_calendar
from sessions_app.services.reminders import send_due_reminders
from sessions_app.services.waitlist import end_outdated_waiting


@shared_task(name="sessions_app.send_due_reminders", ignore_result=True)
def send_due_session_reminders() -> None:
    """Every minute, by beat. Two at once share the work."""
    send_due_reminders()


@shared_task(name="sessions_app.sweep_expired_holds", ignore_result=True)
def sweep_holds() -> None:
    """No booking waits for it; those on the waitlist do: what was not taken is offered to the next."""
    pass_on_unanswered()
    announce_expired_holds()
    sweep_expired_holds()
    end_outdated_waiting()


@shared_task(name="sessions_app.read_due_outside_calendars", ignore_result=True)
def read_due_outside_calendars() -> None:
    """Every minute, by beat: one task for each calendar whose turn it is, so that a slow server delays no other."""
    for calendar_id in claim_due(now=timezone.now()):
        read_one_outside_calendar.delay(str(calendar_id))


@shared_task(
    name="sessions_app.read_outside_calendar",
    ignore_result=True,
    soft_time_limit=60,
    time_limit=75,
    expires=600,
)
def read_one_outside_calendar(calendar_id: str) -> None:
    """Too much to work out in the time given is noted as any other failure."""
    read_outside_calendar(UUID(calendar_id))
