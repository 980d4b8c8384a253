"""What a counselor asks of patients who cancel late."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import reader_of
from sessions_app.access import access_own_practice
from sessions_app.forms.policies import PolicyForm
from sessions_app.services.policies import policies_of, set_notice_policy
from sessions_app.views.posts import posted


@require_http_methods(["GET", "HEAD", "POST"])
def cancellation_policy(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    counselor = access_own_practice(reader)
    policies = policies_of(counselor.pk)
    form = PolicyForm(posted(request), initial=PolicyForm.initial_of(policies.coming or policies.current))
    if request.method == "POST" and form.is_valid():
        hours, percent = form.terms()
        set_notice_policy(counselor=counselor, free_until_hours=hours, late_percent=percent, actor=reader)
        messages.success(request, "Saved. What is booked already keeps what was agreed.")
        return redirect("counselor_availability")
    context = {"form": form, "policies": policies}
    status = 422 if form.errors else 200
    return render(request, "sessions_app/cancellation_policy.html", context, status=status)
