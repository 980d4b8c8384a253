"""Sessions that fall outside new hours or into leave are listed, each with new times."""

from datetime import timedelta

import pytest

from sessions_app.models import Session
from tests.factories import PatientFactory, SessionTypeFactory
from tests.sessions_app.clinic import (
    book,
    coming,
    done,
    instant,
)
from tests.sessions_app.plans import address, away, put, week

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def own(api_as, practice):
    return api_as(practice.user)


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
