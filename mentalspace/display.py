"""How the pages look to the reader: theme, size of text, zone of the clock.

People with an account have it on the account. Everybody else has a cookie, which is also what pages without a
database (the error pages) go by.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.browser_zone import zone_of_browser
from accounts.models import FontSize, Theme

COOKIE_NAME = "__Host-display" if settings.SESSION_COOKIE_SECURE else "display"
COOKIE_AGE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Display:
    theme: str = Theme.SYSTEM
    font_size: str = FontSize.MEDIUM

    @classmethod
    def of_visitor(cls, request: HttpRequest) -> "Display":
        """What the cookie says, and the defaults for whatever it does not say or says wrongly."""
        theme, _, font_size = request.COOKIES.get(COOKIE_NAME, "").partition(".")
        return cls(
            theme=theme if theme in Theme.values else Theme.SYSTEM,
            font_size=font_size if font_size in FontSize.values else FontSize.MEDIUM,
        )

    @classmethod
    def of_reader(cls, request: HttpRequest) -> "Display":
        """What the account says when somebody is signed in, else the cookie. May read the database."""
        if not request.user.is_authenticated:
            return cls.of_visitor(request)
        return cls(theme=request.user.theme, font_size=request.user.font_size)

    def changed(self, *, theme: str | None, font_size: str | None) -> "Display":
        """This display with whichever of the two is a known value; the other stays."""
        fields = asdict(self)
        if theme in Theme.values:
            fields["theme"] = theme
        if font_size in FontSize.values:
            fields["font_size"] = font_size
        return Display(**fields)

    def remember_on(self, response: HttpResponse) -> None:
        response.set_cookie(
            COOKIE_NAME,
            f"{self.theme}.{self.font_size}",
            max_age=COOKIE_AGE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def zone_of_reader(request: HttpRequest) -> tzinfo:
    """The zone in which times are shown: the account's, else the browser's, else the site's. May read the database."""
    if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
        return ZoneInfo(request.user.timezone)
    name = zone_of_browser(request)
    return ZoneInfo(name) if name else timezone.get_default_timezone()


class ReaderZoneMiddleware:
    """Pages render in the reader's zone; the API speaks UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith("/api/"):
            return self.get_response(request)
        with timezone.override(zone_of_reader(request)):
            return self.get_response(request)
