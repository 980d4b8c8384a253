"""A person among those who take part, or who might."""

from django import forms


class PersonForm(forms.Form):
    patient = forms.UUIDField(widget=forms.HiddenInput)
