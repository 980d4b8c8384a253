"""Whose hours a coordinator plans: those of their own centre."""

from datetime import timedelta

import pytest

from sessions_app.models import AvailabilityException, AvailabilityRule
from tests.factories import SessionTypeFactory, StaffCentreFactory
from tests.sessions_app.clinic import (
    coming,
    done,
    keep_hours,
    refused,
)
from tests.sessions_app.plans import address, away

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def own(api_as, practice):
    return api_as(practice.user)


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
