"""Who comes into whose care. A CareRelationship is the only source of “in care” for every access rule."""

import uuid

from django.utils import timezone

from accounts.models import CareRelationship
from accounts.models.care import CareReason
from core.facts import Fact


def open_care_relationship(
    f: Fact, *, patient_id: uuid.UUID, counselor_id: uuid.UUID, why: CareReason
) -> None:
    """The patient is in the counselor's care from now on, within the fact that is the reason. Twice is as good as once.

    One query where they already are.
    """
    open_now = CareRelationship.objects.filter(patient_id=patient_id, counselor_id=counselor_id, until=None)
    if open_now.exists():
        return
    care, is_new = CareRelationship.objects.get_or_create(
        patient_id=patient_id, counselor_id=counselor_id, until=None, defaults={"why": why}
    )
    if is_new:
        f.audit(f"care.opened.{why}", care, patient_id=patient_id)


def close_care_relationship(f: Fact, *, patient_id: uuid.UUID, counselor_id: uuid.UUID) -> None:
    """Out of care: the counselor sees the patient no more. Within the fact that is the reason (transfer, discharge)."""
    for care in CareRelationship.objects.select_for_update().filter(
        patient_id=patient_id, counselor_id=counselor_id, until=None
    ):
        care.until = timezone.now()
        care.save(update_fields=["until"])
        f.audit("care.closed", care, patient_id=patient_id)
