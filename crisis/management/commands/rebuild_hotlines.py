"""Rebuild crisis/data/hotlines.json from the full, researched list of help lines."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.language_names import LANGUAGE_NAMES
from crisis import hotlines

LINE_FIELDS = (
    "name",
    "phone",
    "phone_alt",
    "dial_note",
    "text",
    "chat",
    "url",
    "hours",
    "languages",
    "audience",
    "source",
    "confirmed_by",
    "official_source",
    "note",
)
COUNTRY_FIELDS = ("code", "name", "emergency", "emergency_source", "emergency_alt", "note")
INTERNATIONAL_FIELDS = ("name", "url", "what", "source", "confirmed_by")

# The list writes WhatsApp numbers as dialled at home; a link needs the country's calling code, and everywhere
# but in Italy the number loses its leading zero.
CALLING_CODES = {"AE": "971", "CO": "57", "IT": "39", "SG": "65", "ZA": "27"}
KEEPS_LEADING_ZERO = {"IT"}

# The notes in the list are for whoever checks the numbers. These few also help the person who calls.
READER_NOTES = {
    ("CA", "Crisis Text Line powered by Kids Help Phone"): "For French, text PARLER.",
    ("NZ", "1737, Need to talk?"): "Interpreters are available.",
    ("ES", "024 - Línea de atención a la conducta suicida"): "Interpreters, and sign language by video.",
    ("TR", "ALO 183 Sosyal Destek Hattı (Ministry of Family)"): "Deaf callers: video call 0549 381 0 183.",
    ("ZA", "SADAG Suicide Crisis Line"): "Send a text to be called back.",
    ("NO", ""): "113 is for medical emergencies.",
    ("BB", ""): "511 is the ambulance.",
}


class Command(BaseCommand):
    help = "Reduce the full list of help lines to what is shown: confidence high, with source and date."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, help="the full list (JSON)")
        parser.add_argument("--output", type=Path, default=hotlines.DATA_FILE)

    def handle(self, *args: object, source: Path, output: Path, **options: object) -> None:
        reduced = reduce_directory(json.loads(source.read_text(encoding="utf-8")))
        output.write_text(json.dumps(reduced, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        lines = sum(len(country["lines"]) for country in reduced["countries"])
        self.stdout.write(
            f"{len(reduced['countries'])} countries, {lines} lines, compiled {reduced['compiled']}"
        )


def reduce_directory(full: dict[str, Any]) -> dict[str, Any]:
    """What the help page may show. Raises CommandError for a language without a name or a reader's note that fits
    no line any more."""
    countries = [_country(country) for country in full["countries"]]
    _check_reader_notes(countries)
    return {
        "compiled": full["compiled"],
        "method": "Lines that at least two independent sources agree on. " + full["note"],
        "international": [
            _only(item, INTERNATIONAL_FIELDS) for item in full["international"] if _is_high(item)
        ],
        "countries": countries,
    }


def _country(country: dict[str, Any]) -> dict[str, Any]:
    code = country["code"]
    kept = _only(country, COUNTRY_FIELDS)
    kept["emergency_source"] = _source(kept["emergency_source"])
    if "emergency_alt" in kept:
        kept["emergency_alt"] = [
            {**other, "source": _source(other["source"])} for other in kept["emergency_alt"]
        ]
    if (code, "") in READER_NOTES:
        kept["reader_note"] = READER_NOTES[code, ""]
    kept["lines"] = [_line(code, line) for line in country["lines"] if _is_high(line)]
    return kept


def _line(code: str, line: dict[str, Any]) -> dict[str, Any]:
    unnamed = [language for language in line["languages"] if language not in LANGUAGE_NAMES]
    if unnamed:
        raise CommandError(f"{line['name']}: add {', '.join(unnamed)} to core/language_names.py")
    kept = _only(line, LINE_FIELDS)
    kept["source"] = _source(kept["source"])
    if "whatsapp" in line:
        kept["whatsapp"] = {
            "number": line["whatsapp"],
            "international": _international(code, line["whatsapp"]),
        }
    if (code, line["name"]) in READER_NOTES:
        kept["reader_note"] = READER_NOTES[code, line["name"]]
    return kept


def _international(code: str, number: str) -> str:
    if code not in CALLING_CODES:
        raise CommandError(f"{code}: add its calling code to CALLING_CODES")
    digits = hotlines.dialled(number)
    return CALLING_CODES[code] + (digits if code in KEEPS_LEADING_ZERO else digits.removeprefix("0"))


def _source(written: str) -> str:
    """The list names some excerpts of public code by a search id, which means nothing to a reader."""
    return "public source code, repository not named" if written.startswith("find_string") else written


def _check_reader_notes(countries: list[dict[str, Any]]) -> None:
    known = {(country["code"], "") for country in countries}
    known |= {(country["code"], line["name"]) for country in countries for line in country["lines"]}
    stale = sorted(READER_NOTES.keys() - known)
    if stale:
        raise CommandError(f"READER_NOTES names lines that are gone: {stale}")


def _is_high(item: dict[str, Any]) -> bool:
    return bool(item["confidence"] == "high")


def _only(item: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {field: item[field] for field in fields if field in item}
