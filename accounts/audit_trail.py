"""The audit trail's rows: what core.facts collected, to be written in the transaction of the fact itself."""

from accounts.models import AuditEvent
from core import request_context
from core.facts import AuditRecord


def audit_events(records: list[AuditRecord]) -> list[AuditEvent]:
    """A row for each record. Where the request came from is taken from the request's context."""
    ip, request_id = request_context.ip.get() or None, request_context.request_id.get()
    return [
        AuditEvent(
            actor_id=record.actor_id,
            action=record.action,
            object_type=record.object_type,
            object_id=record.object_id,
            patient_id=record.patient_id,
            centre_id=record.centre_id,
            ip=ip,
            request_id=request_id,
            why=record.why,
        )
        for record in records
    ]
