import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Both are found by another index that begins with them; each of their own is written with every booking."""

    dependencies = [("accounts", "0003_rating_adds_up")]

    operations = [
        migrations.AlterField(
            "carerelationship",
            "counselor",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="care_relationships",
                to="accounts.counselorprofile",
            ),
        ),
        migrations.AlterField(
            "patientcentre",
            "patient",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="patient_centres",
                to="accounts.patientprofile",
            ),
        ),
    ]
