"""The holds of the patient who books, and which of them a booking needs out of its way."""

from collections.abc import Collection, Mapping
from uuid import UUID

from core.statements import Row
from sessions_app.wall_clock import Span

OWN_HOLDS = """
SELECT entry_id, resource, floor(extract(epoch FROM lower(busy)))::bigint,
       ceil(extract(epoch FROM upper(busy)))::bigint, hold.is_offer
  FROM sessions_app_slothold hold JOIN sessions_app_occupancy USING (entry_id)
 WHERE hold.patient_id = %s AND hold.is_live AND expires_at > statement_timestamp()
"""
"""Takes the patient's id; a row for each resource that each of their live holds and offers keeps."""


def holds_in_the_way(holds: Collection[Row], takes: Mapping[UUID | None, Span]) -> list[UUID]:
    """The holds that keep what is needed of the counselor, the patient and the room."""
    found = set()
    for hold_id, resource, lower, upper, _ in holds:
        first, last = takes.get(resource, (0, 0))
        if lower < last and upper > first:
            found.add(hold_id)
    return list(found)
