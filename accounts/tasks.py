"""Background work of accounts."""

from typing import Any

from celery import shared_task

from accounts.services.tokens import purge_expired_devices


@shared_task(name="accounts.purge_expired_devices", ignore_result=True)
def purge_devices(**_: Any) -> None:
    purge_expired_devices()
