"""The time zone of the reader's browser: only it knows where its clock is, so a script of ours keeps it in a cookie."""

from urllib.parse import unquote

from django.http import HttpRequest

from core.zones import known_timezones, present_name

COOKIE_NAME = "timezone"


def zone_of_browser(request: HttpRequest) -> str | None:
    """The IANA zone that the cookie names, by its present name; None without one, or when it names none."""
    name = unquote(request.COOKIES.get(COOKIE_NAME, ""))
    return present_name(name) if name in known_timezones() else None
