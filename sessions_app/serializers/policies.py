"""What cancelling costs, and what follows from it."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import Body, Shape
from sessions_app.models import NoticePolicy
from sessions_app.models.policies import MAX_NOTICE_HOURS
from sessions_app.models.sessions import MAX_WHY
from sessions_app.services.policies import CancellationCost, PolicyInForce


class PolicyBody(Body):
    free_until_hours = serializers.IntegerField(
        min_value=0, max_value=MAX_NOTICE_HOURS, help_text="Before the start; until then it is free."
    )
    late_percent = serializers.IntegerField(
        min_value=0, max_value=100, help_text="Of the fee, afterwards; 0: cancelling is always free."
    )


class WaiveBody(Body):
    patient = serializers.UUIDField(
        required=False, help_text="Whose charge, where several who took part owe one."
    )
    reason = serializers.CharField(max_length=MAX_WHY, help_text="For the audit trail; nothing about health.")


class PolicyShape(Shape):
    version = serializers.IntegerField()
    free_until_hours = serializers.IntegerField()
    late_percent = serializers.IntegerField()
    in_force_from = serializers.DateTimeField(help_text="For what is booked from then on.")


class PoliciesShape(Shape):
    current = PolicyShape(allow_null=True, help_text="Null: cancelling is free.")
    next = PolicyShape(allow_null=True, help_text="Set, and in force soon.")


class CancellationCostShape(Shape):
    charge_minor = serializers.IntegerField(
        help_text="In the currency's minor unit, rounded down. Counselors and staff cancel without a charge."
    )
    currency = serializers.CharField()
    free_until = serializers.DateTimeField(
        allow_null=True, help_text="The last instant at which the patient cancels free; null: at any time."
    )
    late_charge_minor = serializers.IntegerField(help_text="What it costs the patient after that.")
    policy = PolicyShape(allow_null=True, help_text="The version that the session was booked under.")


def policies_answer(policies: PolicyInForce) -> dict[str, Any]:
    return {"current": policy_answer(policies.current), "next": policy_answer(policies.coming)}


def policy_answer(policy: NoticePolicy | None) -> dict[str, Any] | None:
    if policy is None:
        return None
    return {
        "version": policy.version,
        "free_until_hours": policy.free_until_hours,
        "late_percent": policy.late_percent,
        "in_force_from": policy.in_force_from,
    }


def cost_answer(cost: CancellationCost) -> dict[str, Any]:
    return {
        "charge_minor": cost.charge_minor,
        "currency": cost.currency,
        "free_until": cost.free_until,
        "late_charge_minor": cost.late_charge_minor,
        "policy": policy_answer(cost.policy),
    }
