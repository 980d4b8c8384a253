"""Checking in over the API."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import Body, Query, Shape
from sessions_app.serializers.common import PersonShape
from sessions_app.services.check_in import Arrival
from sessions_app.session_rows import SessionRow


class CheckInBody(Body):
    patient = serializers.UUIDField(
        required=False, help_text="One of those who take part; without it, all of them."
    )


class CheckInQuery(Query):
    patient = serializers.UUIDField(
        required=False, help_text="One of those who take part; without it, all of them."
    )


class ArrivalShape(Shape):
    patient = PersonShape()
    arrived_at = serializers.DateTimeField(allow_null=True, help_text="Null: not there yet.")


def arrivals_answer(row: SessionRow, arrivals: list[Arrival]) -> list[dict[str, Any]]:
    """By the names that the reader of `row` may know."""
    names = {person.id: person.display_name for person in row.patients}
    return [
        {
            "patient": {"id": one.patient_id, "display_name": names[one.patient_id]},
            "arrived_at": one.arrived_at,
        }
        for one in arrivals
        if one.patient_id in names
    ]
