"""Sessions and holds over the API."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

from rest_framework import serializers

from core.api.fields import InstantField
from core.api.serializers import Body, DaysQuery, ListQuery, Shape
from sessions_app.models import Mode, PaymentPolicy, SessionKind, SessionStatus, SlotHold
from sessions_app.models.sessions import MAX_NOTE, MAX_REASON, MAX_WHY
from sessions_app.models.types import MAX_DURATION_MINUTES
from sessions_app.serializers.common import CentreNameShape, PersonShape, RoomNameShape
from sessions_app.services.reservations import Choice
from sessions_app.session_rows import POSSIBLE_ACTIONS, SessionRow


class TimeChoiceBody(Body):
    """A counselor's time. The values carry "choice" (Choice), "patient" (id or None)."""

    counselor = serializers.UUIDField()
    type = serializers.UUIDField(required=False, help_text="A session type of the counselor.")
    start = InstantField()
    duration_minutes = serializers.IntegerField(required=False, min_value=10, max_value=MAX_DURATION_MINUTES)
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)
    centre = serializers.UUIDField(required=False)
    patient = serializers.UUIDField(
        required=False, help_text="For staff and counselors: whom the time is for."
    )

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        return {**values, "choice": _choice(values), "patient": values.get("patient")}


class OverbookBody(Body):
    """What booking and moving share: the flag and the reason, both or neither. The values carry "overbook_reason"."""

    overbook = serializers.BooleanField(
        required=False,
        help_text="Staff only: book over what the counselor has or offers. Never over the patient or the room.",
    )
    reason = serializers.CharField(
        required=False,
        max_length=MAX_WHY,
        help_text="Why it is overbooked, for the audit trail; nothing about health.",
    )


def overbook_reason(values: dict[str, Any]) -> str:
    """ "" without the flag. Raises ValidationError when one of the two is missing."""
    is_over, reason = values.get("overbook", False), values.get("reason", "")
    if is_over and not reason:
        raise serializers.ValidationError({"reason": ["Say why it is overbooked."]})
    if reason and not is_over:
        raise serializers.ValidationError({"reason": ["A reason is given for overbooking only."]})
    return str(reason)


class BookBody(TimeChoiceBody, OverbookBody):
    """Either `hold`, or a counselor's time. The values carry "hold" (id or None) and "choice" (Choice or None)."""

    hold = serializers.UUIDField(
        required=False, help_text="Book the time of this hold; then no other field but note."
    )
    counselor = serializers.UUIDField(required=False)
    start = InstantField(required=False)
    note = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_NOTE,
        help_text="For the counselor; kept encrypted and in no list.",
    )

    def to_internal_value(self, data: Any) -> Any:
        values = Body.to_internal_value(self, data)
        others = {**TimeChoiceBody._declared_fields, **OverbookBody._declared_fields}
        times = [name for name in others if name in values]
        if "hold" in values:
            if times:
                message = "The hold says this already. Send the hold, or the time without a hold."
                raise serializers.ValidationError({name: [message] for name in times})
            return {**values, "choice": None, "patient": None, "overbook_reason": ""}
        missing = {
            name: ["Send this, or the hold that you book."]
            for name in ("counselor", "start")
            if name not in values
        }
        if missing:
            raise serializers.ValidationError(missing)
        return {
            **values,
            "hold": None,
            "choice": _choice(values),
            "patient": values.get("patient"),
            "overbook_reason": overbook_reason(values),
        }


class CancelBody(Body):
    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_REASON, trim_whitespace=True
    )
    charge_minor = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=2_147_483_647,
        help_text="What you were shown that it costs: refused when it costs more by now.",
    )


class SessionsQuery(ListQuery, DaysQuery):
    """`from` and `to` are days in UTC by which sessions start; the values carry "filters" for the queryset."""

    timeless = re.compile("")
    max_days = 3660
    orderings = {
        "-start": ("-start", "-id"),
        "start": ("start", "id"),
        "-created_at": ("-created_at", "-id"),
        "created_at": ("created_at", "id"),
    }

    status = serializers.ChoiceField(choices=SessionStatus.choices, required=False)
    counselor = serializers.UUIDField(required=False)
    patient = serializers.UUIDField(required=False)
    centre = serializers.UUIDField(required=False)
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        filters = {name: values[name] for name in ("status", "counselor", "centre", "mode") if name in values}
        if "patient" in values:
            filters["participants__patient"] = values["patient"]
        if "from_day" in values:
            filters["start__gte"] = datetime.combine(values["from_day"], time(), UTC)
        if "to_day" in values:
            filters["start__lt"] = datetime.combine(values["to_day"], time(), UTC) + timedelta(days=1)
        return {"page": values["page"], "filters": filters}


class CancellationShape(Shape):
    by = serializers.UUIDField(allow_null=True)
    at = serializers.DateTimeField()
    charge_minor = serializers.IntegerField(help_text="What the patient owes for it.")
    waived_minor = serializers.IntegerField(help_text="What was charged and then waived.")
    policy_version = serializers.IntegerField(
        allow_null=True, help_text="The version of the counselor's policy that the charge follows from."
    )


class SessionShape(Shape):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=SessionStatus.choices)
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    duration_minutes = serializers.IntegerField()
    mode = serializers.ChoiceField(choices=Mode.choices)
    kind = serializers.ChoiceField(choices=SessionKind.choices)
    type_name = serializers.CharField()
    counselor = PersonShape()
    patient = PersonShape(allow_null=True, help_text="An anonymous patient is their alias to a counselor.")
    capacity = serializers.IntegerField(help_text="How many take part at most.")
    patients = PersonShape(many=True, help_text="Who takes part. Patients read themselves alone.")
    centre = CentreNameShape()
    room = RoomNameShape(allow_null=True, help_text="In person, at a centre that has rooms.")
    overbooked = serializers.BooleanField(
        allow_null=True, help_text="Whether it takes none of the counselor's time; null to patients."
    )
    fee_minor = serializers.IntegerField()
    currency = serializers.CharField()
    payment_policy = serializers.ChoiceField(choices=PaymentPolicy.choices)
    created_at = serializers.DateTimeField()
    cancellation = CancellationShape(allow_null=True)
    can = serializers.ListField(
        child=serializers.ChoiceField(choices=list(POSSIBLE_ACTIONS)),
        help_text="What the reader may do to it now.",
    )


class HoldShape(Shape):
    id = serializers.UUIDField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    renewals_left = serializers.IntegerField()
    counselor = serializers.UUIDField()
    patient = serializers.UUIDField()
    type = serializers.UUIDField()
    mode = serializers.ChoiceField(choices=Mode.choices)
    centre = serializers.UUIDField()


def session_answer(row: SessionRow) -> dict[str, Any]:
    patient = row.patient
    return {
        "id": row.id,
        "status": row.status,
        "start": row.start,
        "end": row.end,
        "duration_minutes": row.duration_minutes,
        "mode": row.mode,
        "kind": row.kind,
        "type_name": row.type_name,
        "counselor": {"id": row.counselor_id, "display_name": row.counselor_name},
        "patient": {"id": patient.id, "display_name": patient.display_name} if patient else None,
        "capacity": row.capacity,
        "patients": [{"id": each.id, "display_name": each.display_name} for each in row.patients],
        "centre": {"id": row.centre_id, "name": row.centre_name},
        "room": {"id": row.room_id, "name": row.room_name} if row.room_id else None,
        "overbooked": row.overbooked,
        "fee_minor": row.fee_minor,
        "currency": row.currency,
        "payment_policy": row.payment_policy,
        "created_at": row.created_at,
        "cancellation": _cancellation(row),
        "can": row.can,
    }


def hold_answer(hold: SlotHold) -> dict[str, Any]:
    return {
        "id": hold.pk,
        "start": hold.entry.start,
        "end": hold.entry.end,
        "expires_at": hold.entry.expires_at,
        "renewals_left": hold.renewals_left,
        "counselor": hold.counselor_id,
        "patient": hold.patient_id,
        "type": hold.session_type_id,
        "mode": hold.mode,
        "centre": hold.centre_id,
    }


def _cancellation(row: SessionRow) -> dict[str, Any] | None:
    if row.cancelled_at is None:
        return None
    charge = row.charge
    return {
        "by": row.cancelled_by_id,
        "at": row.cancelled_at,
        "charge_minor": charge.owed_minor if charge else 0,
        "waived_minor": charge.amount_minor if charge and charge.is_waived else 0,
        "policy_version": charge.policy_version if charge else None,
    }


def _choice(values: dict[str, Any]) -> Choice:
    return Choice(
        counselor_id=values["counselor"],
        start=values["start"],
        mode=values.get("mode"),
        type_id=values.get("type"),
        duration_minutes=values.get("duration_minutes"),
        centre_id=values.get("centre"),
    )
