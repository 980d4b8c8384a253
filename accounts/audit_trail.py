"""The audit trail's rows: what core.facts collected, to be written in the transaction of the fact itself."""

from accounts.models import AuditEvent
from core import request_context
from core.db import insert_values
from core.facts import AuditRecord
from core.statements import Statement


def audit_inserts(records: list[AuditRecord]) -> list[Statement]:
    """The insert of a row for each record. Where the request came from is taken from the request's context."""
    ip, request_id = request_context.ip.get() or None, request_context.request_id.get()
    return [
        insert_values(
            AuditEvent,
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
