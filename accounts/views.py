"""One's own settings, as pages. Signing up and in are allauth's (accounts/adapter.py)."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import reader_of
from accounts.forms import PreferencesForm, ProfileForm
from accounts.services.profiles import PREFERENCES, change_preferences, update_profile


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    form = PreferencesForm(
        request.POST or None, initial={name: getattr(reader, name) for name in PREFERENCES}
    )
    if _saved(form, lambda: change_preferences(user=reader, values=form.cleaned_data)):
        messages.success(request, "Your preferences are saved.")
        return redirect("preferences")
    return render(request, "accounts/preferences.html", {"form": form}, status=_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    form = ProfileForm(request.POST or None, user=reader)
    if _saved(form, lambda: update_profile(user=reader, values=form.cleaned_data, actor=reader)):
        # A new phone number ends every other sign-in; this page's own goes on.
        update_session_auth_hash(request, reader)
        messages.success(request, "Your profile is saved.")
        return redirect("profile")
    return render(request, "accounts/profile.html", {"form": form}, status=_status(form))


def _saved(form: Form, save: Callable[[], object]) -> bool:
    """Whether the form was sent, was right, and the service took it; what it refuses stands at the form's fields."""
    if not form.is_valid():
        return False
    try:
        save()
    except ValidationError as error:
        by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, sentences in by_field.items():
            form.add_error(name if name in form.fields else None, sentences)
        return False
    return True


def _status(form: Form) -> int:
    return 422 if form.is_bound else 200
