"""Which version of the API a client wants, from `Accept: application/json; version=1`."""

from django.utils.http import parse_header_parameters
from rest_framework.exceptions import NotAcceptable

CURRENT_VERSION = "1"
VERSIONS = frozenset({CURRENT_VERSION})


def version_of(accept: str) -> str:
    """The version in the Accept header, the current one when it names none. Raises NotAcceptable for another.

    Media types are not negotiated: an endpoint has one, and says so in its Content-Type.
    """
    if "version" not in accept:
        return CURRENT_VERSION
    for part in accept.split(","):
        _, parameters = parse_header_parameters(part)
        version = parameters.get("version", CURRENT_VERSION)
        if version not in VERSIONS:
            raise NotAcceptable(
                f"There is no version “{version[:20]}” of this API. "
                f"Ask for `Accept: application/json; version={CURRENT_VERSION}`, or leave the version out."
            )
    return CURRENT_VERSION
