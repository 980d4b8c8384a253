"""Whether anybody is busy twice at once, asked in plain SQL of the rows themselves, not of the constraint."""

from django.db import connection

_BUSY_TWICE = """
SELECT one.resource, one.busy, other.busy
  FROM sessions_app_occupancy one
  JOIN sessions_app_occupancy other ON one.resource = other.resource AND one.id < other.id
 WHERE one.is_active AND other.is_active AND NOT isempty(one.busy * other.busy)
"""
# From what was booked, not from the occupancies: a session whose occupancy is missing or too short shows here.
_SESSIONS_AT_ONCE = """
WITH taken AS (
  SELECT session.id, session.counselor_id AS person,
         session.start - make_interval(mins => type.buffer_before_minutes) AS begins,
         session."end" + make_interval(mins => type.buffer_after_minutes) AS ends
    FROM sessions_app_session session JOIN sessions_app_sessiontype type ON type.id = session.session_type_id
   WHERE session.status = 'confirmed' AND NOT session.overbooked
   UNION ALL
  SELECT session.id, participant.patient_id, session.start, session."end"
    FROM sessions_app_session session
    JOIN sessions_app_sessionparticipant participant ON participant.session_id = session.id
   WHERE session.status = 'confirmed' AND participant.status <> 'cancelled')
SELECT one.person, one.begins, other.begins
  FROM taken one JOIN taken other ON one.person = other.person AND one.id < other.id
 WHERE one.begins < other.ends AND other.begins < one.ends
"""
_SESSIONS_WITHOUT_TIME = """
SELECT session.id
  FROM sessions_app_session session JOIN sessions_app_calendarentry entry ON entry.id = session.entry_id
 WHERE session.status = 'confirmed'
   AND (NOT session.overbooked)::int + (entry.room_id IS NOT NULL)::int
     + (SELECT count(*) FROM sessions_app_sessionparticipant
         WHERE session_id = session.id AND status <> 'cancelled')
       <> (SELECT count(*) FROM sessions_app_occupancy occupancy
              WHERE occupancy.entry_id = session.entry_id AND occupancy.is_active AND occupancy.expires_at IS NULL)
"""
_SEVERAL_HOLDS = (
    "SELECT patient_id FROM sessions_app_slothold WHERE is_live GROUP BY patient_id HAVING count(*) > 1"
)


def double_bookings() -> list[tuple]:
    """Every pair of active entries that takes the same person's time, and every session that takes none."""
    found: list[tuple] = []
    with connection.cursor() as cursor:
        for statement in (_BUSY_TWICE, _SESSIONS_AT_ONCE, _SESSIONS_WITHOUT_TIME, _SEVERAL_HOLDS):
            cursor.execute(statement)
            found += cursor.fetchall()
    return found


def deadlocks_so_far() -> int:
    """Of this database, as PostgreSQL counts them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]
