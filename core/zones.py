"""Names of time zones: which are valid, which to offer, and today's name for one that was renamed.

From the tz database as the tzdata package has it. zone.tab lists the names that people know their zone by; many others
are old spellings (browsers still say Asia/Calcutta), which tzdata.zi links to a name of today.
"""

import functools
import zoneinfo
from importlib import resources


@functools.cache
def known_timezones() -> frozenset[str]:
    """Every IANA zone, old names included; read from disk once a process."""
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


@functools.cache
def offered_timezones() -> frozenset[str]:
    """The zones of countries, each by its present name, and UTC."""
    rows = (line.split("\t") for line in _table("zone.tab") if not line.startswith("#"))
    return frozenset({row[2] for row in rows} & known_timezones()) | {"UTC"}


def present_name(name: str) -> str:
    """Asia/Kolkata for Asia/Calcutta. A name that people use stays, though it is a link: Europe/Oslo."""
    if name in offered_timezones():
        return name
    target = _links().get(name, name)
    return target if target in offered_timezones() else name


@functools.cache
def _links() -> dict[str, str]:
    rows = (line.split() for line in _table("tzdata.zi") if line.startswith("L "))
    return {row[2]: row[1] for row in rows}


def _table(name: str) -> list[str]:
    return resources.files("tzdata.zoneinfo").joinpath(name).read_text(encoding="utf-8").splitlines()
