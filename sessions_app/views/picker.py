"""The slot picker: seven days, and the free times of the one that is chosen."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone

from accounts.access import reader_of
from core.errors import NotFound
from sessions_app.forms.days import read_day
from sessions_app.services.reservations import centres_to_book_at
from sessions_app.services.slots import Slot
from sessions_app.views.days import start_of

DAYS_SHOWN = 7
NOON, EVENING = 12, 17


@dataclass(frozen=True, slots=True)
class PickerDay:
    date: date
    count: int
    is_today: bool
    is_chosen: bool
    url: str


@dataclass(frozen=True, slots=True)
class SlotPicker:
    """For _slot_picker.html. `parts` are the chosen day's free times by part of the day."""

    days: list[PickerDay]
    chosen_day: date
    count: int
    parts: list[tuple[str, list[Slot]]]
    earlier_url: str
    later_url: str


def picker_of(
    find: Callable[[datetime, datetime], list[Slot]],
    request: HttpRequest,
    *,
    first_day: date,
    address: Callable[[date, date | None], str],
) -> SlotPicker | None:
    """The picker for what `find(start, end)` finds in the seven days from ?from= on, or from `first_day`.

    For centre staff only times at their centres. None when the counselor takes no bookings at present.
    """
    first_day = max(read_day(request.GET.get("from", "")) or first_day, timezone.localdate())
    try:
        slots = find(start_of(first_day), start_of(first_day + timedelta(days=DAYS_SHOWN)))
    except NotFound:
        return None
    centre_ids = centres_to_book_at(reader_of(request))
    if centre_ids is not None:
        slots = [slot for slot in slots if slot.centre_id in centre_ids]
    wanted_day = read_day(request.GET.get("day", ""))
    return slot_picker(slots, first_day=first_day, wanted_day=wanted_day, address=address)


def with_days(page: str, **query: Any) -> Callable[[date, date | None], str]:
    """Where a page with a picker shows other days, the rest of its address as it is."""

    def address(first_day: date, day: date | None) -> str:
        values = query | {"from": first_day} | ({"day": day} if day else {})
        return f"{page}?{urlencode(values)}"

    return address


def slot_picker(
    slots: Iterable[Slot],
    *,
    first_day: date,
    wanted_day: date | None,
    address: Callable[[date, date | None], str],
) -> SlotPicker:
    """The picker for the free times of the seven days from `first_day`, in the reader's zone.

    `address(first_day, day)` is where the picker shows other days, or another one of these. Chosen is the wanted day
    when something is free on it, else the first one on which something is.
    """
    by_day = {
        day: list(found) for day, found in groupby(slots, key=lambda slot: timezone.localdate(slot.start))
    }
    shown = [first_day + timedelta(days=number) for number in range(DAYS_SHOWN)]
    chosen = wanted_day if wanted_day in by_day else next((day for day in shown if day in by_day), first_day)
    today = timezone.localdate()
    days = [
        PickerDay(day, len(by_day.get(day, ())), day == today, day == chosen, address(first_day, day))
        for day in shown
    ]
    earlier = max(first_day - timedelta(days=DAYS_SHOWN), today)
    return SlotPicker(
        days=days,
        chosen_day=chosen,
        count=len(by_day.get(chosen, ())),
        parts=[(part, list(found)) for part, found in groupby(by_day.get(chosen, ()), key=_part_of_day)],
        earlier_url=address(earlier, None) if first_day > today else "",
        later_url=address(first_day + timedelta(days=DAYS_SHOWN), None),
    )


def _part_of_day(slot: Slot) -> str:
    hour = timezone.localtime(slot.start).hour
    if hour < NOON:
        return "Morning"
    return "Afternoon" if hour < EVENING else "Evening"
