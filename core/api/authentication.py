"""Who is asking, for our own pages' scripts: the page's session cookie, with CSRF enforced."""

from typing import Any

from django.conf import settings
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request


class PageSessionAuthentication(SessionAuthentication):
    """Looks at the session only when its cookie came along, so that other clients cost no look-up."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        return super().authenticate(request)

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied:
            raise exceptions.PermissionDenied(
                "The CSRF token is missing or wrong. Load the page again, and send it as X-CSRFToken."
            ) from None
