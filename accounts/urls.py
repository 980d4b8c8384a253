from django.urls import path

from accounts import views

urlpatterns = [
    path("settings/preferences", views.preferences, name="preferences"),
    path("settings/profile", views.profile, name="profile"),
]
