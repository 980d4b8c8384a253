"""The addresses under /api, one list of each app's."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from core.api import docs
from core.api.views import UnknownAddress

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema", docs.schema, name="api_schema"),
    path("docs", docs.reference, name="api_docs"),
    path("", include("accounts.api_urls")),
    path("", include("sessions_app.api_urls")),
    path("", include("crisis.api_urls")),
    # Last: whatever no app has answered.
    re_path("", UnknownAddress.as_view()),
]
