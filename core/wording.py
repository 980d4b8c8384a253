"""Times of day and zones as people call them: the same words on pages, in messages and in the console."""

from datetime import datetime, time

from django.utils.translation import gettext as _

from core.zones import present_name

UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "Zulu", "Universal"})
# Where the database of zones spells a city otherwise.
CITIES = {"Ho_Chi_Minh": "Ho Chi Minh City"}


def clock_in_words(moment: datetime | time) -> str:
    """“9:30 am”, in the zone that `moment` already has."""
    return f"{moment.hour % 12 or 12}:{moment.minute:02} {'am' if moment.hour < 12 else 'pm'}"


def zone_in_words(key: str) -> str:
    """“New York time” for America/New_York, “Kolkata time” for Asia/Calcutta, “UTC”."""
    if key in UTC_NAMES:
        return "UTC"
    if key.startswith("Etc/"):
        return key.removeprefix("Etc/")
    city = present_name(key).rpartition("/")[2]
    return _("%(city)s time") % {"city": CITIES.get(city, city.replace("_", " "))}
