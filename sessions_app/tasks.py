"""Background work about sessions."""

from celery import shared_task

from sessions_app.services.holds import sweep_expired_holds
from sessions_app.services.offers import announce_expired_holds, pass_on_unanswered
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
