"""The one statement about when a resource (a counselor, a patient, a room) is taken."""

from datetime import datetime, timedelta

READ_AHEAD = timedelta(hours=24)
"""A session that begins inside the window may reach out of it, with its buffers, by less than this."""

BUSY = """
SELECT floor(extract(epoch FROM lower(busy)))::bigint AS lower, ceil(extract(epoch FROM upper(busy)))::bigint AS upper
  FROM sessions_app_occupancy
 WHERE resource = {resource} AND is_active
   AND upper(busy) > to_timestamp(%s) AND lower(busy) < to_timestamp(%s)
   AND (expires_at IS NULL OR expires_at > statement_timestamp())
   AND entry_id NOT IN (SELECT entry_id FROM sessions_app_slothold WHERE patient_id = %s AND is_live)
"""
"""Takes the window's two ends, and the patient whose own holds take no time."""


def window(start: datetime, end: datetime) -> tuple[int, int]:
    """Epoch seconds between which all is that could be in the way of a session that begins in [start, end)."""
    margin = int(READ_AHEAD.total_seconds())
    return int(start.timestamp()) - margin, int(end.timestamp()) + margin
