"""Weekly hours over the API: all of them or none, by those who may, and what is booked stays booked."""

from datetime import time

import pytest

from accounts.models import AuditEvent
from sessions_app.models import AvailabilityRule, Session
from tests.factories import AvailabilityRuleFactory, CentreFactory, StaffCentreFactory
from tests.sessions_app.clinic import book, coming, done, open_practice, refused, slots_shown

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY = 0, 1


def hours(weekday=MONDAY, start="09:00", end="17:00", timezone="Europe/London", **more):
    return {"weekday": weekday, "start": start, "end": end, "timezone": timezone, **more}


def put(client, counselor, *rules):
    return client.put(f"/api/counselors/{counselor.pk}/availability", {"rules": list(rules)}, format="json")


def shown(client, counselor):
    return done(client.get(f"/api/counselors/{counselor.pk}/availability"))["rules"]


@pytest.fixture
def counselor(practice):
    return practice


@pytest.fixture
def own(api_as, counselor):
    return api_as(counselor.user)


def unchanged(counselor):
    return list(AvailabilityRule.objects.filter(counselor=counselor).values())


def test_hours_take_the_place_of_all_others_and_are_answered_in_the_order_of_the_week(api, own, counselor):
    centre = str(counselor.primary_centre_id)
    rules = [
        hours(TUESDAY, "13:00", "00:00"),
        hours(MONDAY, "13:30", "17:00", centre=centre),
        hours(MONDAY, "08:15", "12:00", "Asia/Kolkata", valid_from="2026-12-01", valid_until="2027-01-31"),
    ]
    answer = done(put(own, counselor, *rules))["rules"]
    assert [(rule["weekday"], rule["start"], rule["end"]) for rule in answer] == [
        (MONDAY, "08:15", "12:00"),
        (MONDAY, "13:30", "17:00"),
        (TUESDAY, "13:00", "00:00"),
    ]
    assert answer[0]["timezone"] == "Asia/Kolkata"
    assert (answer[0]["valid_from"], answer[0]["valid_until"]) == ("2026-12-01", "2027-01-31")
    assert [rule["centre"] for rule in answer] == [None, centre, None]
    assert shown(api, counselor) == answer
    assert AvailabilityRule.objects.filter(counselor=counselor).count() == 3
    record = AuditEvent.objects.get(action="availability.replaced")
    assert (record.actor_id, record.object_id) == (counselor.pk, counselor.pk)


def test_what_was_read_can_be_sent_back(own, counselor):
    done(put(own, counselor, hours(), hours(TUESDAY, "10:00", "00:00")))
    before = shown(own, counselor)
    sent = [{name: value for name, value in rule.items() if name != "id"} for rule in before]
    after = done(put(own, counselor, *sent))["rules"]
    assert [{**rule, "id": None} for rule in after] == [{**rule, "id": None} for rule in before]


def test_no_hours_at_all_are_hours_too(api, own, counselor):
    assert done(put(own, counselor))["rules"] == []
    assert slots_shown(api, counselor, coming()) == []


def test_sessions_that_are_booked_stay_as_they_are(api, own, counselor, patient):
    session = book(counselor, patient, coming())
    before = Session.objects.values().get(pk=session.pk)
    done(put(own, counselor, *(hours(day, "12:00", "14:00", "UTC") for day in range(7))))
    assert Session.objects.values().get(pk=session.pk) == before
    assert slots_shown(api, counselor, session.start)[0] == coming(hour=12)


def test_other_counselors_keep_their_hours(own, counselor):
    other = open_practice()
    before = unchanged(other)
    done(put(own, counselor, hours()))
    assert unchanged(other) == before


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (hours(start="17:00", end="09:00"), "rules.1.end"),
        (hours(start="09:00", end="09:00"), "rules.1.end"),
        (hours(timezone="Mars/Olympus"), "rules.1.timezone"),
        (hours(timezone=""), "rules.1.timezone"),
        (hours(weekday=7), "rules.1.weekday"),
        (hours(weekday=-1), "rules.1.weekday"),
        (hours(weekday="Monday"), "rules.1.weekday"),
        (hours(start="24:00"), "rules.1.start"),
        (hours(start="9"), "rules.1.start"),
        (hours(end="17:00:30"), "rules.1.end"),
        (hours(valid_from="2027-02-01", valid_until="2027-01-01"), "rules.1.valid_until"),
        (hours(valid_from="0001-01-01"), "rules.1.valid_from"),
        (hours(centre="here"), "rules.1.centre"),
        (hours(every="2 weeks"), "rules.1.every"),
        ({"weekday": 0}, "rules.1.start"),
        ("Monday", "rules.1"),
        (None, "rules.1"),
    ],
)
def test_one_bad_rule_changes_nothing_and_is_named_by_its_place(own, counselor, bad, field):
    before = unchanged(counselor)
    error = refused(put(own, counselor, hours(TUESDAY), bad), 400, "VALIDATION_ERROR")
    assert any(name.startswith(field) for name in error["details"]), error["details"]
    assert unchanged(counselor) == before


@pytest.mark.parametrize(
    ("one", "other", "is_refused"),
    [
        (hours(end="12:00"), hours(start="11:45"), True),
        (hours(start="10:00", end="11:00"), hours(), True),
        (hours(), hours(), True),
        (hours(end="00:00"), hours(start="23:45", end="00:00"), True),
        (hours(valid_until="2027-02-01"), hours(valid_from="2027-02-01"), True),
        (hours(valid_until="2027-01-31"), hours(valid_from="2027-02-01"), False),
        (hours(end="12:00"), hours(start="12:00"), False),
        (hours(), hours(TUESDAY), False),
        (hours(end="00:00"), hours(TUESDAY, start="00:00"), False),
    ],
)
def test_hours_that_overlap_on_one_weekday_are_refused(own, counselor, one, other, is_refused):
    before = unchanged(counselor)
    answer = put(own, counselor, one, other)
    if is_refused:
        error = refused(answer, 400, "VALIDATION_ERROR")
        assert "overlap" in error["details"]["rules.1.start"][0]
        assert unchanged(counselor) == before
    else:
        assert len(done(answer)["rules"]) == 2


def test_a_centre_where_the_counselor_does_not_work_is_refused(own, counselor):
    before = unchanged(counselor)
    foreign = CentreFactory()
    error = refused(
        put(own, counselor, hours(), hours(TUESDAY, centre=str(foreign.pk))), 400, "VALIDATION_ERROR"
    )
    assert "does not work at this centre" in error["details"]["rules.1.centre"][0]
    assert unchanged(counselor) == before
    StaffCentreFactory(user=counselor.user, centre=foreign)
    done(put(own, counselor, hours(), hours(TUESDAY, centre=str(foreign.pk))))


@pytest.mark.parametrize(
    "body", [{}, {"rules": None}, {"rules": {}}, {"rules": "all"}, [], {"rules": [], "x": 1}]
)
def test_a_body_without_a_list_of_rules_changes_nothing(own, counselor, body):
    before = unchanged(counselor)
    answer = own.put(f"/api/counselors/{counselor.pk}/availability", body, format="json")
    refused(answer, 400, "VALIDATION_ERROR")
    assert unchanged(counselor) == before


def test_more_rules_than_a_week_can_need_are_refused(own, counselor):
    rules = [hours(day, f"{hour:02}:00", f"{hour:02}:30", "UTC") for day in range(7) for hour in range(15)]
    error = refused(put(own, counselor, *rules), 400, "VALIDATION_ERROR")
    assert "100" in str(error["details"])
    done(put(own, counselor, *rules[:100]))


def test_the_price_of_saving_does_not_grow_with_the_rules(own, counselor, django_assert_max_num_queries):
    rules = [hours(day, f"{hour:02}:00", f"{hour:02}:30", "UTC") for day in range(7) for hour in range(14)]
    with django_assert_max_num_queries(16):
        done(put(own, counselor, *rules))


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        ("visitor", (401, "NOT_AUTHENTICATED")),
        ("stranger", (403, "PERMISSION_DENIED")),
        ("a.patient", (403, "PERMISSION_DENIED")),
        ("a.front_desk", (403, "PERMISSION_DENIED")),
        ("b.counselor", (403, "PERMISSION_DENIED")),
        ("b.care_coordinator", (403, "PERMISSION_DENIED")),
        ("b.centre_manager", (403, "PERMISSION_DENIED")),
        ("a.counselor", None),
        ("a.care_coordinator", None),
        ("a.centre_manager", None),
        ("manager", None),
        ("admin", None),
    ],
)
def test_hours_are_changed_by_those_who_may(api, api_as, cast, who, answer):
    counselor = cast.a.counselor.counselor_profile
    AvailabilityRuleFactory(counselor=counselor)
    before = unchanged(counselor)
    person = cast
    for part in who.split("."):
        person = getattr(person, part, None)
    client = api_as(person) if person else api
    reply = put(client, counselor, hours(TUESDAY, "10:00", "11:00"))
    if answer:
        refused(reply, *answer)
        assert unchanged(counselor) == before
    else:
        assert done(reply)["rules"][0]["start"] == "10:00"


def test_a_counselor_who_is_not_listed_yet_plans_hours_that_nobody_else_finds(api, api_as, cast):
    counselor = cast.a.counselor.counselor_profile
    counselor.is_approved = False
    counselor.save()
    done(put(api_as(cast.a.counselor), counselor, hours()))
    refused(put(api_as(cast.b.counselor), counselor, hours()), 404, "NOT_FOUND")
    refused(api.get(f"/api/counselors/{counselor.pk}/availability"), 404, "NOT_FOUND")


def test_rules_behind_the_services_back_obey_the_database(counselor):
    """The admin and a shell meet the same limits, as constraints."""
    from django.db import IntegrityError, transaction

    for bad in (
        {"weekday": 7},
        {"start": time(12), "end": time(11)},
        {"valid_from": "2027-02-01", "valid_until": "2027-01-01"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            AvailabilityRuleFactory(counselor=counselor, **bad)
