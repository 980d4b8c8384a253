"""The waitlist over the API."""

from datetime import datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.utils import timezone
from rest_framework import serializers

from accounts.serializers import TimezoneField
from core.api.fields import DayField
from core.api.serializers import Body, ListQuery, Shape
from sessions_app.models import Mode, Priority, WaitlistStatus, Weekday
from sessions_app.models.types import MAX_DURATION_MINUTES
from sessions_app.serializers.common import CentreNameShape, PersonShape
from sessions_app.services.waitlist import Wanted
from sessions_app.waiting import OfferRow, WaitingRow

USUAL_WAIT = timedelta(days=60)
EITHER = "Name a counselor, or say what you look for, not both."


class JoinBody(Body):
    """Whom somebody waits for, and when. The values carry "wanted" (Wanted) and "patient" (id or None)."""

    counselor = serializers.UUIDField(required=False, help_text="Without it: anybody who fits the rest.")
    type = serializers.UUIDField(required=False, help_text="A session type of the counselor.")
    specialization = serializers.CharField(required=False, max_length=60, default="", allow_blank=True)
    language = serializers.CharField(
        required=False, max_length=10, default="", help_text="BCP 47, such as en."
    )
    centre = serializers.UUIDField(required=False)
    mode = serializers.ChoiceField(choices=Mode.choices, required=False, default="")
    fee_max = serializers.IntegerField(
        required=False, min_value=0, max_value=2_000_000_000, help_text="In the currency's minor unit."
    )
    duration_minutes = serializers.IntegerField(required=False, min_value=10, max_value=MAX_DURATION_MINUTES)
    timezone = TimezoneField(help_text="On whose wall the days and hours are.")
    first_day = DayField(required=False, help_text="Today without it.")
    last_day = DayField(
        required=False, help_text="The wait ends with it; 60 days after the first without it."
    )
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        required=False,
        max_length=7,
        help_text="0 is Monday; every day without it.",
    )
    earliest = serializers.TimeField(
        format="%H:%M", input_formats=["%H:%M"], default=time(0), help_text="HH:MM on the wall."
    )
    latest = serializers.TimeField(
        format="%H:%M",
        input_formats=["%H:%M"],
        default=time(0),
        help_text="HH:MM on the wall by which the session is over; 00:00 is midnight at the day's end.",
    )
    patient = serializers.UUIDField(required=False, help_text="For staff and counselors: who waits.")

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        if "counselor" in values and (values["specialization"] or values["language"]):
            raise serializers.ValidationError({"counselor": [EITHER]})
        first = values.get("first_day") or datetime.now(ZoneInfo(values["timezone"])).date()
        wanted = Wanted(
            timezone=values["timezone"],
            first_day=first,
            last_day=values.get("last_day") or first + USUAL_WAIT,
            weekdays=[int(day) for day in values.get("weekdays", Weekday.values)],
            earliest=values["earliest"],
            latest=values["latest"],
            counselor_id=values.get("counselor"),
            session_type_id=values.get("type"),
            specialization=values["specialization"],
            language=values["language"],
            centre_id=values.get("centre"),
            mode=values["mode"],
            fee_max_minor=values.get("fee_max"),
            duration_minutes=values.get("duration_minutes"),
        )
        return {"wanted": wanted, "patient": values.get("patient")}


class PriorityBody(Body):
    priority = serializers.ChoiceField(choices=Priority.choices, help_text="0 in turn, 1 soon, 2 first.")


class WaitlistQuery(ListQuery):
    """The values carry "filters" for the queryset."""

    orderings: ClassVar[dict[str, tuple[str, ...]]] = {
        "turn": ("-priority", "waiting_since", "id"),
        "-waiting_since": ("-waiting_since", "-id"),
        "waiting_since": ("waiting_since", "id"),
    }

    status = serializers.ChoiceField(choices=WaitlistStatus.choices, default=WaitlistStatus.WAITING)
    counselor = serializers.UUIDField(required=False)
    patient = serializers.UUIDField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        filters = {name: values[name] for name in ("status", "counselor", "patient") if name in values}
        if filters["status"] == WaitlistStatus.WAITING:
            filters["expires_at__gt"] = timezone.now()
        return {"page": values["page"], "filters": filters}


class OfferShape(Shape):
    id = serializers.UUIDField(
        help_text="Accept it as a hold: POST /sessions. Decline: DELETE /sessions/holds."
    )
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    counselor = PersonShape()
    mode = serializers.ChoiceField(choices=Mode.choices)
    centre = CentreNameShape()


class WaitingShape(Shape):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=WaitlistStatus.choices)
    patient = PersonShape(help_text="An anonymous patient is their alias to a counselor.")
    counselor = PersonShape(allow_null=True)
    type = serializers.UUIDField(allow_null=True)
    specialization = serializers.CharField()
    language = serializers.CharField()
    centre = CentreNameShape(allow_null=True)
    mode = serializers.ChoiceField(choices=[*Mode.choices, ""])
    fee_max = serializers.IntegerField(allow_null=True)
    duration_minutes = serializers.IntegerField(allow_null=True)
    timezone = serializers.CharField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    weekdays = serializers.ListField(child=serializers.IntegerField())
    earliest = serializers.CharField()
    latest = serializers.CharField()
    priority = serializers.ChoiceField(choices=Priority.choices)
    waiting_since = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    offer = OfferShape(allow_null=True, help_text="A time that is kept for them now.")
    can = serializers.ListField(child=serializers.ChoiceField(choices=["leave", "prioritise"]))


def waiting_answer(row: WaitingRow) -> dict[str, Any]:
    entry = row.entry
    centre = entry.centre
    return {
        "id": entry.pk,
        "status": entry.status,
        "patient": {"id": row.patient.id, "display_name": row.patient.display_name},
        "counselor": (
            {"id": row.counselor.id, "display_name": row.counselor.display_name} if row.counselor else None
        ),
        "type": entry.session_type_id,
        "specialization": entry.specialization,
        "language": entry.language,
        "centre": {"id": centre.pk, "name": centre.name} if centre is not None else None,
        "mode": entry.mode,
        "fee_max": entry.fee_max_minor,
        "duration_minutes": entry.duration_minutes,
        "timezone": entry.timezone,
        "first_day": entry.first_day,
        "last_day": entry.last_day,
        "weekdays": entry.weekdays,
        "earliest": entry.earliest.strftime("%H:%M"),
        "latest": entry.latest.strftime("%H:%M"),
        "priority": entry.priority,
        "waiting_since": entry.waiting_since,
        "expires_at": entry.expires_at,
        "offer": _offer_answer(row.offer) if row.offer else None,
        "can": row.can,
    }


def _offer_answer(offer: OfferRow) -> dict[str, Any]:
    return {
        "id": offer.id,
        "start": offer.start,
        "end": offer.end,
        "expires_at": offer.expires_at,
        "counselor": {"id": offer.counselor.id, "display_name": offer.counselor.display_name},
        "mode": offer.mode,
        "centre": {"id": offer.centre.id, "name": offer.centre.display_name},
    }
