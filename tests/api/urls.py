"""The addresses of tests/api/views.py, in front of what is always there."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import include, path

from mentalspace import urls as everything
from tests.api import views


@login_not_required
def page_that_failed(request):
    return HttpResponse("<h1>Oops</h1>", status=502)


_little = [
    path("open", views.Open.as_view()),
    path("cached", views.CachedOpen.as_view()),
    path("plans", views.Plans.as_view()),
    path("other-plans", views.Plans.as_view()),
    path("plans/<uuid:plan_id>", views.Plan.as_view()),
    path("for-admins", views.ForAdmins.as_view()),
    path("written", views.Written.as_view()),
    path("unwritable", views.Unwritable.as_view()),
    path("failing", views.Failing.as_view()),
    path("small", views.SmallDoor.as_view()),
    path("html-failure", page_that_failed),
]

urlpatterns = [path("api/", include(_little)), *everything.urlpatterns]
