"""On pages: what cancelling costs, starting, putting right, waiving, rating, and a counselor's notice policy."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from sessions_app.models import CancellationCharge, SessionRating
from sessions_app.models import Session as Booked
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, coming, keep_policy, open_practice
from tests.sessions_app.pages import browser_of, kept_by, led_to, on_hold, source, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def practice(cast):
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile, paid=True)
    keep_policy(counselor, free_until_hours=24, late_percent=50)
    return counselor


@pytest.fixture
def session(practice, cast):
    return book(practice, cast.a.patient, coming(), mode="video")


def begins_in(session, **left):
    start = timezone.now() + timedelta(**left)
    Booked.objects.filter(pk=session.pk).update(start=start, end=start + timedelta(minutes=50))


def page_of(session, name):
    return reverse(name, args=[session.pk])


def status_of(session):
    return Booked.objects.values_list("status", flat=True).get(pk=session.pk)


# --- What cancelling costs -----------------------------------------------------------------------------------


def test_the_terms_stand_on_the_page_before_booking(cast, practice):
    browser = browser_of(cast.a.patient)
    shown = words(browser.get(on_hold("book_details", kept_by(browser, practice, coming()))))
    assert "You can cancel free of charge until" in shown
    assert "After that, cancelling costs $30, 50 percent of the price." in shown


def test_without_a_policy_it_says_that_it_is_free(cast):
    practice = open_practice()
    browser = browser_of(cast.a.patient)
    shown = words(browser.get(on_hold("book_details", kept_by(browser, practice, coming()))))
    assert "free of charge, up to the time it begins" in shown


def test_the_charge_is_shown_before_and_told_after(cast, session):
    begins_in(session, hours=2)
    browser = browser_of(cast.a.patient)
    asked = browser.get(page_of(session, "session_cancel"))
    assert "Cancelling now costs $30, 50 percent of the price." in words(asked)
    assert "Cancel for $30" in words(asked)
    assert 'name="charge_minor" value="3000"' in source(asked)
    answer = browser.post(page_of(session, "session_cancel"), {"charge_minor": "3000"}, follow=True)
    assert "Cancelling late cost $30, by version 1 of what you agreed to when you booked." in words(answer)


def test_a_charge_that_was_not_shown_is_shown_first(cast, session):
    """The page was opened while it was free, and sent when it was no longer."""
    begins_in(session, hours=2)
    browser = browser_of(cast.a.patient)
    for sent in ({"charge_minor": "0"}, {}):
        answer = browser.post(page_of(session, "session_cancel"), sent)
        assert "Cancelling now costs $30, more than you were shown." in words(answer, 422)
        assert 'name="charge_minor" value="3000"' in source(answer, 422)
    assert status_of(session) == "confirmed"
    assert not CancellationCharge.objects.exists()


def test_the_house_reads_that_the_patient_pays_nothing(cast, session):
    begins_in(session, hours=2)
    for person in (cast.a.counselor, cast.a.front_desk):
        shown = words(browser_of(person).get(page_of(session, "session_cancel")))
        assert "The patient is charged nothing when you cancel." in shown


# --- Waiving -------------------------------------------------------------------------------------------------


def test_the_desk_waives_a_charge_with_a_reason(cast, session):
    begins_in(session, hours=2)
    browser_of(cast.a.patient).post(page_of(session, "session_cancel"), {"charge_minor": "3000"})
    desk = browser_of(cast.a.front_desk)
    assert "Waive the charge" in words(desk.get(page_of(session, "session_detail")))
    assert "$30 for cancelling late, by version 1" in words(desk.get(page_of(session, "session_waive")))
    assert "Please look at this again" in words(desk.post(page_of(session, "session_waive")), 422)
    answer = desk.post(page_of(session, "session_waive"), {"reason": "A strike."}, follow=True)
    assert "The charge is waived." in words(answer)
    assert AuditEvent.objects.get(action="session.charge_waived").why == "A strike."
    patient = words(browser_of(cast.a.patient).get(page_of(session, "session_detail")))
    assert "was waived: nothing is to be paid" in patient
    assert "There is no charge to waive." in words(desk.get(page_of(session, "session_waive"), follow=True))


# --- Starting and putting right ------------------------------------------------------------------------------


def test_the_counselor_starts_from_the_day_and_completes(cast, session):
    begins_in(session, minutes=5)
    start = Booked.objects.get(pk=session.pk).start
    counselor, day = browser_of(cast.a.counselor), f"/today?day={start.date()}"
    assert page_of(session, "session_start") in source(counselor.get(day))
    assert led_to(counselor.post(page_of(session, "session_start"))).startswith("/today")
    assert status_of(session) == "in_progress"
    shown = words(counselor.get(day))
    assert "Now" in shown
    assert "It took place" in shown
    assert page_of(session, "session_start") not in source(counselor.get(day))
    counselor.post(page_of(session, "session_complete"))
    assert status_of(session) == "completed"


def test_starting_too_early_is_said(cast, session):
    answer = browser_of(cast.a.counselor).post(page_of(session, "session_start"), follow=True)
    assert "too early" in words(answer)
    assert status_of(session) == "confirmed"


def test_a_centre_manager_puts_a_no_show_right(cast, session):
    begins_in(session, hours=-2)
    browser_of(cast.a.front_desk).post(page_of(session, "session_no_show"))
    manager = browser_of(cast.a.centre_manager)
    assert "Put right how it ended" in words(manager.get(page_of(session, "session_detail")))
    asked = words(manager.get(page_of(session, "session_correct")))
    assert "The session took place" in asked
    assert "Nobody came" not in asked
    assert "Why" in words(manager.post(page_of(session, "session_correct"), {"status": "completed"}), 422)
    body = {"status": "completed", "reason": "Both were there."}
    assert "Put right." in words(manager.post(page_of(session, "session_correct"), body, follow=True))
    assert status_of(session) == "completed"


def test_there_is_nothing_to_put_right_before_an_end(cast, session):
    manager = browser_of(cast.a.centre_manager)
    assert "nothing to put right" in words(manager.get(page_of(session, "session_correct"), follow=True))


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("patient", "session_start"),
        ("front_desk", "session_start"),
        ("counselor", "session_correct"),
        ("front_desk", "session_correct"),
        ("patient", "session_waive"),
        ("counselor", "session_waive"),
        ("counselor", "session_rate"),
        ("manager", "session_rate"),
    ],
)
def test_who_sees_a_session_may_not_therefore_do_this(cast, session, role, name):
    begins_in(session, minutes=-5)
    body = {"status": "completed", "reason": "No.", "stars": "5"}
    assert browser_of(cast.of_role(role)).post(page_of(session, name), body).status_code == 403
    assert status_of(session) == "confirmed"


# --- Rating --------------------------------------------------------------------------------------------------


@pytest.fixture
def over(cast, session):
    begins_in(session, hours=-2)
    browser_of(cast.a.counselor).post(page_of(session, "session_complete"))
    return session


def test_a_patient_rates_on_the_page_and_changes_it(cast, over):
    browser = browser_of(cast.a.patient)
    assert "How was it for you?" in words(browser.get(page_of(over, "session_detail")))
    address = page_of(over, "session_rate")
    answer = browser.post(address, {"stars": "4", "comment": "It helped me."}, follow=True)
    assert "Thank you." in words(answer)
    assert "It helped me." in words(answer)
    browser.post(address, {"stars": "2", "comment": ""})
    rating = SessionRating.objects.get()
    assert (rating.stars, rating.comment) == (2, None)


def test_a_rating_without_a_mark_is_asked_for_again(cast, over):
    answer = browser_of(cast.a.patient).post(page_of(over, "session_rate"), {"comment": "Words I typed."})
    assert "Please look at this again" in words(answer, 422)
    assert "Words I typed." in words(answer, 422)
    assert not SessionRating.objects.exists()


def test_the_counselor_reads_the_comment_on_record_and_not_the_mark(cast, over):
    browser_of(cast.a.patient).post(page_of(over, "session_rate"), {"stars": "2", "comment": "Too fast."})
    shown = words(browser_of(cast.a.counselor).get(page_of(over, "session_detail")))
    assert "Too fast." in shown
    assert "not very helpful" not in shown
    assert AuditEvent.objects.filter(action="session.note_read", object_id=over.pk).count() == 1
    staff = browser_of(cast.a.centre_manager).get(page_of(over, "session_detail"))
    assert "Too fast." not in source(staff)


def test_the_average_stands_on_the_card_and_the_profile(cast, practice, over):
    assert "ratings" not in words(browser_of().get("/counselors"))
    browser_of(cast.a.patient).post(page_of(over, "session_rate"), {"stars": "4"})
    assert "4.0 of 5, from 1 rating" in words(browser_of().get("/counselors"))
    assert "4.0 of 5, from 1 rating" in words(browser_of().get(f"/counselors/{practice.pk}"))


# --- The policy ----------------------------------------------------------------------------------------------

POLICY = "/availability/cancellation"


def test_a_counselor_sets_the_terms(cast, practice):
    counselor = browser_of(cast.a.counselor)
    shown = words(counselor.get(POLICY))
    assert "free until 24 hours before the start, and costs 50 percent of the fee after that" in shown
    body = {"kind": "notice", "free_until_hours": "48", "late_percent": "80"}
    assert led_to(counselor.post(POLICY, body)) == "/availability"
    shown = words(counselor.get("/availability"))
    assert "24 hours before the start" in shown
    assert "48 hours before the start" in shown
    assert 'value="48"' in source(counselor.get(POLICY))


def test_always_free_is_a_version_too(cast, practice):
    browser_of(cast.a.counselor).post(POLICY, {"kind": "free", "free_until_hours": "48"})
    newest = practice.notice_policies.order_by("-version").first()
    assert (newest.version, newest.late_percent) == (2, 0)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "notice"},
        {"kind": "notice", "free_until_hours": "24"},
        {"kind": "notice", "free_until_hours": "0", "late_percent": "10"},
        {"kind": "notice", "free_until_hours": "24", "late_percent": "101"},
    ],
)
def test_half_of_the_terms_is_asked_for_again(cast, practice, body):
    answer = browser_of(cast.a.counselor).post(POLICY, body)
    assert "Please look at this again" in words(answer, 422)
    assert practice.notice_policies.count() == 1


@pytest.mark.parametrize("role", ["patient", "front_desk", "centre_manager", "manager"])
def test_the_page_is_a_counselors_own(cast, role):
    assert browser_of(cast.of_role(role)).get(POLICY).status_code == 403


def test_a_free_session_has_no_price_for_cancelling(practice, cast):
    free = open_practice(counselor=None)
    keep_policy(free)
    session = book(free, PatientFactory().user, coming())
    begins_in(session, hours=1)
    patient = session.participants.get().patient.user
    assert "Cancelling costs nothing." in words(browser_of(patient).get(page_of(session, "session_cancel")))
