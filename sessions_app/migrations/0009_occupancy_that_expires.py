from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sessions_app", "0008_outside_calendars")]

    operations = [
        AddIndexConcurrently(
            model_name="occupancy",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False), ("is_active", True)),
                fields=["resource"],
                name="occupancy_that_expires",
            ),
        ),
    ]
