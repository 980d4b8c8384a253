"""From a chosen time to a booked session, through the browser's door."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sessions_app.models import Session, SlotHold
from sessions_app.services.cancellation import cancel_session
from tests.factories import CounselorFactory, PatientFactory
from tests.sessions_app.clinic import book, coming
from tests.sessions_app.pages import browser_of, keep, kept_by, led_to, on_hold, source, time_of, words

pytestmark = pytest.mark.django_db
NOTE = "I sleep badly since March."


@pytest.fixture
def browser(patient):
    return browser_of(patient)


def ask(client, counselor, start, /, **more):
    address = reverse("hold_slot", args=[counselor.pk])
    return client.get(f"{address}?{urlencode(time_of(counselor, start, **more))}")


def confirm(client, hold_id, note=""):
    return client.post(on_hold("book_confirm", hold_id), {"note": note})


# --- Keeping a time ------------------------------------------------------------------------------------------


def test_a_visitor_is_shown_the_time_and_comes_back_to_it_after_signing_in(practice):
    answer = ask(browser_of(), practice, coming())
    assert "50 minutes" in words(answer)
    assert "Make an account" in words(answer)
    address = re.search(r'/accounts/login/\?next=([^"]+)"', source(answer)).group(1)
    assert address.startswith(f"/counselors/{practice.pk}/hold%3Fstart%3D")


def test_a_visitor_who_posts_is_led_to_sign_in(practice):
    answer = keep(browser_of(), practice, coming())
    assert led_to(answer) == f"/accounts/login/?next=/counselors/{practice.pk}/hold"


def test_being_asked_keeps_nothing(browser, practice):
    assert "Keep this time?" in words(ask(browser, practice, coming()))
    assert not SlotHold.objects.exists()


def test_a_kept_time_shows_how_long_it_is_kept(browser, practice):
    hold_id = kept_by(browser, practice, coming())
    answer = browser.get(on_hold("book_details", hold_id))

    assert "This time is kept for you until" in words(answer)
    seconds = int(re.search(r'data-seconds="(\d+)"', source(answer)).group(1))
    assert 290 <= seconds <= 300
    assert "Is there something your counselor should know before?" in words(answer)


@pytest.mark.parametrize("role", ["counselor", "front_desk", "care_coordinator", "manager", "admin"])
def test_only_patients_keep_times_here(cast, practice, role):
    client = browser_of(cast.of_role(role))
    assert "not open to you" in words(ask(client, practice, coming()), 403)
    assert keep(client, practice, coming()).status_code == 403


@pytest.mark.parametrize(
    "spoilt",
    [
        {"start": "soon"},
        {"start": "2026-12-01T09:00"},
        {"start": "2026-13-45T99:00Z"},
        {"mode": "x"},
        {"session_type": "1"},
    ],
)
def test_a_time_that_cannot_be_read_leads_back_to_the_times(browser, practice, spoilt):
    address = reverse("counselor_profile", args=[practice.pk])
    assert led_to(ask(browser, practice, coming(), **spoilt)) == address
    assert led_to(keep(browser, practice, coming(), **spoilt)) == address
    assert "could not be read" in words(browser.get(address))


def test_a_plus_that_nobody_escaped_is_understood(browser, practice):
    start = coming().isoformat()
    address = reverse("hold_slot", args=[practice.pk])
    asked = time_of(practice, coming())
    answer = browser.get(f"{address}?start={start}&session_type={asked['session_type']}&mode=video")
    assert "+" in start
    assert "Keep this time?" in words(answer)


def test_a_type_that_is_no_longer_offered_leads_back_to_those_that_are(browser, practice):
    practice.session_types.update(is_active=False)
    assert led_to(ask(browser, practice, coming())) == reverse("counselor_profile", args=[practice.pk])


def test_an_unknown_or_unlisted_counselor_is_not_found(browser, practice):
    hidden = CounselorFactory(unapproved=True)
    offered = time_of(practice, coming())
    for method in (browser.get, browser.post):
        assert method(reverse("hold_slot", args=[hidden.pk]), offered).status_code == 404


def test_a_time_in_the_past_is_explained_in_words(browser, practice):
    page = words(keep(browser, practice, timezone.now() - timedelta(days=1)), 400)
    assert "This time is in the past. Choose a coming one." in page


def test_a_time_outside_the_hours_offers_the_nearest(browser, practice):
    page = words(keep(browser, practice, coming(hour=3)), 400)
    assert "The counselor is not there at this time." in page
    assert "9:00 am" in page


def test_a_second_kept_time_gives_the_first_back(browser, practice):
    first = kept_by(browser, practice, coming())
    kept_by(browser, practice, coming(hour=12))
    assert "This time is no longer kept" in words(browser.get(on_hold("book_details", first)), 409)


# --- Booking -------------------------------------------------------------------------------------------------


def test_booking_ends_at_the_booked_page_and_everybody_sees_it(browser, cast, practice, patient):
    hold_id = kept_by(browser, practice, coming())
    session = Session.objects.get(pk=led_to(confirm(browser, hold_id, NOTE)).split("/")[2])
    day = f"?day={coming().date()}"

    booked = browser.get(reverse("session_booked", args=[session.pk]))
    assert "Your session is booked" in words(booked)
    assert f"/sessions/{session.pk}/calendar.ics" in source(booked)
    assert str(session.pk) in source(browser.get("/sessions"))
    counselor = browser_of(practice.user)
    assert patient.full_name in words(counselor.get(f"/today{day}"))
    assert NOTE in words(counselor.get(f"/sessions/{session.pk}"))
    desk = words(browser_of(cast.admin).get(f"/desk{day}"))
    assert f"{patient.full_name} {practice.user.full_name}" in desk


def test_pressing_twice_books_once_and_ends_at_the_same_page(browser, practice):
    hold_id = kept_by(browser, practice, coming())
    assert led_to(confirm(browser, hold_id)) == led_to(confirm(browser, hold_id))
    assert Session.objects.count() == 1


def test_coming_back_after_booking_shows_that_it_is_booked(browser, practice):
    hold_id = kept_by(browser, practice, coming())
    booked = led_to(confirm(browser, hold_id))
    assert led_to(browser.get(on_hold("book_details", hold_id))) == booked


def test_confirming_what_was_booked_and_cancelled_shows_the_session(browser, practice, patient):
    hold_id = kept_by(browser, practice, coming())
    session = Session.objects.get(pk=led_to(confirm(browser, hold_id)).split("/")[2])
    cancel_session(session=session, actor=patient)
    answer = browser.post(on_hold("book_confirm", hold_id), follow=True)

    assert "the session is cancelled" in words(answer)
    assert "Cancelled by you" in words(answer)


def test_too_late_keeps_the_time_again_with_what_was_typed(browser, practice, expire):
    late = kept_by(browser, practice, coming())
    expire(late)
    answer = confirm(browser, late, NOTE)

    assert "The five minutes were over" in words(answer)
    assert NOTE in source(answer)
    again = SlotHold.objects.get(is_live=True)
    assert str(again.pk) != late
    assert reverse("book_confirm", args=[again.pk]) in source(answer)
    assert led_to(confirm(browser, again.pk, NOTE)).endswith("/booked")


def test_a_time_given_up_in_another_window_is_kept_again(browser, practice):
    first = kept_by(browser, practice, coming())
    kept_by(browser, practice, coming(hour=12))
    answer = confirm(browser, first, NOTE)

    assert "This time had been given back" in words(answer)
    assert NOTE in source(answer)
    assert SlotHold.objects.get(is_live=True).entry.start == coming()


def test_a_time_taken_meanwhile_offers_others_and_carries_the_note_along(browser, practice, rival, expire):
    late = kept_by(browser, practice, coming())
    expire(late)
    book(practice, rival, coming())
    answer = confirm(browser, late, NOTE)

    assert "This time has just been taken." in words(answer, 409)
    assert NOTE in words(answer, 409)
    starts = re.findall(r'name="start" value="([^"]+)"', source(answer, 409))
    assert len(starts) == 3
    alternative = browser.post(
        reverse("hold_slot", args=[practice.pk]), time_of(practice, coming(), start=starts[0], note=NOTE)
    )
    assert NOTE in source(alternative)
    assert "This time is kept for you" in words(alternative)


def test_somebody_quicker_is_told_without_a_name(browser, practice):
    rival = PatientFactory(user__first_name="Quicker").user
    book(practice, rival, coming())
    page = words(keep(browser, practice, coming()), 409)
    assert "The nearest free times" in page
    assert "Quicker" not in page


def test_a_note_that_is_too_long_is_kept_on_the_page(browser, practice):
    hold_id = kept_by(browser, practice, coming())
    answer = confirm(browser, hold_id, "x" * 2001)
    assert "Please look at this again" in words(answer, 422)
    assert "x" * 2001 in source(answer, 422)
    assert not Session.objects.exists()


# --- Longer, and back ----------------------------------------------------------------------------------------


def test_longer_keeps_what_is_typed_and_works_once(browser, practice):
    hold_id = kept_by(browser, practice, coming())
    longer = browser.post(on_hold("hold_renew", hold_id), {"note": NOTE})
    assert NOTE in source(longer)
    assert "Keep it five minutes longer" not in words(longer)

    again = browser.post(on_hold("hold_renew", hold_id), {"note": NOTE})
    assert "renewed already" in words(again)
    assert NOTE in source(again)


def test_longer_without_a_note_leads_back(browser, practice):
    hold_id = kept_by(browser, practice, coming())
    assert led_to(browser.post(on_hold("hold_renew", hold_id))) == on_hold("book_details", hold_id)


def test_longer_after_the_end_keeps_the_time_again(browser, practice, expire):
    hold_id = kept_by(browser, practice, coming())
    expire(hold_id)
    answer = browser.post(on_hold("hold_renew", hold_id), {"note": NOTE})
    assert "The five minutes were over" in words(answer)
    assert NOTE in source(answer)


def test_giving_it_back_twice_is_no_error(browser, practice):
    hold_id = kept_by(browser, practice, coming())
    for _ in range(2):
        answer = browser.post(on_hold("hold_release", hold_id))
        assert led_to(answer) == reverse("counselor_profile", args=[practice.pk])
    assert not SlotHold.objects.filter(is_live=True).exists()


# --- Whose, and how ------------------------------------------------------------------------------------------

PAGES = ["book_details", "book_confirm", "hold_renew", "hold_release"]


@pytest.mark.parametrize("page", PAGES)
def test_somebody_elses_hold_is_not_found(browser, practice, rival, page):
    address = on_hold(page, kept_by(browser, practice, coming()))
    stranger = browser_of(rival)
    answer = stranger.get(address) if page == "book_details" else stranger.post(address)
    assert "nothing at this address" in words(answer, 404)
    assert SlotHold.objects.filter(is_live=True).count() == 1


@pytest.mark.parametrize("page", PAGES)
def test_visitors_sign_in_first(browser, practice, page):
    address = on_hold(page, kept_by(browser, practice, coming()))
    assert led_to(browser_of().get(address)) == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("page", PAGES[1:])
def test_the_address_of_a_form_leads_back_to_the_form(browser, practice, page):
    hold_id = kept_by(browser, practice, coming())
    assert led_to(browser.get(on_hold(page, hold_id))) == on_hold("book_details", hold_id)
    assert SlotHold.objects.filter(is_live=True).count() == 1


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", ["put", "delete"])
def test_other_methods_are_refused(browser, practice, page, method):
    address = on_hold(page, kept_by(browser, practice, coming()))
    assert getattr(browser, method)(address).status_code == 405


def test_other_sites_cannot_keep_or_book(patient, practice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(patient)
    assert keep(client, practice, coming()).status_code == 403
    assert not SlotHold.objects.exists()


def test_a_refusal_leads_on_to_the_waitlist_and_to_others_for_the_same(practice, patient, rival):
    practice.specializations = ["anxiety", "grief & loss"]
    practice.save(update_fields=["specializations"])
    book(practice, rival, coming())
    browser = browser_of(patient)
    page = source(keep(browser, practice, coming()), 409)
    waitlist = re.search(r'href="(/waitlist/join\?[^"]+)"', page).group(1)
    assert f"counselor={practice.pk}" in waitlist
    assert "Tell me" in words(browser.get(unescape(waitlist)))
    assert "?specialization=grief%20%26%20loss" in page
