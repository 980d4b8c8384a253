"""What this app hears from the outbox."""

import uuid

from core import outbox
from notifications import services


def send_due_delivery(payload: outbox.Payload) -> None:
    services.send_delivery(delivery_id=uuid.UUID(str(payload["delivery"])))


def register() -> None:
    outbox.register("delivery.due", "notifications.send_delivery", send_due_delivery)
