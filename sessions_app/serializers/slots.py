"""Free times over the API."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from accounts.serializers import TimezoneField
from core.api.serializers import DaysQuery, Shape
from sessions_app.models import Mode
from sessions_app.models.types import MAX_DURATION_MINUTES
from sessions_app.serializers.common import CentreNameShape, PersonShape
from sessions_app.services.slots import Slot, Wish

MAX_DAYS = 62
DEFAULT_DAYS = 14
MAX_SLOTS = 200


class CounselorSlotsQuery(DaysQuery):
    """The values carry "wish" (Wish), "start" and "end" (instants, half open) and "timezone"."""

    max_days = MAX_DAYS
    timeless = re.compile("(?:^|&)from=")  # without it they begin today

    type = serializers.UUIDField(required=False, help_text="A session type of the counselor.")
    duration_minutes = serializers.IntegerField(
        required=False,
        min_value=10,
        max_value=MAX_DURATION_MINUTES,
        help_text="Without it: the first type's length.",
    )
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)
    centre = serializers.UUIDField(required=False)
    timezone = TimezoneField(
        required=False, help_text="The zone of `from`, `to` and of the answer. UTC without it."
    )

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        zone = ZoneInfo(values.get("timezone", "UTC"))
        first = values.get("from_day") or datetime.now(zone).date()
        last = values.get("to_day") or first + timedelta(days=DEFAULT_DAYS - 1)
        if not 0 <= (last - first).days < self.max_days:
            message = f"Ask for 1 to {self.max_days} days at once, from {first} on."
            raise serializers.ValidationError({"to": [message]})
        return {
            **values,
            "zone": zone,
            "start": _midnight(first, zone),
            "end": _midnight(last + timedelta(days=1), zone),
            "wish": Wish(
                values.get("type"),
                values.get("duration_minutes"),
                values.get("mode"),
                values.get("centre"),
                values.get("fee_max"),
            ),
        }


class EarliestSlotsQuery(CounselorSlotsQuery):
    type = None  # type: ignore[assignment]
    specialization = serializers.CharField(required=False, max_length=60)
    language = serializers.CharField(required=False, max_length=10, help_text="BCP 47, such as en or hi.")
    fee_max = serializers.IntegerField(
        required=False, min_value=0, max_value=2_000_000_000, help_text="In the currency's minor unit."
    )
    limit = serializers.IntegerField(default=20, min_value=1, max_value=MAX_SLOTS)


class SlotShape(Shape):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    duration_minutes = serializers.IntegerField()
    mode = serializers.ChoiceField(choices=Mode.choices, help_text="As asked for, else the first of `modes`.")
    modes = serializers.ListField(child=serializers.ChoiceField(choices=Mode.choices))
    type = serializers.UUIDField()
    centre = CentreNameShape()
    capacity = serializers.IntegerField(help_text="How many take part at most.")
    places_left = serializers.IntegerField(
        allow_null=True, help_text="Of a group, whose places are booked one by one; null for all others."
    )


class CounselorSlotShape(SlotShape):
    counselor = PersonShape()


def slot_answer(slot: Slot, *, zone: ZoneInfo, mode: str | None) -> dict[str, Any]:
    return {
        "start": slot.start.astimezone(zone),
        "end": slot.end.astimezone(zone),
        "duration_minutes": slot.duration_minutes,
        "mode": mode or slot.modes[0],
        "modes": slot.modes,
        "type": slot.type_id,
        "centre": {"id": slot.centre_id, "name": slot.centre_name},
        "capacity": slot.capacity,
        "places_left": slot.places_left,
    }


def counselor_slot_answer(slot: Slot, *, zone: ZoneInfo, mode: str | None) -> dict[str, Any]:
    counselor = {"id": slot.counselor_id, "display_name": slot.counselor_name}
    return {"counselor": counselor, **slot_answer(slot, zone=zone, mode=mode)}


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
