"""Booking several sessions at once through the browser's door, and cancelling them."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from sessions_app.models import NoticePolicy, Session, SessionSeries
from sessions_app.services.repeats import Repeat
from sessions_app.services.reservations import Choice
from sessions_app.services.series import book_series
from tests.factories import PatientFactory
from tests.notifications.post import work_off
from tests.sessions_app.clinic import book, coming, open_practice
from tests.sessions_app.pages import browser_of, kept_by, led_to, on_hold, queries_of, source, words

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def browser(patient):
    return browser_of(patient)


def repeat(client, hold_id, **more):
    return client.post(
        reverse("series_book", args=[hold_id]), {"rhythm": "weekly", "count": "4", "note": ""} | more
    )


def fields_of(answer):
    """What the page of conflicts would send: its hidden fields, and the first answer to each question."""
    page = source(answer, 409)
    form = page[page.index('class="booking-form"') :]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    radios = re.findall(r'name="(answer-\d+)" id="[^"]+" value="([^"]+)"', form)
    first = {}
    for name, value in radios:
        first.setdefault(name, unescape(value))
    return {name: unescape(value) for name, value in hidden.items()}, first


def test_a_kept_time_is_booked_with_those_that_follow(browser, practice, patient):
    hold_id = kept_by(browser, practice, coming())
    assert "Book more than one" in words(browser.get(on_hold("book_details", hold_id)))
    answer = repeat(browser, hold_id, rhythm="fortnightly", note="I am glad.")
    series = SessionSeries.objects.get()
    assert led_to(answer) == f"/series/{series.pk}"
    sessions = list(series.sessions.order_by("start"))
    assert [session.start for session in sessions] == [coming() + 2 * n * WEEK for n in range(4)]
    assert sessions[0].participants.get().note == "I am glad."
    shown = words(browser.get(f"/series/{series.pk}"))
    assert "Every two weeks" in shown
    assert "4 sessions" in shown
    # A second click, and the way back, lead to what was booked.
    assert led_to(repeat(browser, hold_id)) == f"/series/{series.pk}"
    assert led_to(browser.get(on_hold("book_details", hold_id))) == f"/sessions/{sessions[0].pk}/booked"
    assert "One of a series" in words(browser.get(f"/sessions/{sessions[2].pk}"))


def test_times_that_cannot_be_had_are_asked_about_without_scripts(browser, practice, patient, rival):
    book(practice, rival, coming() + WEEK)
    book(practice, rival, coming() + 3 * WEEK)
    hold_id = kept_by(browser, practice, coming())
    asked = repeat(browser, hold_id, note="Please mornings.")
    assert "2 of the 4 times cannot be had" in words(asked, 409)
    hidden, answers = fields_of(asked)
    assert sorted(answers) == ["answer-2", "answer-4"]
    assert hidden["note"] == "Please mornings."
    assert not SessionSeries.objects.exists()

    # One answered: the other is asked about again, and what was said goes along.
    asked = browser.post(reverse("series_book", args=[hold_id]), hidden | {"answer-2": answers["answer-2"]})
    assert "1 of the 4 times cannot be had" in words(asked, 409)
    hidden, answers_left = fields_of(asked)
    assert list(answers_left) == ["answer-4"]
    left_out = answers_left["answer-4"].split("|")[0] + "|leave-out"
    answer = browser.post(reverse("series_book", args=[hold_id]), hidden | {"answer-4": left_out})
    series = SessionSeries.objects.get()
    assert led_to(answer) == f"/series/{series.pk}"
    starts = [session.start for session in series.sessions.order_by("start")]
    assert len(starts) == 3
    assert starts[0] == coming()
    assert starts[1] - (coming() + WEEK) == timedelta(hours=1)
    assert series.sessions.earliest("start").participants.get().note == "Please mornings."


@pytest.mark.parametrize("wrong", [{"count": "1"}, {"count": "53"}, {"count": ""}, {"rhythm": "daily"}])
def test_what_cannot_repeat_is_said_at_its_field(browser, practice, wrong):
    hold_id = kept_by(browser, practice, coming())
    answer = repeat(browser, hold_id, **wrong)
    assert "Please look at this again" in words(answer, 422)
    assert "<details" in source(answer, 422)
    assert not Session.objects.exists()


def test_too_far_ahead_is_said_where_it_was_typed(browser, practice):
    hold_id = kept_by(browser, practice, coming())
    answer = repeat(browser, hold_id, rhythm="monthly", count="20")
    assert "days ahead" in words(answer, 422)


def test_an_answer_that_cannot_be_read_is_no_answer(browser, practice, rival):
    book(practice, rival, coming() + WEEK)
    hold_id = kept_by(browser, practice, coming())
    answer = repeat(browser, hold_id, **{"answer-2": "soon|never", "answer-3": "2026-13-45T99:00Z|x"})
    assert "1 of the 4 times cannot be had" in words(answer, 409)


@pytest.fixture
def series(practice, patient):
    return book_series(
        choice=Choice(practice.pk, coming()),
        repeat=Repeat("weekly", count=4),
        patient_id=patient.pk,
        actor=patient,
    )


def to_cancel(series, session=None):
    return reverse("series_cancel", args=[series.pk]) + (f"?session={session.pk}" if session else "")


def test_this_one_those_that_follow_or_all_can_be_cancelled(browser, series):
    second = series.sessions.order_by("start")[1]
    page = words(browser.get(to_cancel(series, second)))
    for label in ("Only this one (1)", "This one and all that follow (3)", "All that are still to come (4)"):
        assert label in page
    assert f'href="/series/{series.pk}">Keep them' in source(browser.get(to_cancel(series, second)))
    answer = browser.post(to_cancel(series, second), {"scope": "following", "charge_minor": "0"})
    assert led_to(answer) == f"/series/{series.pk}"
    assert series.sessions.filter(status="confirmed").count() == 1
    assert "3 sessions are cancelled" in words(browser.get(f"/series/{series.pk}"))


def test_without_a_session_only_all_can_be_cancelled(browser, series):
    assert "Only this one" not in words(browser.get(to_cancel(series)))
    assert browser.post(to_cancel(series), {"scope": "this"}).status_code == 422
    assert led_to(browser.post(to_cancel(series), {"scope": "all"})) == f"/series/{series.pk}"
    assert led_to(browser.get(to_cancel(series))) == f"/series/{series.pk}"


def test_what_it_costs_is_said_before_and_no_more_is_taken(rival):
    paid = open_practice(fee_minor=6000, payment_policy="at_centre", currency="EUR")
    NoticePolicy.objects.create(
        counselor=paid, version=1, free_until_hours=24 * 11, late_percent=50,
        in_force_from=timezone.now() - timedelta(days=1), created_by=paid.user,
    )  # fmt: skip
    series = book_series(
        choice=Choice(paid.pk, coming()), repeat=Repeat("weekly", count=3), patient_id=rival.pk, actor=rival
    )
    client = browser_of(rival)
    assert "€60" in words(client.get(to_cancel(series)))
    answer = client.post(to_cancel(series), {"scope": "all", "charge_minor": "3000"})
    assert "more by now" in words(answer, 422)
    assert series.sessions.filter(status="confirmed").count() == 3
    assert led_to(client.post(to_cancel(series), {"scope": "all", "charge_minor": "6000"}))
    assert series.sessions.filter(status="cancelled").count() == 3


def test_nobody_else_opens_it_and_the_counselor_may_cancel(series, rival, practice):
    stranger = browser_of(rival)
    assert stranger.get(f"/series/{series.pk}").status_code == 404
    assert stranger.get(to_cancel(series)).status_code == 404
    counselor = browser_of(practice.user)
    assert led_to(counselor.post(to_cancel(series), {"scope": "all"})) == f"/series/{series.pk}"


def test_a_long_series_is_shown_in_as_many_queries_as_a_short_one(practice):
    def shown(count, hour):
        patient = PatientFactory().user
        made = book_series(
            choice=Choice(practice.pk, coming(hour=hour)),
            repeat=Repeat("weekly", count=count),
            patient_id=patient.pk,
            actor=patient,
        )
        return queries_of(browser_of(patient), f"/series/{made.pk}")

    assert shown(20, 9) == shown(3, 11)


def test_a_series_is_told_once_with_all_its_times_and_reminded_of_each(practice, patient, series):
    work_off()
    to_patient = [message for message in mail.outbox if message.to == [patient.email]]
    assert len(to_patient) == 1
    assert len([message for message in mail.outbox if message.to == [practice.user.email]]) == 1
    (message,) = to_patient
    assert message.subject.startswith("Your 4 appointments from ")
    assert message.body.count("\n- ") == 4
    assert f"/series/{series.pk}" in message.body
    (attached,) = [part for part in message.message().walk() if part.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(attached.get_payload(decode=True))
    assert calendar["METHOD"] == "PUBLISH"
    assert len(calendar.walk("VEVENT")) == 4
    assert all(session.reminders.filter(user=patient).count() == 2 for session in series.sessions.all())
