"""The help lines: a data file read once into frozen objects. No table, no Redis, nothing that can be away.

`crisis/data/hotlines.json` is made by `manage.py rebuild_hotlines` (docs/crisis.md). Phone, text and WhatsApp
numbers are as dialled inside their country.
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.utils.translation.trans_real import parse_accept_lang_header

from core.language_names import LANGUAGE_NAMES

DATA_FILE = Path(__file__).parent / "data" / "hotlines.json"

DIALLED_CHARACTERS = frozenset("0123456789*#")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number was read. `url` is empty when the source has no address."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    number: str
    purpose: str = ""

    @property
    def href(self) -> str:
        return f"tel:{dialled(self.number)}"


@dataclass(frozen=True, slots=True)
class TextNumber:
    """A number for text messages; with a keyword, the message has to begin with it."""

    number: str
    keyword: str

    @property
    def href(self) -> str:
        body = f"?body={quote(self.keyword)}" if self.keyword else ""
        return f"sms:{dialled(self.number)}{body}"


@dataclass(frozen=True, slots=True)
class WhatsAppNumber:
    number: str
    international: str

    @property
    def href(self) -> str:
        return f"https://wa.me/{self.international}"


@dataclass(frozen=True, slots=True)
class HelpLine:
    """`hours` is in the country's own time and empty when not stated. `audience` is empty for everyone."""

    name: str
    phones: tuple[PhoneNumber, ...]
    dial_note: str
    text: TextNumber | None
    whatsapp: WhatsAppNumber | None
    chat_url: str
    website: str
    hours: str
    languages: tuple[str, ...]
    audience: str
    reader_note: str
    source: Source
    confirmed_by: int
    is_official_source: bool

    @property
    def is_always_open(self) -> bool:
        return self.hours == "24/7"

    @property
    def hours_in_words(self) -> str:
        return self.hours.replace("24/7", "Day and night", 1)

    @property
    def language_names(self) -> list[str]:
        return [LANGUAGE_NAMES[code] for code in self.languages]


@dataclass(frozen=True, slots=True)
class Country:
    code: str
    name: str
    emergency: PhoneNumber
    emergency_source: Source
    other_emergency: tuple[PhoneNumber, ...]
    reader_note: str
    lines: tuple[HelpLine, ...]


@dataclass(frozen=True, slots=True)
class InternationalHelp:
    name: str
    url: str
    what: str


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything that is known: `countries` by ISO 3166 code, in the order of their names."""

    compiled_on: date
    countries: dict[str, Country]
    international: tuple[InternationalHelp, ...]


@lru_cache(maxsize=1)
def directory() -> Directory:
    """The whole data file. Raises when the file is missing or malformed; a system check says so at start."""
    raw = json.loads(DATA_FILE.read_text(encoding="utf-8"))
    countries = sorted((_country(item) for item in raw["countries"]), key=lambda country: country.name)
    return Directory(
        compiled_on=date.fromisoformat(raw["compiled"]),
        countries={country.code: country for country in countries},
        international=tuple(
            InternationalHelp(name=item["name"], url=item["url"], what=item["what"])
            for item in raw["international"]
        ),
    )


def find_country(*, chosen: str, accept_language: str) -> Country | None:
    """The country to show: the chosen one, else the one that the browser's first regional language names.

    None means the international view: nothing chosen and nothing to guess from, or a country without data.
    A choice that we have no data for is never replaced by a guess: the wrong emergency number is worse than none.
    """
    code = chosen.strip().upper() or region_of(accept_language)
    return directory().countries.get(code)


def region_of(accept_language: str) -> str:
    """The region of the first language that has one ("de, pt-BR;q=0.9" gives "BR"), or ""."""
    for tag, _quality in parse_accept_lang_header(accept_language):
        for subtag in tag.split("-")[1:]:
            if len(subtag) == 2 and subtag.isalpha():
                return subtag.upper()
    return ""


def dialled(number: str) -> str:
    """What a telephone dials for a written number: digits, star and hash, and a leading plus (RFC 3966)."""
    plus = "+" if number.startswith("+") else ""
    return plus + quote(
        "".join(character for character in number if character in DIALLED_CHARACTERS), safe="*"
    )


def _country(item: dict[str, Any]) -> Country:
    return Country(
        code=item["code"],
        name=item["name"],
        emergency=PhoneNumber(item["emergency"]),
        emergency_source=_source(item["emergency_source"]),
        other_emergency=tuple(
            PhoneNumber(other["number"], other["for"]) for other in item.get("emergency_alt", [])
        ),
        reader_note=item.get("reader_note", ""),
        lines=tuple(_line(line) for line in item["lines"]),
    )


def _line(item: dict[str, Any]) -> HelpLine:
    main = [PhoneNumber(item["phone"])] if "phone" in item else []
    others = [PhoneNumber(other["number"], other.get("for", "")) for other in item.get("phone_alt", [])]
    audience = item["audience"]
    return HelpLine(
        name=item["name"],
        phones=(*main, *others),
        dial_note=item.get("dial_note", ""),
        text=TextNumber(item["text"]["number"], item["text"]["keyword"] or "") if "text" in item else None,
        whatsapp=WhatsAppNumber(**item["whatsapp"]) if "whatsapp" in item else None,
        chat_url=item.get("chat", ""),
        website=item.get("url", ""),
        hours=item["hours"] or "",
        languages=tuple(item["languages"]),
        audience="" if audience == "general" else audience,
        reader_note=item.get("reader_note", ""),
        source=_source(item["source"]),
        confirmed_by=item["confirmed_by"],
        is_official_source=item["official_source"],
    )


def _source(written: str) -> Source:
    """A page's address stays one; "owner/repository:path" leads to the repository; anything else is only text."""
    if written.startswith(("http://", "https://")):
        return Source(text=written.split("/")[2].removeprefix("www."), url=written)
    repository, separator, _path = written.partition(":")
    if separator and repository.count("/") == 1 and " " not in repository:
        return Source(text=repository, url=f"https://github.com/{repository}")
    return Source(text=written, url="")
