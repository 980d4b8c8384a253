"""Writing down what is to be told, and telling it: each message at most once more than once, never not at all."""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils import timezone, translation

from accounts.models import User
from core.facts import fact
from notifications import mails, registry
from notifications.models import Channel, Delivery, DeliveryStatus

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 24
"""With the outbox's growing pauses, most of a day."""
LEASE = timedelta(seconds=160)
"""Longer than a task may run (CELERY_TASK_TIME_LIMIT), shorter than the outbox waits before it hands out again."""


class DeliveryBusyError(RuntimeError):
    """Another worker claimed the delivery a moment ago. If it crashed, the lease ends and the outbox comes back."""


def notify(*, user_ids: Iterable[uuid.UUID], type_code: str, about_id: uuid.UUID, dedupe: str) -> int:
    """Write down that these people are to be told, by every channel that reaches them; returns how many new rows.

    Sent after the commit by the outbox. The same `dedupe` for the same person and type makes no second row, so an
    event that is heard twice is told once. A person without an address gets no row.
    """
    if not registry.is_registered(type_code):
        raise registry.UnknownTypeError(type_code)
    with fact(actor=None) as current:
        reachable = User.objects.filter(pk__in=set(user_ids), is_active=True, email__isnull=False)
        deliveries = [
            Delivery(user_id=user_id, type=type_code, channel=Channel.EMAIL, about_id=about_id, dedupe=dedupe)
            for user_id in reachable.values_list("pk", flat=True)
        ]
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
        new = Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries]).values_list(
            "pk", flat=True
        )
        for delivery_id in new:
            current.announce("delivery.due", delivery=delivery_id)
        return len(new)


def send_delivery(*, delivery_id: uuid.UUID) -> None:
    """Send one message, unless it was sent, given up or is no longer needed.

    Claimed first and settled afterwards, each in a transaction of its own, with the sending between them: a crash
    in between leaves the claim to run out, and the message is sent once more. Raises what went wrong, so that the
    outbox tries again later, until MAX_ATTEMPTS is reached and the message is given up.
    """
    delivery = _claim(delivery_id)
    if delivery is None:
        return
    try:
        mail = _mail_for(delivery)
        if mail is not None:
            mails.send(mail, to=delivery.user, message_id=delivery.pk)
    except Exception as error:
        if _note_failure(delivery, error) is DeliveryStatus.FAILED:
            return
        raise
    _settle(delivery, DeliveryStatus.OBSOLETE if mail is None else DeliveryStatus.SENT)


def _claim(delivery_id: uuid.UUID) -> Delivery | None:
    """The delivery, ours for the length of a lease; None when there is nothing left to do."""
    unclaimed = Q(status=DeliveryStatus.PENDING) | Q(
        status=DeliveryStatus.SENDING, claimed_at__lte=Now() - Value(LEASE)
    )
    claimed = Delivery.objects.filter(unclaimed, pk=delivery_id).update(
        status=DeliveryStatus.SENDING, claimed_at=Now(), attempts=F("attempts") + 1
    )
    if not claimed:
        if Delivery.objects.filter(pk=delivery_id, status=DeliveryStatus.SENDING).exists():
            raise DeliveryBusyError(str(delivery_id))
        return None
    return Delivery.objects.select_related("user").get(pk=delivery_id)


def _mail_for(delivery: Delivery) -> registry.Mail | None:
    user = delivery.user
    if not (user.is_active and user.email):
        return None
    with translation.override(user.language), timezone.override(ZoneInfo(user.timezone)):
        return registry.render(delivery.type, user, delivery.about_id)


def _note_failure(delivery: Delivery, error: Exception) -> DeliveryStatus:
    """Only while the claim is still ours: whoever took it over after the lease settles it."""
    status = DeliveryStatus.FAILED if delivery.attempts >= MAX_ATTEMPTS else DeliveryStatus.PENDING
    Delivery.objects.filter(pk=delivery.pk, status=DeliveryStatus.SENDING, attempts=delivery.attempts).update(
        status=status, last_error=type(error).__name__[:80]
    )
    log.warning(
        "delivery.not_sent", delivery=str(delivery.pk), error=type(error).__name__, attempts=delivery.attempts
    )
    return status


def _settle(delivery: Delivery, status: DeliveryStatus) -> None:
    Delivery.objects.filter(pk=delivery.pk).exclude(status=DeliveryStatus.SENT).update(
        status=status, sent_at=Now() if status is DeliveryStatus.SENT else None
    )
