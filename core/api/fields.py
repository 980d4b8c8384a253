"""Fields that inputs are made of, each with its bounds."""

from datetime import UTC, date, datetime
from typing import Any

from rest_framework import serializers

EARLIEST_DATE, LATEST_DATE = date(1900, 1, 1), date(2100, 12, 31)
EARLIEST_INSTANT, LATEST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)


class InstantField(serializers.DateTimeField):
    """An instant: ISO 8601 with its offset, from 2000 to 2100; in UTC afterwards. A naive time is refused."""

    default_error_messages = {
        "invalid": "Write the time as 2026-12-01T09:00:00+05:30 or 2026-12-01T03:30:00Z.",
        "naive": "Say the offset of this time, such as 2026-12-01T09:00:00+05:30 or …Z.",
        "lost_plus": "In an address, write the + of the offset as %2B.",
        "bounds": "This time is outside the years 2000 to 2100.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not 16 <= len(value) <= 40:
            self.fail("invalid")
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail("lost_plus" if value[-6:-5] == " " else "invalid")
        if instant.utcoffset() is None:
            self.fail("naive")
        if not EARLIEST_INSTANT <= instant < LATEST_INSTANT:
            self.fail("bounds")
        return instant.astimezone(UTC)


class DayField(serializers.DateField):
    """A calendar day, YYYY-MM-DD, from 1900 to 2100. In which zone it lies is the endpoint's to say."""

    default_error_messages = {
        "invalid": "Write the day as 2026-12-01.",
        "bounds": "This day is outside the years 1900 to 2100.",
    }

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or len(value) != 10:
            self.fail("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail("invalid")
        if not EARLIEST_DATE <= day <= LATEST_DATE:
            self.fail("bounds")
        return day
