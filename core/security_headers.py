"""Headers that every response carries, errors of other middleware included."""

from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase, ResponseHeaders

PreparedHeaders = Mapping[str, tuple[str, str]]

# The page of a video session will ask for camera and microphone by a header of its own.
DENIED_FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
    "xr-spatial-tracking",
)
HEADERS = {
    # Nearly everything is somebody's. What may be kept says so itself, as static files do.
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in DENIED_FEATURES),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
# For what is answered before the policy of pages is reached, such as a request for somebody else's host.
FALLBACK_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


class SecurityHeadersMiddleware:
    """Adds what is missing; a view that sets one of these headers itself is left alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        set_missing(response, _HEADERS)
        if not settings.DEBUG:  # Django's own pages about an error have inline styles
            set_missing(response, _FALLBACK)
        return response


def prepared(headers: Mapping[str, str]) -> PreparedHeaders:
    """Headers as Django's responses keep them, checked and encoded once."""
    return ResponseHeaders(headers)._store


def set_missing(response: HttpResponseBase, headers: PreparedHeaders) -> None:
    """`response.setdefault` of each of them, without its checks of what is the same each time."""
    response.headers._store = {**headers, **response.headers._store}


_HEADERS = prepared(HEADERS)
_FALLBACK = prepared({"Content-Security-Policy": FALLBACK_POLICY})
