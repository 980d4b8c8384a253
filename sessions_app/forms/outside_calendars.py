"""An outside calendar: what it is called, and where it is."""

from django import forms

from core.outbound import MAX_ADDRESS


class OutsideCalendarForm(forms.Form):
    name = forms.CharField(max_length=60, label="Name", help_text="To tell it from others, such as “Home”.")
    address = forms.CharField(
        max_length=MAX_ADDRESS,
        label="Private address (iCal)",
        help_text="Your other calendar's settings have it, often as “secret address in iCal format”. "
        "Only when you are busy is read there, and nobody here can see the address again.",
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
