from django.urls import re_path

from crisis import views

urlpatterns = [
    re_path(r"^help-now/?$", views.help_now, name="help_now"),
]
