from django.db import migrations, models
from django.db.models import Q

# Beside the release before this one, which writes sessions without a number: so the column may be empty. For those that
# are there it follows from the time that each was booked for; of two that come out equal, the later is left without.
FILL = """
WITH booked AS (
  SELECT session.id, session.series_id,
         coalesce((SELECT move.start FROM sessions_app_sessionmove move
                    WHERE move.session_id = session.id ORDER BY move.moved_at, move.id LIMIT 1), session.start) AS start
    FROM sessions_app_session session WHERE session.series_id IS NOT NULL AND session.series_number IS NULL),
numbered AS (
  SELECT booked.id, booked.series_id, booked.start,
         1 + round(extract(epoch FROM booked.start - series.first_start) / 86400
                   / CASE series.rhythm WHEN 'weekly' THEN 7 WHEN 'fortnightly' THEN 14 ELSE 30.436875 END) AS number
    FROM booked JOIN sessions_app_sessionseries series ON series.id = booked.series_id),
first_of_each AS (
  SELECT DISTINCT ON (series_id, number) id, number FROM numbered WHERE number >= 1 ORDER BY series_id, number, start)
UPDATE sessions_app_session session SET series_number = first_of_each.number
  FROM first_of_each WHERE first_of_each.id = session.id
"""
INDEX = """
CREATE UNIQUE INDEX CONCURRENTLY series_number_once ON sessions_app_session (series_id, series_number)
 WHERE series_number IS NOT NULL
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sessions_app", "0016_check_in")]

    operations = [
        migrations.AddField(
            "session", "series_number", models.PositiveSmallIntegerField(editable=False, null=True)
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(INDEX, "DROP INDEX CONCURRENTLY IF EXISTS series_number_once")],
            [
                migrations.AddConstraint(
                    "session",
                    models.UniqueConstraint(
                        fields=["series", "series_number"],
                        condition=Q(series_number__isnull=False),
                        name="series_number_once",
                    ),
                )
            ],
        ),
    ]
