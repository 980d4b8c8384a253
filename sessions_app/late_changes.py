"""Which sessions a patient may no longer move: those that cancelling would cost something by now.

The same as `services.policies.cost_of_cancelling`, for all sessions of a list in one statement; a test holds the two
against each other.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from core.statements import read
from sessions_app.models import SessionStatus
from sessions_app.models.policies import MAX_NOTICE_HOURS

# The version in force when the session's first time was taken, or when the patient came to a session of others.
_TOO_LATE = """
SELECT session.id
  FROM sessions_app_session session
  JOIN sessions_app_sessionparticipant participant
    ON participant.session_id = session.id AND participant.patient_id = %s
  JOIN sessions_app_calendarentry entry ON entry.id = COALESCE(
       (SELECT move.entry_id FROM sessions_app_sessionmove move
         WHERE move.session_id = session.id ORDER BY move.moved_at, move.id LIMIT 1), session.entry_id)
 CROSS JOIN LATERAL (
       SELECT policy.free_until_hours, policy.late_percent FROM sessions_app_noticepolicy policy
        WHERE policy.counselor_id = session.counselor_id
          AND policy.in_force_from
              <= COALESCE(CASE WHEN session.capacity > 1 THEN participant.joined_at END, entry.created_at)
        ORDER BY policy.version DESC LIMIT 1) agreed
 WHERE session.id = ANY(%s::uuid[]) AND agreed.free_until_hours > 0
   AND session.fee_minor * agreed.late_percent >= 100
   AND session.start - make_interval(hours => agreed.free_until_hours) < %s
"""


def may_be_late(*, status: str, start: datetime, fee_minor: int, now: datetime) -> bool:
    """Whether a policy could say so at all."""
    in_reach = now < start <= now + timedelta(hours=MAX_NOTICE_HOURS)
    return status == SessionStatus.CONFIRMED and fee_minor > 0 and in_reach


def too_late_to_move(session_ids: Collection[UUID], *, patient_id: UUID, now: datetime) -> set[UUID]:
    """Those of these sessions of the patient's; no statement when there are none."""
    if not session_ids:
        return set()
    return {session_id for (session_id,) in read(_TOO_LATE, [patient_id, list(session_ids), now])}
