"""Joining, seeing, prioritising and leaving over HTTP; who may is tests/access/table.py's to say."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app.models import WaitlistEntry
from sessions_app.services.waitlist import end_outdated_waiting
from tests.factories import PatientFactory, SessionTypeFactory
from tests.notifications.post import work_off
from tests.sessions_app.clinic import book, coming, done, instant, open_practice, refused
from tests.sessions_app.waiting import WAITLIST, free, the_offer_to, wait

pytestmark = pytest.mark.django_db


def join(client, **body):
    return client.post(WAITLIST, {"timezone": "UTC"} | body, format="json")


def test_joining_for_a_counselor(api_as, practice, patient):
    offered = practice.session_types.get()
    shown = done(
        join(
            api_as(patient),
            counselor=str(practice.pk),
            type=str(offered.pk),
            mode="video",
            timezone="Asia/Kolkata",
            weekdays=[5, 0, 0],
            earliest="09:00",
            latest="12:30",
        ),
        201,
    )
    assert (shown["weekdays"], shown["earliest"], shown["latest"]) == ([0, 5], "09:00", "12:30")
    assert (shown["counselor"]["id"], shown["type"]) == (str(practice.pk), str(offered.pk))
    assert (shown["status"], shown["priority"], shown["offer"]) == ("waiting", 0, None)
    assert shown["can"] == ["leave"]
    # The end of the last day in Kolkata, 18:30 UTC.
    assert instant(shown["expires_at"]).astimezone().strftime("%H:%M") == "18:30"
    assert done(api_as(patient).get(f"{WAITLIST}/{shown['id']}")) == shown


def test_joining_with_a_search(api_as, patient):
    shown = done(join(api_as(patient), specialization="grief", language="en", fee_max=5000), 201)
    assert (shown["counselor"], shown["specialization"], shown["fee_max"]) == (None, "grief", 5000)


def test_joining_twice_for_the_same_keeps_ones_place(api_as, practice, patient):
    first = done(join(api_as(patient), counselor=str(practice.pk)), 201)
    assert done(join(api_as(patient), counselor=str(practice.pk)), 201)["id"] == first["id"]
    assert done(join(api_as(patient), counselor=str(practice.pk), mode="phone"), 201)["id"] != first["id"]


def test_nobody_waits_for_everything(api_as, patient):
    for number in range(10):
        done(join(api_as(patient), specialization=f"s{number}"), 201)
    refused(join(api_as(patient), specialization="one more"), 409, "INVALID_STATE")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"last_day": "2020-01-01", "first_day": "2020-01-01"}, "last_day"),
        ({"last_day": "2099-01-01"}, "last_day"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": [7]}, "weekdays.0"),
        ({"earliest": "12:00", "latest": "11:00"}, "latest"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"duration_minutes": 5}, "duration_minutes"),
        ({"specialization": "x"}, "counselor"),
        ({"priority": 2}, "priority"),
    ],
)
def test_what_cannot_be_waited_for_is_refused_by_its_field(api_as, practice, patient, body, field):
    error = refused(join(api_as(patient), counselor=str(practice.pk), **body), 400, "VALIDATION_ERROR")
    assert field in error["details"], error
    assert not WaitlistEntry.objects.exists()


def test_a_type_is_one_that_the_counselor_offers(api_as, practice, patient):
    other = SessionTypeFactory(counselor=open_practice())
    error = refused(
        join(api_as(patient), counselor=str(practice.pk), type=str(other.pk)), 400, "VALIDATION_ERROR"
    )
    assert "type" in error["details"]
    refused(join(api_as(patient), counselor=str(patient.pk)), 404, "NOT_FOUND")


def test_the_offer_is_shown_to_those_who_see_the_entry(api_as, practice, patient, rival):
    session = book(practice, rival, coming())
    wait(patient, practice)
    free(session)
    offer = the_offer_to(patient)
    for reader in (patient, practice.user):
        (row,) = done(api_as(reader).get(WAITLIST))
        assert row["offer"]["id"] == str(offer.pk)
        assert instant(row["offer"]["start"]) == session.start
    assert done(api_as(rival).get(WAITLIST)) == []


def test_an_anonymous_patient_waits_under_their_alias(api_as, practice):
    hidden = PatientFactory(anonymous=True, user__first_name="Secret").user
    wait(hidden, practice)
    answer = api_as(practice.user).get(WAITLIST)
    assert done(answer)[0]["patient"]["display_name"].startswith("Quiet Heron")
    assert b"Secret" not in answer.content


def test_the_counselor_says_whose_turn_it_is(api_as, practice, patient, rival):
    wait(patient, practice)
    entry = wait(rival, practice)
    client = api_as(practice.user)
    assert done(client.patch(f"{WAITLIST}/{entry.pk}", {"priority": 2}, format="json"))["priority"] == 2
    assert [row["id"] for row in done(client.get(WAITLIST))][0] == str(entry.pk)
    done(api_as(rival).delete(f"{WAITLIST}/{entry.pk}"), 204)
    done(api_as(rival).delete(f"{WAITLIST}/{entry.pk}"), 204)
    refused(client.patch(f"{WAITLIST}/{entry.pk}", {"priority": 1}, format="json"), 409, "INVALID_STATE")
    assert [row["status"] for row in done(client.get(f"{WAITLIST}?status=left"))] == ["left"]


def test_staff_and_counselors_let_people_wait(api_as, cast):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile)
    body = {"counselor": str(counselor.pk), "patient": str(cast.a.patient.pk)}
    shown = done(join(api_as(cast.a.front_desk), **body), 201)
    assert shown["patient"]["id"] == str(cast.a.patient.pk)
    done(join(api_as(cast.a.counselor), mode="video", **body), 201)
    refused(
        join(api_as(cast.a.counselor), patient=str(cast.a.patient.pk), specialization="grief"),
        403,
        "PERMISSION_DENIED",
    )


def test_a_long_list_takes_no_more_queries_than_a_short_one(api_as, practice):
    def queries():
        client = api_as(practice.user)
        with CaptureQueriesContext(connection) as captured:
            done(client.get(f"{WAITLIST}?page_size=50"))
        return len(captured)

    wait(PatientFactory().user, practice)
    few = queries()
    for _ in range(20):
        wait(PatientFactory().user, practice)
    assert queries() == few


def test_they_are_told_by_mail_without_a_word_about_health(practice, rival):
    reader = PatientFactory(user__timezone="Asia/Kolkata").user
    session = book(practice, rival, coming(3, 10))
    wait(reader, practice, specialization="")
    work_off()
    mail.outbox.clear()
    free(session)
    offer = the_offer_to(reader)
    work_off()
    (message,) = [each for each in mail.outbox if each.to == [reader.email]]
    assert message.subject.startswith("A time has become free: ")
    assert "3:30 pm" in message.subject
    assert practice.user.full_name not in message.subject
    for text in (message.body, message.alternatives[0][0]):
        assert f"/waitlist/offers/{offer.pk}" in text
        assert practice.user.full_name in text
        assert "until " in text


def test_who_answered_is_not_told_any_more(practice, patient, rival, api_as):
    session = book(practice, rival, coming(3, 10))
    wait(patient, practice)
    work_off()
    mail.outbox.clear()
    free(session)
    done(api_as(patient).delete(f"/api/sessions/holds/{the_offer_to(patient).pk}"), 204)
    work_off()
    assert [each for each in mail.outbox if "free" in each.subject] == []


def test_a_wait_is_over_after_its_last_day(practice, patient, rival):
    session = book(practice, rival, coming())
    entry = wait(patient, practice)
    WaitlistEntry.objects.filter(pk=entry.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert free(session) == 0
    assert (end_outdated_waiting(), end_outdated_waiting()) == (1, 0)
    entry.refresh_from_db()
    assert entry.status == "expired"
