"""What relay and worker do with the outbox, without either, and ways to be interrupted."""

from contextlib import suppress

from django.db.models import F, Value
from django.db.models.functions import Now

from core import outbox
from core.ids import uuid7
from core.models import OutboxEntry
from notifications.models import Delivery
from notifications.services import LEASE, notify


class Crash(BaseException):
    """The process ends here: nothing after it is run."""


def tell(user, type_code="hello", *, about=None, dedupe="once"):
    return notify(user_ids=[user.pk], type_code=type_code, about_id=about or uuid7(), dedupe=dedupe)


def work_off(*, rounds=5):
    """Hands out and delivers what is due, and what that makes due; what fails is due again later."""
    for _ in range(rounds):
        for claim in outbox.claim_due():
            with suppress(Exception, Crash):
                outbox.deliver(claim.entry_id)


def let_time_pass():
    """Every lease and every pause between attempts is over."""
    OutboxEntry.objects.filter(done_at=None).update(available_at=Now())
    Delivery.objects.filter(claimed_at__isnull=False).update(claimed_at=F("claimed_at") - Value(2 * LEASE))
