"""From somebody else's calendar file to busy spans: days, floating times, recurrence over changes of clocks, bounds."""

from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ids import uuid7
from sessions_app.outside_busy import NoCalendarError, TooMuchError, busy_spans, without_stamps

LONDON = ZoneInfo("Europe/London")
START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC)
NEW_YORK = """BEGIN:VTIMEZONE
TZID:Eastern by hand
BEGIN:DAYLIGHT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
END:VTIMEZONE"""


def calendar(*events, also=""):
    """A file; an event is its lines, with a UID of its own unless it has one."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//strangers//EN", *also.splitlines()]
    for number, event in enumerate(events):
        own = [] if "UID:" in event else [f"UID:{number}@elsewhere"]
        lines += ["BEGIN:VEVENT", *own, "SUMMARY:Very private", *event.strip().splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def busy(*events, zone=LONDON, also="", own_host="calm.example"):
    content = calendar(*events, also=also)
    return spans_of(busy_spans(content, zone=zone, start=START, end=END, own_host=own_host))


def spans_of(spans):
    return [(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)) for start, end in spans]


def span(day, first, last):
    return (
        datetime.combine(day, time.fromisoformat(first), UTC),
        datetime.combine(day, time.fromisoformat(last), UTC),
    )


D = date(2026, 12, 1)


def test_one_event_is_one_span():
    assert busy("DTSTART:20261201T090000Z\nDTEND:20261201T100000Z") == [span(D, "09:00", "10:00")]
    assert busy("DTSTART:20261201T090000Z\nDURATION:PT90M") == [span(D, "09:00", "10:30")]


def test_events_that_touch_or_overlap_are_one_span():
    events = [f"DTSTART:20261201T{hour}Z\nDURATION:PT1H" for hour in ("090000", "100000", "103000")]
    assert busy(*events) == [span(D, "09:00", "11:30")]


def test_a_whole_day_is_the_counselors_own_day():
    there = ZoneInfo("Asia/Kolkata")
    (only,) = busy("DTSTART;VALUE=DATE:20261201", zone=there)
    assert only == (
        datetime(2026, 12, 1, tzinfo=there).astimezone(UTC),
        datetime(2026, 12, 2, tzinfo=there).astimezone(UTC),
    )
    three = "DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261204"
    assert busy(three) == [(datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 4, tzinfo=UTC))]


def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is():
    (spring,) = busy("DTSTART;VALUE=DATE:20270328")
    assert spring[1] - spring[0] == timedelta(hours=23)


def test_a_floating_time_is_the_counselors_own_time():
    floating = "DTSTART:20261201T090000\nDTEND:20261201T100000"
    assert busy(floating, zone=ZoneInfo("America/New_York")) == [span(D, "14:00", "15:00")]
    weekly = "DTSTART:20270322T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2"
    assert busy(weekly) == [
        span(date(2027, 3, 22), "09:00", "10:00"),
        span(date(2027, 3, 29), "08:00", "09:00"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        *("TRANSP:TRANSPARENT", "STATUS:CANCELLED", "transp:transparent"),
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
    ],
)
def test_what_takes_no_time_is_left_out(line):
    assert busy(f"DTSTART:20261201T090000Z\nDURATION:PT1H\n{line}") == []


@pytest.mark.parametrize("line", ["TRANSP:OPAQUE", "STATUS:TENTATIVE", "STATUS:CONFIRMED", "CLASS:PRIVATE"])
def test_what_might_take_time_counts(line):
    assert busy(f"DTSTART:20261201T090000Z\nDURATION:PT1H\n{line}") == [span(D, "09:00", "10:00")]


def test_no_time_at_all_is_left_out_and_an_end_before_its_beginning_is_read_the_other_way_round():
    assert busy("DTSTART:20261201T090000Z") == []
    assert busy("DTSTART:20261201T090000Z\nDTEND:20261201T080000Z") == [span(D, "08:00", "09:00")]


def test_recurrence_keeps_the_wall_clock_over_changes_of_clocks():
    weekly = "DTSTART;TZID=America/New_York:20261028T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL=20261112T000000Z"
    assert busy(weekly) == [
        span(date(2026, 11, 4), "14:00", "15:00"),
        span(date(2026, 11, 11), "14:00", "15:00"),
    ]
    spring = "DTSTART;TZID=America/New_York:20270310T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2"
    assert busy(spring) == [
        span(date(2027, 3, 10), "14:00", "15:00"),
        span(date(2027, 3, 17), "13:00", "14:00"),
    ]


def test_a_zone_that_the_file_describes_itself():
    weekly = "DTSTART;TZID=Eastern by hand:20270310T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2"
    assert busy(weekly, also=NEW_YORK) == [
        span(date(2027, 3, 10), "14:00", "15:00"),
        span(date(2027, 3, 17), "13:00", "14:00"),
    ]


def test_a_zone_by_the_name_that_windows_gives_it():
    event = "DTSTART;TZID=Eastern Standard Time:20261201T090000\nDURATION:PT1H"
    assert busy(event) == [span(D, "14:00", "15:00")]


def test_one_of_a_series_is_moved_cancelled_or_left_out():
    series = "UID:s@x\nDTSTART:20261201T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5"
    moved = "UID:s@x\nRECURRENCE-ID:20261202T090000Z\nDTSTART:20261202T150000Z\nDURATION:PT2H"
    cancelled = (
        "UID:s@x\nRECURRENCE-ID:20261203T090000Z\nDTSTART:20261203T090000Z\nDURATION:PT1H\nSTATUS:CANCELLED"
    )
    found = busy(series + "\nEXDATE:20261204T090000Z", moved, cancelled)
    assert found == [
        span(D, "09:00", "10:00"),
        span(date(2026, 12, 2), "15:00", "17:00"),
        span(date(2026, 12, 5), "09:00", "10:00"),
    ]


def test_one_of_an_old_series_is_moved_into_the_window():
    series = "UID:s@x\nDTSTART:20200101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5"
    moved = "UID:s@x\nRECURRENCE-ID:20200102T090000Z\nDTSTART:20261202T150000Z\nDURATION:PT2H"
    assert busy(series, moved) == [span(date(2026, 12, 2), "15:00", "17:00")]


def test_added_days_count():
    event = "DTSTART:20261201T090000Z\nDURATION:PT1H\nRDATE:20261210T110000Z,20261211T120000Z"
    assert [start.day for start, _ in busy(event)] == [1, 10, 11]


def test_an_event_that_reaches_into_the_window_is_cut():
    found = busy("DTSTART:20261001T000000Z\nDTEND:20281001T000000Z")
    assert found == [(START, END)]


def test_what_is_over_and_what_is_far_away_is_left_out():
    assert (
        busy(
            "DTSTART:20250101T090000Z\nDURATION:PT1H",
            "DTSTART:20290101T090000Z\nDURATION:PT1H",
            "DTSTART:20200101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260101T000000Z",
        )
        == []
    )


def test_our_own_sessions_that_came_back_by_mail_are_left_out():
    ours = f"UID:{uuid7()}@calm.example\nDTSTART:20261201T090000Z\nDURATION:PT1H"
    assert busy(ours) == []
    assert busy(ours, own_host="other.example") != []
    assert busy("UID:meeting@calm.example\nDTSTART:20261201T090000Z\nDURATION:PT1H") != []


def test_several_calendars_in_one_file_and_a_byte_order_mark():
    one = calendar("DTSTART:20261201T090000Z\nDURATION:PT1H")
    two = calendar("DTSTART:20261202T090000Z\nDURATION:PT1H")
    found = busy_spans(b"\xef\xbb\xbf" + one + two, zone=LONDON, start=START, end=END, own_host=None)
    assert len(found) == 2


def test_one_event_that_makes_no_sense_does_not_hide_the_others():
    good = "DTSTART:20261201T090000Z\nDURATION:PT1H"
    for bad in (
        "DTSTART:yesterday\nDURATION:PT1H",
        "SUMMARY:no start",
        "DTSTART:20261201T090000Z\nDURATION:soon",
        "DTSTART:20261201T120000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=whenever",
    ):
        assert busy(good, bad) == [span(D, "09:00", "10:00")], bad


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"<html><body>Sign in</body></html>", b"BEGIN:VCALENDAR\r\n", b"\x00\xff" * 50),
        calendar("DTSTART:20261201T090000Z")[:-20],
        b"BEGIN:VCARD\r\nEND:VCARD\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR",
        b"BEGIN:VCALENDAR\r\nno colon here\r\nEND:VCALENDAR",
    ],
)
def test_what_is_no_calendar_is_said_to_be_none(content):
    with pytest.raises(NoCalendarError):
        assert busy_spans(content, zone=LONDON, start=START, end=END, own_host=None) is None


@pytest.mark.parametrize(
    "rule",
    [
        *("FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=5", "FREQ=HOURLY;BYMINUTE=0,10,20,30"),
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0,10,20,30,40,50",
        "FREQ=HOURLY;BYSECOND=0,10,20,30",
    ],
)
def test_what_comes_again_without_rest_is_refused(rule):
    with pytest.raises(TooMuchError):
        busy(f"DTSTART:20261201T090000Z\nDURATION:PT1S\nRRULE:{rule}")


@pytest.mark.parametrize(
    "rule",
    [
        *("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
        *("FREQ=HOURLY;BYMONTH=4;BYMONTHDAY=31", "FREQ=DAILY;INTERVAL=7;BYDAY=WE"),
    ],
)
def test_what_never_comes_again_is_known_at_once(rule):
    """Those rules took four to nine seconds each, looked for until the year 9999."""
    event = f"DTSTART:20261201T090000Z\nDURATION:PT1H\nRRULE:{rule}"
    began = process_time()
    assert busy(event) == [span(D, "09:00", "10:00")]
    assert process_time() - began < 1
    with pytest.raises(TooMuchError):
        busy(*[event] * 4)


def test_what_comes_seldom_comes():
    leap_day = "DTSTART:20240229T090000Z\nDURATION:PT1H\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"
    thirteenth = "DTSTART:20200101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYDAY=FR;BYMONTHDAY=13"
    assert busy(leap_day) == []
    assert busy(thirteenth) == [
        span(date(2026, 11, 13), "09:00", "10:00"), span(date(2027, 8, 13), "09:00", "10:00")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"]
)
def test_a_zone_whose_clocks_never_change_is_not_worked_out(rule):
    zone = NEW_YORK.replace("FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", f"{rule[:10]}\n {rule[10:]}").replace(
        "by hand", rule[5:8]
    )
    began = process_time()
    with pytest.raises(NoCalendarError):
        busy(f"DTSTART;TZID=Eastern {rule[5:8]}:20261201T090000\nDURATION:PT1H", also=zone)
    assert process_time() - began < 1


def test_too_many_events_and_too_many_spans_are_refused():
    with pytest.raises(TooMuchError):
        busy(*["DTSTART:20261201T090000Z"] * 10_001)
    with pytest.raises(TooMuchError):
        busy(*["DTSTART:20261101T090000Z\nDURATION:PT1M\nRRULE:FREQ=HOURLY"] * 3)


def test_stamps_do_not_make_a_file_another_one():
    event = "DTSTART:20261201T090000Z\nDTSTAMP:{}\nSUMMARY:x"
    one, two = (calendar(event.format(stamp)) for stamp in ("20260101T000000Z", "20260202T000000Z"))
    assert one != two
    assert without_stamps(one) == without_stamps(two) == calendar("DTSTART:20261201T090000Z\nSUMMARY:x")


ZONES = [
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/Santiago",
    "UTC",
]
NAMES = {DAILY: "DAILY", WEEKLY: "WEEKLY", MONTHLY: "MONTHLY"}


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    first=st.datetimes(datetime(2025, 1, 1), datetime(2027, 6, 1)).map(
        lambda t: t.replace(second=0, microsecond=0)
    ),
    minutes=st.integers(1, 600),
    frequency=st.sampled_from(list(NAMES)),
    interval=st.integers(1, 5),
    count=st.integers(1, 60),
    skipped=st.sets(st.integers(0, 59), max_size=4),
    is_floating=st.booleans(),
)
def test_a_series_is_busy_exactly_when_the_wall_clock_says(
    zone, first, minutes, frequency, interval, count, skipped, is_floating
):
    """Against a plain model: count on the wall without any zone, then ask the zone what instant each is."""
    there = ZoneInfo(zone)
    walls = list(rrule(frequency, dtstart=first, interval=interval, count=count))
    kept = [wall for number, wall in enumerate(walls) if number not in skipped]
    wanted = set()
    for wall in kept:
        begins = wall.replace(tzinfo=there).astimezone(UTC)
        ends = (wall + timedelta(minutes=minutes)).replace(tzinfo=there).astimezone(UTC)
        minute = max(begins, START)
        while minute < min(ends, END):
            wanted.add(minute)
            minute += timedelta(minutes=1)
    written = "" if is_floating else f";TZID={zone}"
    event = f"DTSTART{written}:{first:%Y%m%dT%H%M%S}\nDTEND{written}:{first + timedelta(minutes=minutes):%Y%m%dT%H%M%S}"
    event += f"\nRRULE:FREQ={NAMES[frequency]};INTERVAL={interval};COUNT={count}"
    for number in sorted(skipped & set(range(len(walls)))):
        event += f"\nEXDATE{written}:{walls[number]:%Y%m%dT%H%M%S}"
    found = set()
    for begins, ends in busy(event, zone=there):
        minute = begins
        while minute < ends:
            found.add(minute)
            minute += timedelta(minutes=1)
    assert found == wanted
