"""Where each address leads. /health and /health/ready are answered before this, by core.health.HealthMiddleware."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from mentalspace import views

urlpatterns = [
    path("", views.home, name="home"),
    path("privacy", views.privacy, name="privacy"),
    path("terms", views.terms, name="terms"),
    path("dashboard", views.dashboard, name="dashboard"),
    path("display", views.display_settings, name="display_settings"),
    path("accounts/", include("allauth.urls")),
    path("", include("accounts.urls")),
    path("", include("sessions_app.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("mentalspace.api_urls")),
    path("", include("crisis.urls")),
    path("", include("notifications.urls")),
]

if settings.DEBUG:
    urlpatterns += [path("dev/components", views.components, name="dev_components")]

handler400 = "mentalspace.views.bad_request"
handler403 = "mentalspace.views.permission_denied"
handler404 = "mentalspace.views.page_not_found"
handler500 = "mentalspace.views.server_error"
