"""The desk's day over counselors and rooms, and booking at the desk: for whom, with whom, when."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from sessions_app.models import Session, SessionParticipant
from sessions_app.services.booking import book_session
from sessions_app.services.reservations import Choice
from sessions_app.services.rooms import add_room
from tests.factories import CounselorFactory, PatientFactory, StaffCentreFactory
from tests.sessions_app.clinic import book, coming, open_practice
from tests.sessions_app.pages import browser_of, led_to, queries_of, source, words

pytestmark = pytest.mark.django_db
DAY = f"?day={coming().date()}"
BOOK = "/desk/book"
PHONE = "+4915112345678"
THERE = {"mode": "in_person"}


@pytest.fixture
def practice(cast):
    return open_practice(counselor=cast.a.counselor.counselor_profile)


@pytest.fixture
def desk(cast):
    return browser_of(cast.a.front_desk)


@pytest.fixture
def state(cast, practice):
    """What the address of the page says when all is chosen."""
    return {
        "patient": str(cast.a.patient.pk),
        "counselor": str(practice.pk),
        "start": coming(hour=11).isoformat(),
        "mode": "in_person",
    }


def chosen_in(answer):
    return {name: values[0] for name, values in parse_qs(urlsplit(led_to(answer)).query).items()}


# --- The day -------------------------------------------------------------------------------------------------


def test_counselors_and_rooms_stand_beside_each_other_with_what_is_free(cast, practice, desk):
    add_room(centre=cast.a.centre, name="Blue", actor=None)
    session = book(practice, cast.a.patient, coming(hour=10), **THERE)
    page = source(desk.get("/desk" + DAY))
    grid = page[page.index("desk-grid-frame") :]

    assert grid.index(cast.a.counselor.full_name) < grid.index("Blue")
    assert grid.count(reverse("session_detail", args=[session.pk])) == 2  # of the counselor, and of the room
    assert f"start={coming(hour=9).isoformat().replace(':', '%3A').replace('+', '%2B')}" in grid
    assert f"Book {cast.a.counselor.full_name}" in grid
    assert "10%3A00%3A00" not in grid.replace(session.start.isoformat(), "")


def test_who_is_not_there_is_named_and_has_no_lane(cast, practice, desk):
    CounselorFactory(primary_centre=cast.a.centre, user__first_name="Ida", user__last_name="Elsewhere")
    page = words(desk.get("/desk" + DAY))
    assert "Not here on this day: Ida Elsewhere." in page
    assert page.count("Ida Elsewhere") == 1


def test_an_overbooked_session_is_marked_on_the_day_and_for_the_counselor(cast, practice, desk):
    book(practice, PatientFactory().user, coming())
    book_session(
        choice=Choice(practice.pk, coming(minute=20)),
        patient_id=cast.a.patient.pk,
        actor=cast.a.front_desk,
        overbook_reason="agreed",
    )
    assert words(desk.get("/desk" + DAY)).count("Overbooked") == 2
    assert "Overbooked" in words(browser_of(cast.a.counselor).get("/today" + DAY))


def test_the_grid_takes_the_same_queries_whatever_is_in_it(cast, practice, desk):
    add_room(centre=cast.a.centre, name="Blue", actor=None)
    book(practice, cast.a.patient, coming(hour=9), **THERE)
    for_one = queries_of(desk, "/desk" + DAY)
    for number in range(3):
        add_room(centre=cast.a.centre, name=f"Room {number}", actor=None)
        other = open_practice(counselor=CounselorFactory(primary_centre=cast.a.centre))
        book(other, PatientFactory().user, coming(hour=10 + number), **THERE)
    assert queries_of(desk, "/desk" + DAY) == for_one


def test_of_several_centres_one_is_chosen_for_the_grid(cast, practice, desk):
    StaffCentreFactory(user=cast.a.front_desk, centre=cast.b.centre)
    assert "Choose one of the centres" in words(desk.get("/desk" + DAY))
    assert cast.a.counselor.full_name in words(desk.get(f"/desk{DAY}&centre={cast.a.centre.pk}"))


# --- Checking in ---------------------------------------------------------------------------------------------


@pytest.fixture
def session_today(cast, practice):
    session = book(practice, cast.a.patient, coming(), **THERE)
    start = timezone.now() + timedelta(minutes=5)
    Session.objects.filter(pk=session.pk).update(start=start, end=start + timedelta(minutes=50))
    return Session.objects.get(pk=session.pk)


def test_the_desk_checks_in_and_the_counselor_sees_it_on_the_day(cast, desk, session_today):
    day = f"?day={timezone.localdate(session_today.start)}"
    assert f"Check in : {cast.a.patient.full_name}" in words(desk.get("/desk" + day)).replace("in:", "in :")
    led = led_to(desk.post(reverse("session_check_in", args=[session_today.pk])))
    assert led.startswith("/desk?day=")
    assert led.endswith(f"#session-{session_today.pk}")

    counselors = browser_of(cast.a.counselor)
    page = words(desk.get("/desk" + day))
    assert "Here since" in page
    assert "Undo check-in" in page
    theirs = words(counselors.get("/today" + day))
    assert "Here since" in theirs
    assert "Undo check-in" not in theirs
    desk.post(reverse("session_check_in_undo", args=[session_today.pk]))
    assert SessionParticipant.objects.get(session=session_today).arrived_at is None
    assert "Here since" not in words(counselors.get("/today" + day))


def test_checking_in_is_the_desks_and_a_refusal_is_said(cast, desk, practice, session_today):
    address = reverse("session_check_in", args=[session_today.pk])
    assert browser_of(cast.a.counselor).post(address).status_code == 403
    assert browser_of(cast.b.front_desk).post(address).status_code == 404
    later = book(practice, PatientFactory().user, coming(5), **THERE)
    answer = desk.post(reverse("session_check_in", args=[later.pk]), follow=True)
    assert "on the day of their session" in source(answer)


# --- For whom ------------------------------------------------------------------------------------------------


def test_a_patient_is_searched_and_chosen_and_only_those_of_the_centre(cast, desk):
    cast.b.patient.last_name = cast.a.patient.last_name = "Common"
    cast.a.patient.save()
    cast.b.patient.save()
    page = desk.get(BOOK, {"q": "common"})
    assert f"patient={cast.a.patient.pk}" in source(page)
    assert str(cast.b.patient.pk) not in source(page)
    chosen = words(desk.get(BOOK, {"patient": cast.a.patient.pk}))
    assert cast.a.patient.full_name in chosen
    assert "Somebody else" in chosen
    assert "Nobody on your register fits" in words(desk.get(BOOK, {"q": "nobody at all"}))
    assert desk.get(BOOK, {"patient": cast.b.patient.pk}).status_code == 404


def take_on(desk, **more):
    return desk.post("/desk/book/patient", {"first_name": "Robin", "last_name": "Vale"} | more)


def test_whoever_is_new_is_taken_on_and_chosen_with_what_was_chosen_before(cast, desk, practice):
    answer = take_on(desk, phone="+49 151 1234-5678", counselor=practice.pk)
    patient = User.objects.get(phone=PHONE)
    assert chosen_in(answer) == {"counselor": str(practice.pk), "patient": str(patient.pk)}


def test_whoever_is_there_already_is_named_instead(cast, desk):
    patient = PatientFactory(centre=cast.a.centre, user__first_name="Robin", user__last_name="Vale")
    answer = take_on(desk, phone=PHONE)
    assert "Somebody of this name is on the register" in words(answer, 409)
    assert f"patient={patient.pk}" in source(answer, 409)
    led_to(take_on(desk, phone=PHONE, is_someone_else="on"))
    assert User.objects.filter(last_name="Vale").count() == 2


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Give a phone number or an e-mail address."),
        ({"phone": "0151 1234"}, "country code"),
        ({"first_name": "", "phone": PHONE}, "This field is required."),
        ({"email": "counselor.b@example.test"}, "in use by another account"),
    ],
)
def test_what_is_wrong_is_said_at_the_form(cast, desk, sent, said):
    assert said in words(take_on(desk, **sent), 422)
    assert not User.objects.filter(last_name="Vale").exists()


# --- With whom and when --------------------------------------------------------------------------------------


def test_all_is_chosen_step_by_step_and_booked(cast, desk, practice, state):
    page = words(desk.get(BOOK, {"patient": state["patient"]}))
    assert f"{cast.a.counselor.full_name} Next free:" in page
    page = source(
        desk.get(BOOK, {"patient": state["patient"], "counselor": state["counselor"], "day": coming().date()})
    )
    assert f"start={coming(hour=11).isoformat().replace(':', '%3A').replace('+', '%2B')}" in page
    assert f"Book for {cast.a.patient.full_name}" in words(desk.get(BOOK, state))
    series = re.search(r'href="(/series/new[^"]+)"', source(desk.get(BOOK, state))).group(1)
    assert "The first one is" in words(desk.get(unescape(series)))

    answer = desk.post("/desk/book/confirm", state | {"note": "Likes tea."})
    session = Session.objects.get()
    assert led_to(answer) == reverse("desk_booked", args=[session.pk])
    assert (session.start, session.mode, session.centre) == (coming(hour=11), "in_person", cast.a.centre)
    assert SessionParticipant.objects.get().note == "Likes tea."
    booked = words(desk.get(led_to(answer)))
    assert "The session is booked" in booked
    assert cast.a.patient.full_name in booked


def test_a_time_that_is_gone_is_said_with_others_and_can_be_overbooked(cast, desk, practice, state):
    book(practice, PatientFactory().user, coming(hour=11))
    answer = desk.post("/desk/book/confirm", state)
    page = source(answer, 409)
    assert "This time cannot be had" in page
    assert f"start={coming(hour=12).isoformat().replace(':', '%3A').replace('+', '%2B')}" in page
    assert 'value="11:00"' in page

    over = {"over_day": coming().date(), "over_time": "11:00"}
    assert "This field is required" in words(desk.post("/desk/book/over", state | over), 422)
    led = led_to(desk.post("/desk/book/over", state | over | {"reason": "agreed with the counselor"}))
    session = Session.objects.get(overbooked=True)
    assert led == reverse("desk_booked", args=[session.pk])
    assert (session.start, session.overbooked_by) == (coming(hour=11), cast.a.front_desk)
    assert "Overbooked" in words(desk.get(led))


def test_the_patient_is_not_overbooked(cast, desk, practice, state):
    book(practice, cast.a.patient, coming(hour=11))
    over = {"over_day": coming().date(), "over_time": "11:10", "reason": "agreed"}
    assert "another session or hold" in words(desk.post("/desk/book/over", state | over), 409)
    assert Session.objects.count() == 1


def test_only_counselors_of_the_centre_and_only_at_it(cast, desk, practice):
    other = open_practice(counselor=cast.b.counselor.counselor_profile)
    assert desk.get(BOOK, {"counselor": other.pk}).status_code == 403
    page = words(desk.get(BOOK))
    assert cast.b.counselor.full_name not in page
    StaffCentreFactory(user=cast.b.counselor, centre=cast.a.centre)
    page = source(desk.get(BOOK, {"counselor": other.pk, "day": coming().date()}))
    assert "Nothing is free" in page


@pytest.mark.parametrize("address", [BOOK, "/desk/book/confirm", "/desk/book/over", "/desk/book/patient"])
@pytest.mark.parametrize("role", ["patient", "counselor"])
def test_booking_at_the_desk_is_for_staff(cast, address, role):
    client = browser_of(cast.of_role(role))
    answer = client.get(address) if address == BOOK else client.post(address)
    assert answer.status_code == 403


def test_who_has_several_centres_says_first_at_which(cast, desk, practice):
    StaffCentreFactory(user=cast.a.front_desk, centre=cast.b.centre)
    assert "At which centre?" in words(desk.get(BOOK))
    assert "For whom?" in words(desk.get(BOOK, {"centre": cast.a.centre.pk}))


@pytest.mark.parametrize(
    "bad", [{"start": "soon"}, {"counselor": "x"}, {"type": "y", "mode": "z"}, {"day": "1-1-1"}]
)
def test_what_cannot_be_read_in_the_address_is_not_chosen(desk, practice, bad):
    assert "For whom?" in words(desk.get(BOOK, bad))


def test_booking_takes_as_many_queries_for_one_counselor_as_for_many(cast, desk, practice, state):
    for_one = queries_of(desk, f"{BOOK}?patient={state['patient']}")
    for _ in range(3):
        open_practice(counselor=CounselorFactory(primary_centre=cast.a.centre))
    assert queries_of(desk, f"{BOOK}?patient={state['patient']}") == for_one


# --- Moving ---------------------------------------------------------------------------------------------------


def test_staff_move_a_session_over_another_with_a_reason_and_others_do_not(cast, desk, practice):
    book(practice, PatientFactory().user, coming(hour=11))
    session = book(practice, cast.a.patient, coming(hour=14))
    page, over = (reverse(name, args=[session.pk]) for name in ("session_reschedule", "session_overbook"))
    for role in ("patient", "counselor"):
        client = browser_of(cast.of_role(role))
        assert "Overbook" not in words(client.get(page))
        sent = {"over_day": coming().date(), "over_time": "11:00", "reason": "x"}
        assert client.post(over, sent).status_code == 403
    assert "Overbook this time" in words(desk.get(page))
    sent = {"over_day": coming().date(), "over_time": "11:00"}
    assert "This field is required" in words(desk.post(over, sent), 422)
    free = sent | {"over_time": "15:00", "reason": "agreed"}
    assert "This time is free" in words(desk.post(over, free), 400)
    assert led_to(desk.post(over, sent | {"reason": "agreed"})) == reverse(
        "session_detail", args=[session.pk]
    )
    assert Session.objects.get(pk=session.pk).start == coming(hour=11)
    assert "Overbooked" in words(desk.get(reverse("session_detail", args=[session.pk])))
    assert "Overbooked" not in words(
        browser_of(cast.a.patient).get(reverse("session_detail", args=[session.pk]))
    )
