"""A counselor's notice policy."""

from typing import Any

from django import forms

from sessions_app.models import NoticePolicy
from sessions_app.models.policies import MAX_NOTICE_HOURS


class PolicyForm(forms.Form):
    """Free always, or until some hours before; then hours and share are needed."""

    FREE, NOTICE = "free", "notice"

    kind = forms.ChoiceField(
        choices=[(FREE, "Cancelling is always free"), (NOTICE, "Cancelling late costs a part of the fee")],
        widget=forms.RadioSelect,
        label="When a patient cancels",
    )
    free_until_hours = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_NOTICE_HOURS,
        label="Free until so many hours before the start",
        help_text="Such as 24 or 48.",
    )
    late_percent = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=100,
        label="After that, percent of the fee",
        help_text="From 1 to 100. Fractions of the smallest coin are left out.",
    )

    @classmethod
    def initial_of(cls, policy: NoticePolicy | None) -> dict[str, Any]:
        if policy is None or not policy.late_percent:
            return {"kind": cls.FREE}
        return {
            "kind": cls.NOTICE,
            "free_until_hours": policy.free_until_hours,
            "late_percent": policy.late_percent,
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("kind") == self.NOTICE:
            for name in ("free_until_hours", "late_percent"):
                if name not in self.errors and values.get(name) is None:
                    self.add_error(name, "Write a number, or choose that cancelling is always free.")
        return values

    def terms(self) -> tuple[int, int]:
        """Hours and percent, of a valid form."""
        if self.cleaned_data["kind"] == self.FREE:
            return 0, 0
        return self.cleaned_data["free_until_hours"], self.cleaned_data["late_percent"]
