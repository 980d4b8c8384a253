from django.urls import path

from crisis import api

urlpatterns = [
    path("emergency/hotlines", api.Hotlines.as_view(), name="api_emergency_hotlines"),
]
