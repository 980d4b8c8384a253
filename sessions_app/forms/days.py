"""A day in an address."""

from datetime import date

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


def is_shown(day: date) -> bool:
    """Whether it is a day that pages show; beyond, instants of the next day may not exist."""
    return FIRST_DAY <= day <= LAST_DAY


def read_day(text: str) -> date | None:
    """YYYY-MM-DD; None when it is no day, or one that no page shows."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if is_shown(day) else None
