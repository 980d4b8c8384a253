"""Where each address leads. /health and /health/ready are answered before this, by core.health.HealthMiddleware."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("mentalspace.api_urls")),
]
