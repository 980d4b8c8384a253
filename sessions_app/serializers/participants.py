"""Who takes part, for counselors and staff."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import Body, Shape
from sessions_app.models import ParticipantStatus
from sessions_app.models.sessions import MAX_NOTE
from sessions_app.serializers.common import PersonShape
from sessions_app.session_rows import Participation, SessionRow


class ParticipantBody(Body):
    patient = serializers.UUIDField(help_text="Who takes part from now on.")
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_NOTE, help_text="For the counselor; kept encrypted."
    )


class ParticipantShape(Shape):
    patient = PersonShape(help_text="An anonymous patient is their alias to a counselor.")
    status = serializers.ChoiceField(
        choices=ParticipantStatus.choices,
        help_text="`confirmed`: as the session stands. The others say what became of this one alone.",
    )
    charge_minor = serializers.IntegerField(help_text="What they owe for having cancelled late.")
    waived_minor = serializers.IntegerField(help_text="What was charged and then waived.")


def participants_answer(row: SessionRow) -> list[dict[str, Any]]:
    """Of a session of one person, that person."""
    own = (row.charged_minor, row.is_charge_waived, row.charge_policy_version)
    alone = tuple(Participation(each, ParticipantStatus.CONFIRMED, *own) for each in row.patients)
    return [
        {
            "patient": {"id": each.person.id, "display_name": each.person.display_name},
            "status": each.status,
            "charge_minor": each.owed_minor,
            "waived_minor": (each.charged_minor or 0) if each.is_charge_waived else 0,
        }
        for each in row.participants or alone
    ]
