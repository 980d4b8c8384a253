"""Every other week, notice, horizon, most a day: saved at once, offered and refused alike."""

from datetime import timedelta

import pytest

from core.errors import SlotTaken, ValidationFailed
from sessions_app.models import BookingRules
from tests.factories import PatientFactory
from tests.sessions_app.clinic import (
    ask_hold,
    book,
    coming,
    done,
    instant,
    keep_hours,
    refused,
    slots_shown,
    wanted,
)
from tests.sessions_app.plans import put, week

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def own(api_as, practice):
    return api_as(practice.user)


def test_every_other_week_counts_from_the_week_of_its_first_day(api, own, practice):
    day = coming(5)
    done(put(own, practice, rules=week(every_weeks=2, valid_from=str(day.date()))))
    monday = day - timedelta(days=day.weekday())
    for number in range(28):
        shown = slots_shown(api, practice, day + number * DAY)
        is_on = ((day + number * DAY) - monday).days // 7 % 2 == 0
        assert bool(shown) == is_on, number


@pytest.mark.parametrize(
    ("rules", "is_refused"),
    [
        ([(2, "2027-01-04"), (2, "2027-01-11")], False),
        ([(2, "2027-01-04"), (2, "2027-01-18")], True),
        ([(2, "2027-01-04"), (3, "2027-01-11")], True),
        ([(2, "2027-01-04"), (4, "2027-01-11")], False),
        ([(1, None), (2, "2027-01-04")], True),
    ],
)
def test_hours_overlap_only_in_weeks_that_both_have(own, practice, rules, is_refused):
    rows = [week(every_weeks=weeks, valid_from=first)[0] for weeks, first in rules]
    answer = put(own, practice, rules=rows)
    if is_refused:
        error = refused(answer, 400, "VALIDATION_ERROR")
        assert "overlap" in error["details"]["rules.1.start"][0]
    else:
        assert len(done(answer)["rules"]) == 2


def test_every_other_week_needs_to_know_from_when(own, practice):
    error = refused(put(own, practice, rules=week(every_weeks=2)), 400, "VALIDATION_ERROR")
    assert "which weeks" in error["details"]["rules.0.valid_from"][0]


def test_notice_keeps_the_next_hours_back_for_patients_and_staff_alike(api, api_as, own, practice, cast):
    done(put(own, practice, minimum_notice_minutes=5 * 24 * 60))
    assert slots_shown(api, practice, coming(4)) == []
    assert slots_shown(api, practice, coming(6))
    everybody = [(cast.stranger, {}, 9), (cast.manager, {"patient": str(cast.a.patient.pk)}, 11)]
    for person, more, hour in everybody:
        error = refused(ask_hold(api_as(person), practice, coming(4), **more), 400, "VALIDATION_ERROR")
        assert "too soon" in error["message"]
        assert instant(error["details"]["alternatives"][0]["start"]) > coming(5)
        done(ask_hold(api_as(person), practice, coming(6, hour), **more), 201)


def test_a_horizon_of_ones_own_ends_what_is_offered(api, api_as, own, practice, patient):
    done(put(own, practice, horizon_days=10))
    assert slots_shown(api, practice, coming(9))
    assert slots_shown(api, practice, coming(12)) == []
    error = refused(ask_hold(api_as(patient), practice, coming(12)), 400, "VALIDATION_ERROR")
    assert "that far ahead" in error["message"]


def test_a_horizon_reaches_no_further_than_the_platforms(api, own, practice, settings):
    settings.BOOKING_HORIZON_DAYS = 10
    done(put(own, practice, horizon_days=100))
    assert slots_shown(api, practice, coming(12)) == []


def test_a_day_that_has_its_sessions_takes_no_more(api, api_as, own, practice, patient):
    done(put(own, practice, most_sessions_a_day=2))
    session = book(practice, patient, coming(5, 9))
    assert slots_shown(api, practice, coming(5))
    hold = done(ask_hold(api_as(PatientFactory().user), practice, coming(5, 15)), 201)
    assert slots_shown(api, practice, coming(5)) == []
    assert slots_shown(api, practice, coming(6))[0] == coming(6, 9)

    rival = api_as(PatientFactory().user)
    error = refused(ask_hold(rival, practice, coming(5, 12)), 409, "SLOT_TAKEN")
    assert "day is full" in error["message"]
    assert {instant(one["start"]).date() for one in error["details"]["alternatives"]} <= {
        coming(4).date(),
        coming(6).date(),
    }
    done(api_as(patient).post(f"/api/sessions/{session.pk}/cancel", {}, format="json"))
    assert slots_shown(api, practice, coming(5)), "a cancelled session does not count"
    assert hold


def test_ones_own_hold_does_not_fill_the_day_against_oneself(api_as, own, practice, patient):
    done(put(own, practice, most_sessions_a_day=1))
    client = api_as(patient)
    done(ask_hold(client, practice, coming(5, 9)), 201)
    done(ask_hold(client, practice, coming(5, 15)), 201)
    done(client.post("/api/sessions", wanted(practice, coming(5, 15)), format="json"), 201)


def test_the_day_is_counted_on_the_clock_that_the_rule_names(practice, patient):
    """In Auckland, noon to midnight UTC is the next day."""
    keep_hours(practice, start=coming(1, 20).time(), end=coming(1, 23).time(), weekdays=range(7))
    BookingRules.objects.create(counselor=practice, most_sessions_a_day=1, timezone="Pacific/Auckland")
    book(practice, patient, coming(5, 9))
    book(practice, PatientFactory().user, coming(5, 20))
    with pytest.raises(SlotTaken):
        book(practice, PatientFactory().user, coming(6, 9))
    with pytest.raises(ValidationFailed):
        book(practice, PatientFactory().user, coming(6, 5))
