"""A person's sessions on pages: the list, one of them, cancelling, saying how it went."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from sessions_app.models import CalendarEntry, Occupancy, Session
from sessions_app.services.booking import book_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.reservations import Choice
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, coming, open_practice
from tests.sessions_app.pages import browser_of, led_to, queries_of, source, words

pytestmark = pytest.mark.django_db
NOTE = "I sleep badly since March."


@pytest.fixture
def browser(patient):
    return browser_of(patient)


@pytest.fixture
def session(practice, patient):
    """A coming session with a note."""
    choice = Choice(practice.pk, coming(), mode="video")
    return book_session(choice=choice, patient_id=patient.pk, actor=patient, note=NOTE)


@pytest.fixture
def of_centre(cast):
    """A coming session of centre A's counselor and patient."""
    return book(open_practice(counselor=cast.a.counselor.counselor_profile), cast.a.patient, coming())


def begin(session, *, hours_ago=2):
    """Moves it into the past, as if that time had come."""
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours_ago)
    end = start + (session.end - session.start)
    Occupancy.objects.filter(entry=session.entry_id).update(is_active=False)
    CalendarEntry.objects.filter(pk=session.entry_id).update(start=start, end=end)
    Session.objects.filter(pk=session.pk).update(start=start, end=end)


def page_of(session, name="session_detail"):
    return reverse(name, args=[session.pk])


# --- The list ------------------------------------------------------------------------------------------------


def test_coming_sessions_are_listed_soonest_first_and_past_ones_apart(browser, practice, patient):
    later, sooner = book(practice, patient, coming(5)), book(practice, patient, coming(4))
    gone = book(practice, patient, coming(6))
    cancel_session(session=gone, actor=patient)

    coming_ones = source(browser.get("/sessions"))
    assert coming_ones.index(str(sooner.pk)) < coming_ones.index(str(later.pk))
    assert str(gone.pk) not in coming_ones
    assert "2 sessions. Times are UTC." in words(browser.get("/sessions"))
    past = browser.get("/sessions?view=past")
    assert str(gone.pk) in source(past)
    assert "Cancelled" in words(past)


def test_an_empty_list_says_what_to_do_next(browser):
    assert "Find a counselor" in words(browser.get("/sessions"))
    assert "Nothing here yet" in words(browser.get("/sessions?view=past"))


def test_nobody_elses_sessions_are_listed(session, rival):
    assert "No session is planned" in words(browser_of(rival).get("/sessions"))


@pytest.mark.parametrize("query", ["", "?view=past"])
def test_the_list_takes_as_many_queries_for_one_as_for_many(browser, practice, patient, query):
    booked = [book(practice, patient, coming(days)) for days in range(3, 12)]
    cancel_session(session=booked[0], actor=patient)  # which the past list looks up what it cost for
    for_few = queries_of(browser, "/sessions" + query)
    for session in booked[2:]:
        cancel_session(session=session, actor=patient)

    assert queries_of(browser, "/sessions" + query) == for_few


def test_a_long_list_comes_in_pages(browser, practice, patient):
    for days in range(3, 25):
        book(practice, patient, coming(days))
    assert "1–20 of 22" in words(browser.get("/sessions"))
    assert "21–22 of 22" in words(browser.get("/sessions?page=2"))
    assert browser.get("/sessions?page=999999").status_code == 200


# --- One of them ---------------------------------------------------------------------------------------------


def test_patient_and_counselor_read_the_note_and_the_counselors_reading_is_on_record(
    browser, session, practice
):
    assert NOTE in words(browser.get(page_of(session)))
    assert not AuditEvent.objects.filter(action="session.note_read").exists()
    assert NOTE in words(browser_of(practice.user).get(page_of(session)))
    assert AuditEvent.objects.filter(action="session.note_read", actor_id=practice.pk).count() == 1


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_staff_see_the_session_and_never_the_note(cast, session, role):
    page = browser_of(cast.of_role(role)).get(page_of(session))
    assert "By video" in words(page)
    assert NOTE not in source(page)


def test_an_anonymous_patient_is_an_alias_to_the_counselor_on_every_page(practice):
    patient = PatientFactory(anonymous=True, user__first_name="Secret", user__last_name="Name")
    session = book(practice, patient.user, coming())
    counselor = browser_of(practice.user)
    for address in (
        f"/today?day={coming().date()}",
        page_of(session),
        page_of(session, "session_cancel"),
        "/sessions",
    ):
        page = source(counselor.get(address))
        assert patient.alias in page, address
        assert "Secret" not in page, address


PAGES = [
    "session_detail",
    "session_booked",
    "session_cancel",
    "session_reschedule",
    "session_start",
    "session_complete",
    "session_no_show",
    "session_correct",
    "session_waive",
    "session_rate",
    "session_calendar_file",
]
POSTED = ("session_start", "session_complete", "session_rate")
ONLY_READ = ("session_detail", "session_booked", "session_calendar_file")


@pytest.mark.parametrize("name", PAGES)
def test_a_strangers_session_is_not_found(session, rival, name):
    stranger = browser_of(rival)
    if name not in POSTED:
        assert "nothing at this address" in words(stranger.get(page_of(session, name)), 404)
    if name not in ONLY_READ:
        assert stranger.post(page_of(session, name)).status_code == 404
    session.refresh_from_db()
    assert session.status == "confirmed"


@pytest.mark.parametrize("name", PAGES)
def test_another_centres_desk_does_not_find_it_either(cast, of_centre, name):
    desk = browser_of(cast.b.front_desk)
    method = desk.post if name in POSTED else desk.get
    assert method(page_of(of_centre, name)).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_visitors_sign_in_first(session, name):
    address = page_of(session, name)
    assert led_to(browser_of().get(address)) == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("name", PAGES)
def test_other_methods_are_refused(browser, session, name):
    assert browser.put(page_of(session, name)).status_code == 405


def test_the_booked_page_of_a_session_that_is_off_leads_to_the_session(browser, session, patient):
    cancel_session(session=session, actor=patient)
    assert led_to(browser.get(page_of(session, "session_booked"))) == page_of(session)


def test_the_calendar_file_is_a_download(browser, session):
    answer = browser.get(page_of(session, "session_calendar_file"))
    assert answer["Content-Type"].startswith("text/calendar")
    assert "attachment" in answer["Content-Disposition"]
    assert b"BEGIN:VEVENT" in answer.content


# --- Cancelling ----------------------------------------------------------------------------------------------


def test_cancelling_asks_first_and_then_says_that_it_is_done(browser, session, practice):
    assert "Cancel this session?" in words(browser.get(page_of(session, "session_cancel")))
    session.refresh_from_db()
    assert session.status == "confirmed"

    answer = browser.post(page_of(session, "session_cancel"), {"reason": "I am away."}, follow=True)
    assert "The session is cancelled. Everyone concerned is told." in words(answer)
    assert "Cancelled by you" in words(answer)
    by_counselor = words(browser_of(practice.user).get(page_of(session)))
    assert "Cancelled by the patient" in by_counselor
    assert "I am away." in by_counselor


def test_cancelling_twice_is_no_error(browser, session):
    for _ in range(2):
        answer = browser.post(page_of(session, "session_cancel"), follow=True)
        assert "Cancelled by you" in words(answer)
    assert "cancelled already" in words(answer)
    assert led_to(browser.get(page_of(session, "session_cancel"))) == page_of(session)


def test_a_session_that_has_begun_cannot_be_cancelled(browser, session):
    begin(session)
    for method in (browser.get, browser.post):
        assert "can no longer be cancelled" in words(method(page_of(session, "session_cancel")), 409)


def test_a_reason_that_is_too_long_is_kept_on_the_page(browser, session):
    answer = browser.post(page_of(session, "session_cancel"), {"reason": "x" * 1001})
    assert "Please look at this again" in words(answer, 422)
    assert "x" * 1001 in source(answer, 422)


def test_who_may_change_a_session_may_cancel_it_and_it_says_who_did(cast, of_centre):
    browser_of(cast.a.front_desk).post(page_of(of_centre, "session_cancel"))
    assert "Cancelled by the centre" in words(browser_of(cast.a.patient).get(page_of(of_centre)))


# --- How it went ---------------------------------------------------------------------------------------------


def test_the_counselor_notes_that_it_took_place_and_is_back_at_the_day(session, practice):
    begin(session)
    session.refresh_from_db()
    counselor = browser_of(practice.user)
    place = f"/today?day={session.start.date()}#session-{session.pk}"
    assert led_to(counselor.post(page_of(session, "session_complete"))) == place
    assert f'id="session-{session.pk}"' in source(counselor.get(place.partition("#")[0]))
    assert "Took place" in words(counselor.get(page_of(session)))


def test_that_nobody_came_is_asked_once(cast, of_centre):
    begin(of_centre)
    of_centre.refresh_from_db()
    desk = browser_of(cast.a.front_desk)
    assert "Did nobody come?" in words(desk.get(page_of(of_centre, "session_no_show")))
    place = f"/desk?day={of_centre.start.date()}#session-{of_centre.pk}"
    assert led_to(desk.post(page_of(of_centre, "session_no_show"))) == place
    of_centre.refresh_from_db()
    assert of_centre.status == "no_show"


def test_noting_twice_or_too_early_is_said_and_changes_nothing(session, practice):
    counselor = browser_of(practice.user)
    early = counselor.post(page_of(session, "session_complete"), follow=True)
    assert "This session has not begun yet." in words(early)
    assert led_to(counselor.get(page_of(session, "session_no_show"))) == page_of(session)
    begin(session)
    counselor.post(page_of(session, "session_no_show"))
    late = counselor.post(page_of(session, "session_complete"), follow=True)
    assert "can no longer be done" in words(late)
    session.refresh_from_db()
    assert session.status == "no_show"


@pytest.mark.parametrize(
    ("role", "name", "status"),
    [
        ("patient", "session_complete", 403),
        ("patient", "session_no_show", 403),
        ("front_desk", "session_complete", 403),
        ("care_coordinator", "session_complete", 403),
        ("care_coordinator", "session_no_show", 403),
        ("centre_manager", "session_complete", 302),
        ("front_desk", "session_no_show", 302),
    ],
)
def test_who_sees_a_session_may_not_therefore_say_how_it_went(cast, of_centre, role, name, status):
    begin(of_centre)
    assert browser_of(cast.of_role(role)).post(page_of(of_centre, name)).status_code == status


def test_pages_offer_only_what_the_reader_may_do(cast, of_centre):
    begin(of_centre)
    address = page_of(of_centre)
    assert "It took place" in words(browser_of(cast.a.counselor).get(address))
    desk = words(browser_of(cast.a.front_desk).get(address))
    assert "It took place" not in desk
    assert "Nobody came" in desk
    patient = words(browser_of(cast.a.patient).get(address))
    assert "Nobody came" not in patient
    assert "Over, not noted yet" in patient
