import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# Each step waits for nobody's rows: the check is looked through without a lock that writers wait for, and NOT NULL then
# believes it.
START_IS_KNOWN = (
    "ALTER TABLE sessions_app_sessionparticipant ADD CONSTRAINT participant_start_is_known "
    "CHECK (start IS NOT NULL) NOT VALID",
    "ALTER TABLE sessions_app_sessionparticipant VALIDATE CONSTRAINT participant_start_is_known",
    "ALTER TABLE sessions_app_sessionparticipant ALTER start SET NOT NULL",
    "ALTER TABLE sessions_app_sessionparticipant DROP CONSTRAINT participant_start_is_known",
)
START_MAY_BE_NULL = "ALTER TABLE sessions_app_sessionparticipant ALTER start DROP NOT NULL"


class Migration(migrations.Migration):
    """What each booking wrote and nothing read; and a participant's start, which every release writes by now."""

    atomic = False

    dependencies = [
        ("accounts", "0004_fewer_indexes"),
        ("sessions_app", "0020_moves_say_where"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            "session",
            "cancelled_by",
            models.ForeignKey(
                blank=True,
                null=True,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "session",
            "centre",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sessions",
                to="accounts.centre",
            ),
        ),
        migrations.AlterField(
            "session",
            "counselor",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sessions",
                to="accounts.counselorprofile",
            ),
        ),
        AddIndexConcurrently(
            "session",
            models.Index(
                fields=["series"], name="session_of_series", condition=models.Q(series__isnull=False)
            ),
        ),
        migrations.AlterField(
            "session",
            "series",
            models.ForeignKey(
                null=True,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sessions",
                to="sessions_app.sessionseries",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    list(START_IS_KNOWN),
                    START_MAY_BE_NULL,
                )
            ],
            [
                migrations.AlterField(
                    "sessionparticipant", "start", models.DateTimeField(editable=False)
                )
            ],
        ),
        migrations.AlterField(
            "sessionparticipant",
            "session",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="participants",
                to="sessions_app.session",
            ),
        ),
    ]
