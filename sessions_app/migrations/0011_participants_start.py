import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# Beside the release before this one, which writes participants without a start: so the column may be empty, and a
# start that is there must be the session's. The key is checked for old rows in a step of its own, without a lock that
# anybody waits for.
ADD_KEY = """
ALTER TABLE sessions_app_sessionparticipant ADD CONSTRAINT participant_starts_with_the_session
  FOREIGN KEY (session_id, start) REFERENCES sessions_app_session (id, start)
  ON UPDATE CASCADE ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED NOT VALID
"""
FILL = """
UPDATE sessions_app_sessionparticipant participant SET start = session.start
  FROM sessions_app_session session WHERE session.id = participant.session_id AND participant.start IS NULL
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sessions_app", "0010_series")]

    operations = [
        migrations.AddField("sessionparticipant", "start", models.DateTimeField(editable=False, null=True)),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX CONCURRENTLY session_and_its_start ON sessions_app_session (id, start)",
            "DROP INDEX CONCURRENTLY IF EXISTS session_and_its_start",
        ),
        migrations.RunSQL(
            ADD_KEY,
            "ALTER TABLE sessions_app_sessionparticipant DROP CONSTRAINT participant_starts_with_the_session",
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(
            "ALTER TABLE sessions_app_sessionparticipant VALIDATE CONSTRAINT participant_starts_with_the_session",
            migrations.RunSQL.noop,
        ),
        AddIndexConcurrently(
            "sessionparticipant",
            models.Index(fields=["patient", "-start", "-session"], name="session_of_patient"),
        ),
        migrations.AlterField(
            "sessionparticipant",
            "patient",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="participations",
                to="accounts.patientprofile",
            ),
        ),
        migrations.AlterField(
            "sessionparticipant",
            "session",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="participants",
                to="sessions_app.session",
            ),
        ),
    ]
