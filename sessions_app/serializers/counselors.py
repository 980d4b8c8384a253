"""The directory over the API."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from rest_framework import serializers

from accounts.models import CounselorProfile
from core.api.fields import DayField
from core.api.serializers import ListQuery, Shape
from sessions_app.directory import ORDERINGS, DirectoryFilter, Listed
from sessions_app.models import Mode, PaymentPolicy, SessionKind, SessionType
from sessions_app.serializers.common import CentreNameShape


class DirectoryQuery(ListQuery):
    """The values carry "wanted" (DirectoryFilter). Days are in UTC."""

    orderings = ORDERINGS

    q = serializers.CharField(required=False, max_length=100, default="", allow_blank=True)
    specialization = serializers.CharField(required=False, max_length=60, default="")
    language = serializers.CharField(
        required=False, max_length=10, default="", help_text="BCP 47, such as en."
    )
    centre = serializers.UUIDField(required=False)
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)
    fee_max = serializers.IntegerField(
        required=False, min_value=0, max_value=2_000_000_000, help_text="In the currency's minor unit."
    )
    available_from = DayField(required=False)
    available_to = DayField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        first, last = values.get("available_from"), values.get("available_to")
        if first and last and last < first:
            raise serializers.ValidationError(
                {"available_to": [f"This day is before “available_from” ({first})."]}
            )
        wanted = DirectoryFilter(
            q=values["q"],
            specialization=values["specialization"],
            language=values["language"],
            centre_id=values.get("centre"),
            mode=values.get("mode"),
            fee_max_minor=values.get("fee_max"),
            free_from=datetime.combine(first, time(), UTC) if first else None,
            free_until=datetime.combine(last, time(), UTC) + timedelta(days=1) if last else None,
        )
        return {"page": values["page"], "wanted": wanted}


class SessionTypeShape(Shape):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=SessionKind.choices)
    duration_minutes = serializers.IntegerField()
    modes = serializers.ListField(child=serializers.ChoiceField(choices=Mode.choices))
    fee_minor = serializers.IntegerField()
    currency = serializers.CharField()
    payment_policy = serializers.ChoiceField(choices=PaymentPolicy.choices)
    capacity = serializers.IntegerField(help_text="How many take part at most.")


class CounselorShape(Shape):
    id = serializers.UUIDField()
    display_name = serializers.CharField()
    title = serializers.CharField()
    specializations = serializers.ListField(child=serializers.CharField())
    languages = serializers.ListField(child=serializers.CharField())
    years_of_experience = serializers.IntegerField()
    primary_centre = CentreNameShape()
    rating_average = serializers.FloatField(allow_null=True)
    rating_count = serializers.IntegerField()
    session_types = SessionTypeShape(many=True)
    next_free_at = serializers.DateTimeField(allow_null=True, help_text="Within 60 days, for what was asked.")


class CounselorDetailShape(CounselorShape):
    bio = serializers.CharField()
    qualifications = serializers.ListField(child=serializers.CharField())


def counselor_answer(listed: Listed) -> dict[str, Any]:
    counselor = listed.counselor
    return {
        "id": counselor.pk,
        "display_name": counselor.user.full_name,
        "title": counselor.title,
        "specializations": counselor.specializations,
        "languages": counselor.languages,
        "years_of_experience": counselor.years_of_experience,
        "primary_centre": {"id": counselor.primary_centre_id, "name": counselor.primary_centre.name},
        "rating_average": float(counselor.rating_average) if counselor.rating_average is not None else None,
        "rating_count": counselor.rating_count,
        "session_types": [session_type_answer(offered) for offered in listed.types],
        "next_free_at": listed.next_slot.start if listed.next_slot else None,
    }


def counselor_detail_answer(listed: Listed) -> dict[str, Any]:
    profile: CounselorProfile = listed.counselor
    return {**counselor_answer(listed), "bio": profile.bio, "qualifications": profile.qualifications}


def session_type_answer(offered: SessionType) -> dict[str, Any]:
    return {
        "id": offered.pk,
        "name": offered.name,
        "kind": offered.kind,
        "duration_minutes": offered.duration_minutes,
        "modes": offered.modes,
        "fee_minor": offered.fee_minor,
        "currency": offered.currency,
        "payment_policy": offered.payment_policy,
        "capacity": offered.capacity,
    }
