from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What is not done yet is in no hurry to be found by when it was done."""

    atomic = False

    dependencies = [("core", "0001_outbox_idempotency_and_data_keys")]

    operations = [
        RemoveIndexConcurrently("outboxentry", "outbox_done"),
        AddIndexConcurrently(
            "outboxentry",
            models.Index(fields=["done_at"], name="outbox_done", condition=models.Q(done_at__isnull=False)),
        ),
    ]
