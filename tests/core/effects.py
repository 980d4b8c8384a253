"""A house whose only effect is a row: the relay and the worker of tests that kill them.

`python -m tests.core.effects` is a relay, `celery -A tests.core.effects worker` a worker. Leases and pauses are short,
so that a crash is made good within a test's patience.
"""

import os
from datetime import timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from mentalspace.celery import app  # noqa: E402  what `celery -A` looks for

TABLE = "CREATE TABLE effects (number int NOT NULL, by_pid int NOT NULL)"


def leave_a_row(payload):
    """Leaves a row for each time it is run, and then fails the first `failures` times."""
    from django.db import connection

    number, failures = int(payload["number"]), int(payload.get("failures") or 0)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO effects VALUES (%s, %s)", [number, os.getpid()])
        cursor.execute("SELECT count(*) FROM effects WHERE number = %s", [number])
        (runs,) = cursor.fetchone()
    if runs <= failures:
        raise ConnectionError("away")


def register():
    from django.conf import settings

    from core import outbox, relay
    from notifications import services

    services.LEASE = timedelta(seconds=1.5)
    settings.EMAIL_BACKEND = "notifications.backends.FolderBackend"
    settings.EMAIL_FILE_PATH = os.environ["EFFECTS_MAIL_FOLDER"]
    outbox.LEASE = timedelta(seconds=2)
    outbox.FIRST_RETRY = timedelta(seconds=0.2)
    outbox.LONGEST_WAIT = timedelta(seconds=2)
    relay.SWEEP_SECONDS = float(os.environ["EFFECTS_SWEEP_SECONDS"])
    relay.RECONNECT_SECONDS = 0.3
    outbox.register("test.effect", "tests.leave_a_row", leave_a_row)
    outbox.register("test.urgent", "tests.leave_a_row", leave_a_row, is_urgent=True)


import django  # noqa: E402
from django.apps import apps  # noqa: E402

if not apps.ready:  # in a process of its own; the test itself imports this module too
    django.setup()
    app.conf.broker_url = os.environ["EFFECTS_BROKER_URL"]
    register()

if __name__ == "__main__":
    from core.relay import Relay

    relay_process = Relay()
    relay_process.stop_on_signals()
    relay_process.run()
