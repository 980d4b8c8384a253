"""The waitlist through the browser's door."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from sessions_app.models import CalendarEntry, Occupancy, Session, WaitlistEntry, WaitlistOffer
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, coming, open_practice
from tests.sessions_app.pages import browser_of, led_to, profile, queries_of, source, words
from tests.sessions_app.waiting import free, the_offer_to, wait

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(patient):
    return browser_of(patient)


@pytest.fixture
def offer(practice, patient, rival):
    session = book(practice, rival, coming())
    wait(patient, practice)
    free(session)
    return the_offer_to(patient)


def window(**more):
    today = timezone.now().date()
    return {
        "weekdays": ["0", "1", "2", "3", "4", "5", "6"],
        "first_day": str(today),
        "last_day": str(today + timedelta(days=30)),
        "earliest": "",
        "latest": "",
    } | more


def to_join(counselor):
    return reverse("waitlist_join") + f"?counselor={counselor.pk}&mode=video"


def on_offer(name, offer):
    return reverse(name, args=[offer.pk])


def test_a_profile_leads_to_the_waitlist_and_back(browser, practice):
    offered = practice.session_types.get()
    page = source(browser.get(profile(practice)))
    address = f"/waitlist/join?counselor={practice.pk}&amp;session_type={offered.pk}&amp;mode=video"
    assert address in page
    asked = browser.get(address.replace("&amp;", "&"))
    assert practice.user.full_name in words(asked)
    answer = browser.post(
        reverse("waitlist_join"),
        {"counselor": practice.pk, "session_type": offered.pk, "mode": "video"} | window(earliest="09:00"),
    )
    assert led_to(answer) == "/waitlist"
    shown = words(browser.get("/waitlist"))
    assert practice.user.full_name in shown
    assert "Any day, from 9:00" in shown


def test_a_visitor_comes_back_after_signing_in(practice):
    assert led_to(browser_of().get(to_join(practice))).startswith("/accounts/login/?next=/waitlist/join")


def test_a_search_that_finds_no_time_leads_to_the_waitlist(browser, practice):
    page = source(browser.get("/counselors?specialization=grief&mode=phone"))
    assert "/waitlist/join?specialization=grief&amp;mode=phone" in page
    browser.post(reverse("waitlist_join"), {"specialization": "grief", "mode": "phone"} | window())
    entry = WaitlistEntry.objects.get()
    assert (entry.counselor_id, entry.specialization, entry.mode) == (None, "grief", "phone")
    assert "Any counselor" in words(browser.get("/waitlist"))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"weekdays": []}, "On which days?"),
        ({"earliest": "12:00", "latest": "09:00"}, "The end must be after the start"),
        ({"first_day": "2020-01-01", "last_day": "2020-02-01"}, "This day is over"),
        ({"last_day": "soon"}, "Until"),
    ],
)
def test_a_window_that_cannot_be_is_said_at_its_field(browser, practice, wrong, told):
    answer = browser.post(reverse("waitlist_join"), {"counselor": practice.pk} | window(**wrong))
    assert told in words(answer, 422)
    assert f'value="{practice.pk}"' in source(answer, 422)
    assert not WaitlistEntry.objects.exists()


def test_leaving_asks_first(browser, practice, patient):
    entry = wait(patient, practice)
    assert "Leave the waitlist?" in words(browser.get(reverse("my_waitlist_entry", args=[entry.pk])))
    assert led_to(browser.post(reverse("waitlist_leave", args=[entry.pk]))) == "/waitlist"
    entry.refresh_from_db()
    assert entry.status == "left"
    assert "You wait for nothing" in words(browser.get("/waitlist"))
    assert led_to(browser.get(reverse("my_waitlist_entry", args=[entry.pk]))) == "/waitlist"


def test_an_offer_is_shown_and_booked_with_a_note(browser, patient, offer):
    assert "A time is kept for you" in words(browser.get("/waitlist"))
    assert "It is kept for you" in words(browser.get(on_offer("waitlist_offer", offer)))
    answer = browser.post(on_offer("waitlist_accept", offer), {"note": "I am glad."})
    session = Session.objects.get(status="confirmed")
    assert led_to(answer) == f"/sessions/{session.pk}/booked"
    assert session.participants.get().note == "I am glad."
    assert led_to(browser.post(on_offer("waitlist_accept", offer), {"note": ""})) == led_to(answer)
    assert led_to(browser.get(on_offer("waitlist_offer", offer))) == f"/sessions/{session.pk}"
    assert led_to(browser.get(reverse("book_details", args=[offer.pk]))) == f"/sessions/{session.pk}/booked"


def test_an_offer_is_opened_on_its_own_page_only(browser, offer):
    assert led_to(browser.get(reverse("book_details", args=[offer.pk]))) == on_offer("waitlist_offer", offer)


def test_an_offer_is_declined(browser, offer):
    assert led_to(browser.post(on_offer("waitlist_decline", offer))) == "/waitlist"
    offer.refresh_from_db()
    assert offer.outcome == "declined"
    assert "no longer kept" in words(browser.get(on_offer("waitlist_offer", offer)), 409)
    assert led_to(browser.post(on_offer("waitlist_accept", offer))) == on_offer("waitlist_offer", offer)


def test_an_offer_that_is_over_says_so(browser, offer):
    past = timezone.now() - timedelta(seconds=1)
    CalendarEntry.objects.filter(pk=offer.pk).update(expires_at=past)
    Occupancy.objects.filter(entry=offer.pk).update(expires_at=past)
    WaitlistOffer.objects.filter(pk=offer.pk).update(expires_at=past)
    answer = browser.post(on_offer("waitlist_accept", offer), {"note": ""}, follow=True)
    assert "This offer is over" in source(answer, 409)
    assert not Session.objects.filter(status="confirmed").exists()


def test_nobody_opens_the_offer_of_somebody_else(offer, rival, practice):
    for user in (rival, practice.user):
        client = browser_of(user)
        assert client.get(on_offer("waitlist_offer", offer)).status_code == 404
        assert client.post(on_offer("waitlist_accept", offer)).status_code == 404
        assert client.post(on_offer("waitlist_decline", offer)).status_code == 404


def test_a_counselor_sees_who_waits_and_sets_whose_turn_it_is(practice, patient, rival):
    client = browser_of(practice.user)
    assert "Nobody waits" in words(client.get("/waitlist/people"))
    wait(patient, practice)
    entry = wait(rival, practice)
    wait(rival, open_practice())
    assert led_to(client.get("/waitlist")) == "/waitlist/people"
    answer = client.post(reverse("waitlist_priority", args=[entry.pk]), {"priority": "2"})
    assert led_to(answer) == "/waitlist/people"
    shown = words(client.get("/waitlist/people"))
    assert "2 waiting" in shown
    assert shown.index(rival.full_name) < shown.index(patient.full_name)
    assert client.post(reverse("waitlist_priority", args=[entry.pk]), {"priority": "9"}).status_code == 400


def test_patients_see_no_list_of_people(browser, practice, patient):
    entry = wait(patient, practice)
    assert browser.get("/waitlist/people").status_code == 403
    assert browser.post(reverse("waitlist_priority", args=[entry.pk]), {"priority": "2"}).status_code == 403


def test_who_waits_is_shown_in_a_fixed_number_of_queries(practice):
    client = browser_of(practice.user)
    wait(PatientFactory().user, practice)
    few = queries_of(client, "/waitlist/people")
    for _ in range(15):
        wait(PatientFactory().user, practice)
    assert queries_of(client, "/waitlist/people") == few
