"""What a counselor offers."""

from decimal import Decimal
from typing import Any

from django import forms

from core.money import CURRENCY_NAMES, to_major, to_minor
from sessions_app.models import Mode, PaymentPolicy, SessionKind, SessionType
from sessions_app.models.types import MAX_CAPACITY, USUAL_CAPACITY

HIGHEST_FEE = 2_000_000
"""In major units: what the column holds in a currency with hundredths."""


class SessionTypeForm(forms.ModelForm):
    """The fee is typed as people say it, 40.50 and not 4050."""

    modes = forms.MultipleChoiceField(
        choices=Mode.choices, widget=forms.CheckboxSelectMultiple, label="Ways to meet"
    )
    fee = forms.DecimalField(
        required=False,
        min_value=0,
        max_value=HIGHEST_FEE,
        max_digits=10,
        label="Fee",
        help_text="Such as 40 or 40.50. Leave it empty for a free session.",
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    currency = forms.ChoiceField(label="Currency")
    capacity = forms.IntegerField(
        required=False,
        min_value=2,
        max_value=MAX_CAPACITY,
        label="Places in a group",
        help_text=f"For a group: how many people can take part, {USUAL_CAPACITY[SessionKind.GROUP]} when left empty. "
        "The fee is each one’s.",
    )

    class Meta:
        model = SessionType
        fields = (
            "name",
            "kind",
            "duration_minutes",
            "modes",
            "payment_policy",
            "fee",
            "currency",
            "buffer_before_minutes",
            "buffer_after_minutes",
            "capacity",
            "is_active",
        )
        labels = {
            "duration_minutes": "Length in minutes",
            "payment_policy": "Payment",
            "buffer_before_minutes": "Minutes kept free before",
            "buffer_after_minutes": "Minutes kept free after",
            "is_active": "People can book this now",
        }
        help_texts = {"name": "What people read, such as “First session”."}
        widgets = {"payment_policy": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: SessionType = self.instance
        known = CURRENCY_NAMES | {offered.currency: CURRENCY_NAMES.get(offered.currency, offered.currency)}
        currency = self.fields["currency"]
        assert isinstance(currency, forms.ChoiceField)  # noqa: S101 - declared above
        currency.choices = [(code, f"{code} – {name}") for code, name in sorted(known.items())]
        if offered.kind != SessionKind.GROUP:
            self.initial["capacity"] = None
        if offered.fee_minor:
            self.initial["fee"] = to_major(offered.fee_minor, offered.currency)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        kind = values.get("kind", "")
        if kind != SessionKind.GROUP or not values.get("capacity"):
            values["capacity"] = USUAL_CAPACITY.get(kind, 1)
        if not {"fee", "currency", "payment_policy"} & self.errors.keys():
            is_free = values["payment_policy"] == PaymentPolicy.FREE
            self._take_fee(values["fee"] or Decimal(0), values["currency"], is_free=is_free)
        return values

    def _take_fee(self, fee: Decimal, currency: str, *, is_free: bool) -> None:
        if is_free and fee:
            self.add_error("fee", "A free session has no fee. Leave it empty, or choose how it is paid.")
            return
        if not is_free and not fee:
            self.add_error("fee", "Write what it costs, or choose “Free” above.")
            return
        try:
            self.instance.fee_minor = to_minor(fee, currency)
        except ValueError:
            self.add_error(
                "fee", f"{currency} has no amounts as small as that. Write fewer digits after the point."
            )
