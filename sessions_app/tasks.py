"""Background work about sessions."""

from celery import shared_task

from sessions_app.services.holds import sweep_expired_holds
from sessions_app.services.reminders import send_due_reminders


@shared_task(name="sessions_app.send_due_reminders", ignore_result=True)
def send_due_session_reminders() -> None:
    """Every minute, by beat. Two at once share the work."""
    send_due_reminders()


@shared_task(name="sessions_app.sweep_expired_holds", ignore_result=True)
def sweep_holds() -> None:
    """For tidiness: no booking waits for it."""
    sweep_expired_holds()
