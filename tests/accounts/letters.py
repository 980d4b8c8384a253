"""What the relay and the worker would send."""

from django.core import mail

from core import outbox
from core.models import OutboxEntry


def deliver_letters() -> list[mail.EmailMessage]:
    """Delivers what is due; the letters that were sent by it."""
    mail.outbox.clear()
    for entry in OutboxEntry.objects.filter(done_at=None):
        outbox.deliver(entry.pk)
    return list(mail.outbox)
