"""Who comes into whose care. A CareRelationship is the only source of “in care” for every access rule."""

import uuid

from accounts.models import CareRelationship, PatientCentre
from accounts.models.care import CareReason
from core.facts import Fact


def take_into_care(
    f: Fact, *, patient_id: uuid.UUID, counselor_id: uuid.UUID, centre_id: uuid.UUID, why: CareReason
) -> None:
    """From now on the counselor sees the patient, and so does the staff of the centre. Twice is as good as once.

    Within the fact that is the reason, whose audit row tells of it; written with its other rows.
    """
    f.insert_values(
        CareRelationship,
        patient_id=patient_id,
        counselor_id=counselor_id,
        why=str(why),
        on_conflict_do_nothing=True,
    )
    f.insert_values(PatientCentre, patient_id=patient_id, centre_id=centre_id, on_conflict_do_nothing=True)
