"""The time zone of the reader's browser: only it knows where its clock is, so a script of ours keeps it in a cookie."""

from urllib.parse import unquote

from django.http import HttpRequest

from accounts.models.users import known_timezones

COOKIE_NAME = "timezone"


def zone_of_browser(request: HttpRequest) -> str | None:
    """The IANA zone that the cookie names; None without one, or when it names none."""
    name = unquote(request.COOKIES.get(COOKIE_NAME, ""))
    return name if name in known_timezones() else None
