"""Time away and extra hours: saved at once, offered and refused alike."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from sessions_app.models import AvailabilityException, AvailabilityRule, BookingRules
from tests.sessions_app.clinic import (
    coming,
    done,
    refused,
    slots_shown,
)
from tests.sessions_app.plans import address, away, extra, put

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def own(api_as, practice):
    return api_as(practice.user)


def test_a_day_away_is_not_offered_and_the_days_beside_it_are(api, own, practice):
    day = coming(5)
    done(put(own, practice, away(day)))
    assert slots_shown(api, practice, day) == []
    assert slots_shown(api, practice, day - DAY)[-1] == coming(4, 16)
    assert slots_shown(api, practice, day + DAY)[0] == coming(6, 9)


def test_hours_away_take_the_sessions_that_would_reach_into_them(api, own, practice):
    day = coming(5)
    done(put(own, practice, away(day, start="11:00", end="13:00")))
    shown = slots_shown(api, practice, day)
    assert coming(5, 10) in shown, "until 10:50"
    assert coming(5, 10, 15) not in shown
    assert [start for start in shown if start >= coming(5, 10, 15)][0] == coming(5, 13)


def test_away_from_one_hour_of_a_day_to_one_of_another_is_one_stretch(api, own, practice):
    done(put(own, practice, away(coming(5), coming(7), start="12:00", end="15:00")))
    assert slots_shown(api, practice, coming(5))[-1] == coming(5, 11)
    assert slots_shown(api, practice, coming(6)) == []
    assert slots_shown(api, practice, coming(7))[0] == coming(7, 15)


def test_extra_hours_are_offered_on_their_day_only_and_time_away_goes_before_them(api, own, practice):
    evening = extra(coming(5), "19:00", "21:00")
    done(put(own, practice, evening))
    assert slots_shown(api, practice, coming(5))[-1] == coming(5, 20)
    assert slots_shown(api, practice, coming(12))[-1] == coming(12, 16)
    done(put(own, practice, evening, away(coming(5))))
    assert slots_shown(api, practice, coming(5)) == []


def test_extra_hours_at_a_centre_are_for_sessions_in_person_too(api, own, practice):
    at_centre = extra(coming(5), "19:00", "20:00", centre=str(practice.primary_centre_id))
    online = extra(coming(6), "19:00", "20:00")
    done(put(own, practice, at_centre, online, rules=[]))
    assert slots_shown(api, practice, coming(5), mode="in_person") == [coming(5, 19)]
    assert slots_shown(api, practice, coming(6), mode="in_person") == []
    assert slots_shown(api, practice, coming(6)) == [coming(6, 19)]


def test_what_is_sent_is_answered_and_can_be_sent_back(own, practice):
    sent = [away(coming(5), coming(9)), extra(coming(20), "10:00", "12:00")]
    answer = done(put(own, practice, *sent, minimum_notice_minutes=90, most_sessions_a_day=4))
    assert [(one["kind"], one["start"], one["end"]) for one in answer["exceptions"]] == [
        ("unavailable", "00:00", "00:00"),
        ("extra", "10:00", "12:00"),
    ]
    assert answer["booking"] == {
        "minimum_notice_minutes": 90,
        "horizon_days": None,
        "most_sessions_a_day": 4,
        "timezone": "UTC",
    }
    again = done(own.get(address(practice)))
    for one in [*again["rules"], *again["exceptions"]]:
        del one["id"]
    repeated = done(own.put(address(practice), again, format="json"))
    for one in [*repeated["rules"], *repeated["exceptions"]]:
        del one["id"]
    assert {name: repeated[name] for name in again} == again


def test_what_is_left_out_of_exceptions_and_booking_rules_stays(own, practice):
    done(put(own, practice, away(coming(5)), minimum_notice_minutes=60))
    answer = done(own.put(address(practice), {"rules": []}, format="json"))
    assert len(answer["exceptions"]) == 1
    assert answer["booking"]["minimum_notice_minutes"] == 60
    assert done(put(own, practice))["exceptions"] == []


def test_visitors_read_extra_hours_but_not_when_somebody_is_away(api, api_as, own, practice, patient):
    done(put(own, practice, away(coming(5)), extra(coming(6), "19:00", "20:00")))
    for client in (api, api_as(patient)):
        kinds = [one["kind"] for one in done(client.get(address(practice)))["exceptions"]]
        assert kinds == ["extra"]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (away(coming(5), coming(4)), "exceptions.1.last_day"),
        (away(coming(5), start="12:00", end="11:00"), "exceptions.1.end"),
        (extra(coming(5), "12:00", "12:00"), "exceptions.1.end"),
        (extra(coming(5), "12:00", "13:00", last_day=str(coming(6).date())), "exceptions.1.last_day"),
        (away(coming(5), timezone="Mars/Olympus"), "exceptions.1.timezone"),
        (away(coming(5), kind="holiday"), "exceptions.1.kind"),
        (away(coming(5), first_day="soon"), "exceptions.1.first_day"),
        (away(coming(5), reason="ill"), "exceptions.1.reason"),
        (extra(coming(5), "12:00", "13:00", centre="here"), "exceptions.1.centre"),
    ],
)
def test_one_bad_exception_changes_nothing_at_all(own, practice, bad, field):
    done(put(own, practice, away(coming(8)), minimum_notice_minutes=30))
    before = done(own.get(address(practice)))
    answer = put(own, practice, away(coming(9)), bad, rules=[], minimum_notice_minutes=0)
    error = refused(answer, 400, "VALIDATION_ERROR")
    assert any(name.startswith(field) for name in error["details"]), error["details"]
    assert done(own.get(address(practice))) == before


def test_time_away_has_no_place(own, practice):
    bad = away(coming(5), centre=str(practice.primary_centre_id))
    error = refused(put(own, practice, bad), 400, "VALIDATION_ERROR")
    assert "away everywhere" in error["details"]["exceptions.0.centre"][0]


def test_more_exceptions_than_anybody_needs_are_refused(own, practice):
    many = [away(coming(number)) for number in range(5, 206)]
    refused(put(own, practice, *many), 400, "VALIDATION_ERROR")
    done(put(own, practice, *many[:200]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"last_day": "2027-01-03"},
        {"start": "12:00", "end": "11:00"},
        {"kind": "extra", "last_day": "2027-01-05"},
        {"kind": "party"},
    ],
)
def test_exceptions_behind_the_services_back_obey_the_database(practice, wrong):
    values = {
        "kind": "unavailable",
        "first_day": "2027-01-04",
        "last_day": "2027-01-04",
        "timezone": "UTC",
    } | wrong
    with pytest.raises(IntegrityError), transaction.atomic():
        AvailabilityException.objects.create(counselor=practice, **values)


def test_other_rows_behind_the_services_back_obey_the_database(practice):
    with pytest.raises(IntegrityError), transaction.atomic():
        AvailabilityRule.objects.filter(counselor=practice).update(every_weeks=2, valid_from=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        AvailabilityRule.objects.filter(counselor=practice).update(every_weeks=13, valid_from="2027-01-01")
    with pytest.raises(IntegrityError), transaction.atomic():
        AvailabilityException.objects.create(
            counselor=practice,
            kind="unavailable",
            first_day="2027-01-04",
            last_day="2027-01-04",
            timezone="UTC",
            centre=practice.primary_centre,
        )
    for wrong in ({"minimum_notice_minutes": 90_000}, {"horizon_days": 0}, {"most_sessions_a_day": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            BookingRules.objects.create(counselor=practice, timezone="UTC", **wrong)
