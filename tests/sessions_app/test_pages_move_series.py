"""Moving a series, and booking one for a patient, through the browser's door."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from sessions_app.models import SessionSeries
from sessions_app.services.repeats import Repeat
from sessions_app.services.reservations import Choice
from sessions_app.services.series import book_series
from tests.factories import AvailabilityRuleFactory, PatientFactory
from tests.sessions_app.clinic import book, coming, keep_policy, open_practice
from tests.sessions_app.pages import browser_of, led_to, source, words
from tests.sessions_app.test_pages_series import fields_of

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def practice(cast):
    return open_practice(counselor=cast.a.counselor.counselor_profile, paid=True)


@pytest.fixture
def series(practice, cast):
    return book_series(
        choice=Choice(practice.pk, coming(), mode="video"),
        repeat=Repeat("weekly", count=4),
        patient_id=cast.a.patient.pk,
        actor=cast.a.patient,
    )


def to_move(series, scope="all", session=None):
    named = f"&session={session.pk}" if session else ""
    return reverse("series_move", args=[series.pk]) + f"?scope={scope}{named}"


def starts(series):
    return [session.start for session in series.sessions.order_by("start")]


def values_in(page):
    return {unescape(value) for value in re.findall(r'name="start" value="([^"]+)"', page)}


@pytest.mark.parametrize("role", ["patient", "counselor", "front_desk"])
def test_from_the_series_all_are_moved_to_the_time_that_is_pressed(cast, series, role):
    browser = browser_of(cast.of_role(role))
    assert to_move(series).split("?")[0] in source(browser.get(f"/series/{series.pk}"))
    page = f"{to_move(series)}&from={coming(4).date()}"
    assert f'value="{coming(4, 11).isoformat()}"' in source(browser.get(page))
    answer = browser.post(to_move(series), {"start": coming(4, 11).isoformat()})
    assert led_to(answer) == f"/series/{series.pk}"
    assert "4 sessions have their new times" in words(browser.get(f"/series/{series.pk}"))
    assert starts(series) == [coming(4, 11) + number * WEEK for number in range(4)]


def test_of_one_session_the_page_asks_how_many_and_moves_those(cast, series):
    browser = browser_of(cast.a.patient)
    third = series.sessions.order_by("start")[2]
    page = words(browser.get(to_move(series, "following", third)))
    for label in ("Only this one (1)", "This one and all that follow (2)", "All that are still to come (4)"):
        assert label in page
    was = starts(series)
    browser.post(to_move(series, "this", third), {"start": coming(17, 13).isoformat()})
    browser.post(
        to_move(series, "following", series.sessions.get(pk=third.pk)), {"start": coming(17, 15).isoformat()}
    )
    assert starts(series) == [*was[:2], coming(17, 15), coming(24, 15)]


def test_times_that_overlap_their_own_and_one_anothers_are_offered(cast, series):
    browser = browser_of(cast.a.patient)
    offered = values_in(source(browser.get(f"{to_move(series)}&from={coming(3).date()}")))
    assert coming(3, 9, 30).isoformat() in offered
    assert coming(3, 9).isoformat() not in offered
    offered = values_in(source(browser.get(f"{to_move(series)}&from={coming(10).date()}")))
    assert coming(10, 9).isoformat() in offered


def test_of_a_single_session_too_but_never_when_somebody_else_is_in_the_way(cast, practice):
    session = book(practice, cast.a.patient, coming())
    book(practice, PatientFactory().user, coming(3, 10))
    book(open_practice(), cast.a.patient, coming(3, 14))
    page = reverse("session_reschedule", args=[session.pk]) + f"?from={coming(3).date()}"
    offered = values_in(source(browser_of(cast.a.patient).get(page)))
    assert coming(3, 9).isoformat() not in offered
    taken = [coming(3, 9, 15), coming(3, 10, 45), coming(3, 13, 15), coming(3, 14)]
    assert not {each.isoformat() for each in taken} & offered
    assert {coming(3, 11).isoformat(), coming(3, 13).isoformat(), coming(3, 15).isoformat()} <= offered
    # Each of them is one that the service takes.
    for each in (coming(3, 11), coming(3, 11, 30)):
        assert led_to(browser_of(cast.a.patient).post(page, {"start": each.isoformat()}))


def test_times_that_cannot_be_had_are_asked_about_and_can_be_left(cast, series, practice):
    was = starts(series)
    book(practice, PatientFactory().user, coming(3 + 14, 11))
    browser = browser_of(cast.a.patient)
    asked = browser.post(to_move(series), {"start": coming(3, 11).isoformat()})
    page = words(asked, 409)
    assert "1 of the 4 times cannot be had" in page
    assert "Leave it at" in page
    assert starts(series) == was
    hidden, answers = fields_of(asked)
    left = answers["answer-3"].split("|")[0] + "|leave-out"
    assert led_to(browser.post(to_move(series), hidden | {"answer-3": left})) == f"/series/{series.pk}"
    assert starts(series) == [coming(3, 11), coming(10, 11), was[2], coming(24, 11)]


def test_what_is_in_the_way_and_what_is_too_late_are_said(cast, practice, series):
    browser = browser_of(cast.a.patient)
    assert "Everything is where it was" in words(
        browser.post(to_move(series), {"start": "2020-01-01T09:00:00Z"}), 400
    )
    assert led_to(browser.post(to_move(series), {"start": "soon"})) == to_move(series)
    keep_policy(practice, free_until_hours=24 * 7, late_percent=50)
    assert "too late to move this one yourself" in words(browser.get(to_move(series)))
    assert browser_of(cast.stranger).get(to_move(series)).status_code == 404
    series.sessions.update(status="completed")
    assert led_to(browser.get(to_move(series))) == f"/series/{series.pk}"


# --- For a patient --------------------------------------------------------------------------------------------


def chosen(query, **more):
    return reverse("series_new") + "?" + "&".join(f"{name}={value}" for name, value in (query | more).items())


def test_a_counselor_books_a_series_for_a_patient_of_theirs(cast, practice):
    browser = browser_of(cast.a.counselor)
    page = source(browser.get(reverse("series_new")))
    assert cast.a.patient.full_name in page
    assert cast.b.patient.full_name not in page
    for_whom = {"patient": cast.a.patient.pk}
    times = source(browser.get(chosen(for_whom, **{"from": coming(4).date()})))
    assert f"start={coming(4).isoformat().replace(':', '%3A').replace('+', '%2B')}" in times
    address = chosen(for_whom, start=coming(4).isoformat().replace("+", "%2B"), mode="video")
    assert "The first one is" in words(browser.get(address))
    answer = browser.post(address, {"rhythm": "fortnightly", "count": "3", "note": "As agreed."})
    series = SessionSeries.objects.get()
    assert led_to(answer) == f"/series/{series.pk}"
    assert starts(series) == [coming(4) + 2 * number * WEEK for number in range(3)]
    assert (series.patient_id, series.created_by) == (cast.a.patient.pk, cast.a.counselor)


def test_the_desk_finds_the_patient_and_the_counselor_and_answers_conflicts(cast, practice):
    browser = browser_of(cast.a.front_desk)
    assert cast.a.patient.full_name not in words(browser.get(reverse("series_new")))
    found = words(browser.get(reverse("series_new") + f"?q={cast.a.patient.first_name}"))
    assert cast.a.patient.full_name in found
    for_whom = {"patient": cast.a.patient.pk}
    assert practice.user.full_name in words(browser.get(chosen(for_whom)))
    book(practice, PatientFactory().user, coming(11))
    address = chosen(for_whom, counselor=practice.pk, start=coming(4).isoformat().replace("+", "%2B"))
    asked = browser.post(address, {"rhythm": "weekly", "count": "3", "note": ""})
    assert "1 of the 3 times cannot be had" in words(asked, 409)
    hidden, answers = fields_of(asked)
    assert led_to(browser.post(address, hidden | answers)).startswith("/series/")
    assert SessionSeries.objects.get().sessions.count() == 3
    assert "422" in str(browser.post(address, {"rhythm": "daily", "count": "3"}).status_code)


def test_nobody_books_a_series_beyond_their_reach(cast, practice):
    new = {"patient": cast.b.patient.pk, "counselor": practice.pk}
    assert browser_of(cast.a.patient).get(reverse("series_new")).status_code == 403
    assert browser_of(cast.a.front_desk).get(chosen(new)).status_code == 404
    assert browser_of(cast.a.counselor).get(chosen(new)).status_code == 404
    other = open_practice(counselor=cast.b.counselor.counselor_profile)
    mine = {"patient": cast.a.patient.pk, "counselor": other.pk}
    assert browser_of(cast.a.front_desk).get(chosen(mine)).status_code == 404
    # Times at another centre are not shown to the desk.
    AvailabilityRuleFactory(
        counselor=practice, weekday=coming(4).weekday(), start="18:00", end="20:00", centre=cast.b.centre
    )
    query = {"patient": cast.a.patient.pk, "counselor": practice.pk, "from": coming(4).date()}
    evening = coming(4, 18).isoformat().replace(":", "%3A").replace("+", "%2B")
    assert evening not in source(browser_of(cast.a.front_desk).get(chosen(query)))
    assert evening in source(browser_of(cast.manager).get(chosen(query)))


def test_the_session_of_a_patient_leads_there(cast, practice, series):
    session = series.sessions.first()
    page = source(browser_of(cast.a.counselor).get(f"/sessions/{session.pk}"))
    assert f"{reverse('series_new')}?patient={cast.a.patient.pk}" in page
    assert reverse("series_new") not in source(browser_of(cast.a.patient).get(f"/sessions/{session.pk}"))
