"""The house's addresses, and one endpoint that does nothing but what every endpoint does."""

from django.urls import path
from rest_framework.request import Request

from accounts.permissions import Action
from core.api.answers import Answer
from core.api.views import Endpoint, operation
from mentalspace.urls import urlpatterns as house


class Nothing(Endpoint):
    @operation(Action.SESSION_SEE)
    def get(self, request: Request) -> Answer:
        """Signed in, counted, allowed, answered."""
        return Answer({})


urlpatterns = [path("api/nothing", Nothing.as_view()), *house]
