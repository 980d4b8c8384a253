from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("sessions_app", "0015_calendar_blocks")]

    operations = [
        migrations.AddField(
            "sessionparticipant",
            "arrived_at",
            models.DateTimeField(
                editable=False, help_text="When the desk noted that they are there.", null=True
            ),
        ),
    ]
