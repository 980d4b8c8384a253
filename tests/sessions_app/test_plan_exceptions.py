"""Time away, extra hours, every other week, notice, horizon, most a day: saved at once, offered and refused alike."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from core.errors import SlotTaken, ValidationFailed
from sessions_app.models import AvailabilityException, AvailabilityRule, BookingRules, Session
from tests.factories import PatientFactory, SessionTypeFactory, StaffCentreFactory
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

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def address(counselor, more=""):
    return f"/api/counselors/{counselor.pk}/availability{more}"


def week(start="09:00", end="17:00", **more):
    """The same hours every day of the week, UTC."""
    return [{"weekday": day, "start": start, "end": end, "timezone": "UTC", **more} for day in range(7)]


def away(first, last=None, **more):
    """Whole days away from the date of `first` to that of `last`, UTC; or with `start` and `end`."""
    days = {"first_day": str(first.date()), "last_day": str((last or first).date())}
    return {"kind": "unavailable", "timezone": "UTC", **days, **more}


def extra(day, start, end, **more):
    return away(day, **more) | {"kind": "extra", "start": start, "end": end}


def put(client, counselor, *exceptions, rules=None, **booking):
    body = {"rules": week() if rules is None else rules, "exceptions": list(exceptions)}
    if booking:
        body["booking"] = {"timezone": "UTC", **booking}
    return client.put(address(counselor), body, format="json")


@pytest.fixture
def own(api_as, practice):
    return api_as(practice.user)


# --- Exceptions ----------------------------------------------------------------------------------------------


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


# --- Every other week ----------------------------------------------------------------------------------------


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


# --- Notice, horizon, most a day -----------------------------------------------------------------------------


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


# --- What falls outside --------------------------------------------------------------------------------------


def test_leave_lists_the_sessions_in_it_each_with_times_that_its_patient_has(own, practice, patient, rival):
    booked = [book(practice, patient, coming(5, 9)), book(practice, rival, coming(6, 10))]
    book(practice, PatientFactory().user, coming(9, 9))
    before = list(Session.objects.values())
    answer = done(put(own, practice, away(coming(5), coming(7))))

    assert list(Session.objects.values()) == before, "nothing moved"
    assert [one["session"]["id"] for one in answer["outside"]] == [str(session.pk) for session in booked]
    assert {one["rule"] for one in answer["outside"]} == {"away"}
    for one in answer["outside"]:
        starts = [instant(offer["start"]) for offer in one["offers"]]
        assert len(starts) == 3
        assert {start.date() for start in starts} == {coming(4).date()}
    firsts = [one["offers"][0] for one in answer["outside"]]
    assert firsts[0]["end"] <= firsts[1]["start"] or firsts[1]["end"] <= firsts[0]["start"]
    assert done(own.get(address(practice, "/outside"))) == answer["outside"]

    done(put(own, practice))
    assert done(own.get(address(practice, "/outside"))) == []


def test_a_new_time_is_not_offered_to_a_patient_who_has_another_session_then(own, practice, patient):
    other = keep_open_elsewhere()
    book(practice, patient, coming(5, 9))
    book(other, patient, coming(4, 16))
    answer = done(put(own, practice, away(coming(5), coming(6))))
    (one,) = answer["outside"]
    assert instant(one["offers"][0]["start"]) == coming(4, 15)


def keep_open_elsewhere():
    from tests.sessions_app.clinic import open_practice

    return open_practice()


@pytest.mark.parametrize(
    ("mode", "rules", "rule"),
    [
        ("video", week("12:00", "17:00"), "outside_hours"),
        ("video", week("08:00", "10:30"), "ends_too_late"),
        ("in_person", week("09:00", "17:00"), "not_this_way"),
        ("in_person", [], "outside_hours"),
    ],
)
def test_new_hours_list_what_they_leave_outside(own, practice, patient, mode, rules, rule):
    session = book(practice, patient, coming(5, 10), mode=mode)
    (one,) = done(put(own, practice, rules=rules))["outside"]
    assert (one["session"]["id"], one["rule"]) == (str(session.pk), rule)


def test_what_still_lies_inside_is_not_listed_though_its_grid_has_moved(own, practice, patient):
    book(practice, patient, coming(5, 10))
    assert done(put(own, practice, rules=week("08:10", "17:00"), most_sessions_a_day=1))["outside"] == []


def test_what_falls_outside_is_looked_up_in_a_fixed_number_of_queries(
    own, practice, django_assert_max_num_queries
):
    SessionTypeFactory(counselor=practice, duration_minutes=30, position=1)
    for number in range(8):
        book(practice, PatientFactory().user, coming(5 + number % 4, 9 + number))
    with django_assert_max_num_queries(24):
        assert len(done(put(own, practice, away(coming(5), coming(8))))["outside"]) == 8


# --- Whose hours somebody plans ------------------------------------------------------------------------------


@pytest.fixture
def of_two_centres(cast):
    """A counselor of centre A who also works at B, with hours in both and online."""
    counselor = cast.a.counselor.counselor_profile
    SessionTypeFactory(counselor=counselor)
    StaffCentreFactory(user=counselor.user, centre=cast.b.centre)
    keep_hours(counselor, weekdays=[0])
    AvailabilityRule.objects.filter(counselor=counselor).update(centre=cast.a.centre)
    keep_hours(counselor, weekdays=[1])
    AvailabilityRule.objects.filter(counselor=counselor, weekday=1).update(centre=cast.b.centre)
    keep_hours(counselor, weekdays=[2], online=True)
    return counselor


def days_of(counselor):
    return sorted(AvailabilityRule.objects.filter(counselor=counselor).values_list("weekday", "start__hour"))


def rule(weekday, start, centre=None):
    return {
        "weekday": weekday,
        "start": start,
        "end": "17:00",
        "timezone": "UTC",
        "centre": str(centre.pk) if centre else None,
    }


def test_a_coordinator_replaces_the_hours_of_their_own_centre_only(api_as, cast, of_two_centres):
    client = api_as(cast.b.care_coordinator)
    done(put_rules(client, of_two_centres, rule(3, "11:00", cast.b.centre)))
    assert days_of(of_two_centres) == [(0, 9), (2, 9), (3, 11)], "A's and the online hours stay"

    read = done(client.get(address(of_two_centres)))["rules"]
    sent_back = [{name: value for name, value in one.items() if name != "id"} for one in read]
    done(put_rules(client, of_two_centres, *sent_back))
    assert days_of(of_two_centres) == [(0, 9), (2, 9), (3, 11)]


@pytest.mark.parametrize("where", ["a", "online"])
def test_a_coordinator_who_writes_hours_of_another_centre_is_refused(api_as, cast, of_two_centres, where):
    before = days_of(of_two_centres)
    centre = cast.a.centre if where == "a" else None
    answer = put_rules(
        api_as(cast.b.care_coordinator),
        of_two_centres,
        rule(4, "10:00", cast.b.centre),
        rule(5, "10:00", centre),
    )
    error = refused(answer, 403, "PERMISSION_DENIED")
    assert "another centre" in error["details"]["rules.1.centre"][0]
    assert days_of(of_two_centres) == before


def test_new_hours_may_not_overlap_those_that_stay(api_as, cast, of_two_centres):
    before = days_of(of_two_centres)
    client = api_as(cast.b.care_coordinator)
    error = refused(
        put_rules(client, of_two_centres, rule(0, "10:00", cast.b.centre)), 400, "VALIDATION_ERROR"
    )
    assert "overlap" in error["details"]["rules.0.start"][0]
    assert days_of(of_two_centres) == before


def test_leave_and_booking_rules_belong_to_the_primary_centre(api_as, cast, of_two_centres):
    for body in ({"exceptions": [away(coming(5))]}, {"booking": {"timezone": "UTC"}}):
        answer = api_as(cast.b.care_coordinator).put(
            address(of_two_centres), {"rules": [], **body}, format="json"
        )
        refused(answer, 403, "PERMISSION_DENIED")
        done(
            api_as(cast.a.care_coordinator).put(address(of_two_centres), {"rules": [], **body}, format="json")
        )
    assert AvailabilityException.objects.filter(counselor=of_two_centres).count() == 1


def put_rules(client, counselor, *rules):
    return client.put(address(counselor), {"rules": list(rules)}, format="json")
