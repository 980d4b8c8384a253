"""Names of time zones."""

import zoneinfo
from datetime import UTC, datetime

import pytest

from core.zones import known_timezones, offered_timezones, present_name


@pytest.mark.parametrize(
    ("old", "new"),
    [("Asia/Calcutta", "Asia/Kolkata"), ("Asia/Katmandu", "Asia/Kathmandu"), ("Asia/Saigon", "Asia/Ho_Chi_Minh"),
     ("Europe/Kiev", "Europe/Kyiv"), ("Europe/Oslo", "Europe/Oslo"), ("Europe/Berlin", "Europe/Berlin"),
     ("UTC", "UTC"), ("Etc/GMT+5", "Etc/GMT+5"), ("Mars/Olympus", "Mars/Olympus")],
)  # fmt: skip
def test_old_names_give_way_to_the_present_ones(old, new):
    assert present_name(old) == new


def test_every_name_keeps_its_clock():
    for name in known_timezones():
        for month in (1, 7):
            instant = datetime(2026, month, 1, tzinfo=UTC)
            then, now = (instant.astimezone(zoneinfo.ZoneInfo(zone)) for zone in (name, present_name(name)))
            assert then.utcoffset() == now.utcoffset(), name


def test_what_is_offered_is_valid_and_present():
    assert offered_timezones() <= known_timezones()
    assert {
        "Asia/Kolkata",
        "Europe/London",
        "America/New_York",
        "Australia/Lord_Howe",
        "UTC",
    } <= offered_timezones()
    assert "Asia/Calcutta" not in offered_timezones()
