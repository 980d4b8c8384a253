"""The help lines over HTTP: the same data as the help page, for other front ends."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.request import Request

from accounts.permissions import Action
from core.api.answers import Answer
from core.api.views import Endpoint, operation
from crisis import hotlines
from crisis.serializers import HotlinesQuery, HotlinesShape
from crisis.views import CACHE_CONTROL


class Hotlines(Endpoint):
    cache_control = CACHE_CONTROL

    @operation(Action.DIRECTORY_READ, query=HotlinesQuery, answer=HotlinesShape)
    def get(self, request: Request, query: dict[str, Any]) -> Answer:
        """Emergency numbers and help lines of a country.

        Needs neither sign-in nor database, and may be kept by a client for the day it has no network. A country
        without data is not an error: `country` is null, and `international` leads on.
        """
        accept_language = request.headers.get("Accept-Language", "")
        country = hotlines.find_country(chosen=query["country"], accept_language=accept_language)
        is_guess = country is not None and not query["country"]
        return Answer(_directory_answer(country, is_guess), headers={"Vary": "Accept-Language"})

    def _authenticate_and_count(self, request: Request) -> AnonymousUser:
        """Nobody is asked who they are, and nobody is turned away for asking often."""
        return AnonymousUser()


def _directory_answer(country: hotlines.Country | None, is_guess: bool) -> dict[str, Any]:
    known = hotlines.directory()
    return {
        "compiled_on": known.compiled_on,
        "is_guess": is_guess,
        "country": _country_answer(country) if country else None,
        "international": [
            {"name": each.name, "url": each.url, "what": each.what} for each in known.international
        ],
        "countries": [{"code": each.code, "name": each.name} for each in known.countries.values()],
    }


def _country_answer(country: hotlines.Country) -> dict[str, Any]:
    return {
        "code": country.code,
        "name": country.name,
        "emergency": _phone_answer(country.emergency),
        "other_emergency": [_phone_answer(phone) for phone in country.other_emergency],
        "note": country.reader_note,
        "lines": [_line_answer(line) for line in country.lines],
    }


def _line_answer(line: hotlines.HelpLine) -> dict[str, Any]:
    text, whatsapp = line.text, line.whatsapp
    return {
        "name": line.name,
        "phones": [_phone_answer(phone) for phone in line.phones],
        "dial_note": line.dial_note,
        "text": {"number": text.number, "keyword": text.keyword, "href": text.href} if text else None,
        "whatsapp": {"number": whatsapp.number, "href": whatsapp.href} if whatsapp else None,
        "chat_url": line.chat_url,
        "website": line.website,
        "hours": line.hours,
        "is_always_open": line.is_always_open,
        "languages": list(line.languages),
        "audience": line.audience,
        "note": line.reader_note,
        "source": {"text": line.source.text, "url": line.source.url},
        "confirmed_by": line.confirmed_by,
    }


def _phone_answer(phone: hotlines.PhoneNumber) -> dict[str, str]:
    return {"number": phone.number, "purpose": phone.purpose, "href": phone.href}
