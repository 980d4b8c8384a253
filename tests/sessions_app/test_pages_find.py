"""The directory and the profile, through the browser's door."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import CounselorFactory, SessionTypeFactory, UserFactory
from tests.sessions_app.clinic import book, coming, keep_hours, open_practice
from tests.sessions_app.pages import browser_of, profile, queries_of, source, words

pytestmark = pytest.mark.django_db
DIRECTORY = "/counselors"


@pytest.fixture
def visitor():
    return browser_of()


def practice_of(first_name, last_name="Rao", *, hours=None, **counselor):
    found = CounselorFactory(user__first_name=first_name, user__last_name=last_name, **counselor)
    return open_practice(counselor=found, **(hours or {}))


def names_on(answer):
    return re.findall(r'class="card-link-plain"[^>]*>([^<]+)<', source(answer))


# --- The directory -------------------------------------------------------------------------------------------


def test_a_visitor_sees_who_is_there_and_when_they_are_next_free(visitor):
    practice_of("Asha", specializations=["Grief"], languages=["hi", "yo"])
    page = words(visitor.get(DIRECTORY))

    assert "1 counselor. Times are UTC." in page
    assert "Asha Rao Clinical psychologist Grief Speaks Hindi, Yoruba" in page
    assert re.search(r"Next free time (Today|Tomorrow), \d+:\d\d (am|pm)", page)


def test_who_is_not_approved_not_accepting_or_offers_nothing_is_not_listed(visitor):
    practice_of("Approved")
    practice_of("Waiting", is_approved=False)
    practice_of("Resting", is_accepting=False)
    CounselorFactory(user__first_name="Empty")

    assert names_on(visitor.get(DIRECTORY)) == ["Approved Rao"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "asha"}, "Asha"),
        ({"q": "rao farah"}, "Farah"),
        ({"specialization": "Sleep"}, "Asha"),
        ({"language": "ur"}, "Farah"),
        ({"mode": "phone"}, "Farah"),
    ],
)
def test_each_filter_narrows_and_can_be_taken_away_again(visitor, query, found):
    practice_of("Asha", specializations=["Sleep"], languages=["hi"], hours={"modes": ["video"]})
    practice_of("Farah", specializations=["Family"], languages=["ur"], hours={"modes": ["phone"]})
    answer = visitor.get(DIRECTORY, query)

    assert names_on(answer) == [f"{found} Rao"]
    assert "take this filter away" in words(answer)
    assert 'href="?"' in source(answer)


def test_a_wanted_day_leaves_out_who_is_not_free_on_it(visitor):
    day = coming(days=4)
    practice_of("Here")
    practice_of("Elsewhere", hours={"weekdays": [(day.weekday() + 1) % 7]})
    answer = visitor.get(DIRECTORY, {"day": day.date().isoformat()})

    assert names_on(answer) == ["Here Rao"]
    assert f"Free on {day.day} {day:%B}" in words(answer)


@pytest.mark.parametrize(
    ("ordering", "names"), [("", ["Zoe", "Amy"]), ("name", ["Amy", "Zoe"]), ("-experience", ["Amy", "Zoe"])]
)
def test_cards_come_in_the_order_that_was_asked_for(visitor, ordering, names):
    tomorrow = (timezone.now() + timedelta(days=1)).weekday()
    practice_of("Amy", hours={"weekdays": [(tomorrow + 2) % 7]}, years_of_experience=9)
    practice_of("Zoe", hours={"weekdays": [tomorrow]}, years_of_experience=3)

    assert names_on(visitor.get(DIRECTORY, {"ordering": ordering})) == [f"{name} Rao" for name in names]


@pytest.mark.parametrize(
    "query",
    [
        {"mode": "telepathy"},
        {"day": "yesterday"},
        {"day": "9999-12-31"},
        {"centre": "nowhere"},
        {"ordering": "password"},
        {"page": "minus one"},
        {"page": "99999999"},
        {"q": "\0"},
    ],
)
def test_what_cannot_be_understood_is_left_out_and_never_an_error(visitor, query):
    practice_of("Asha")
    answer = visitor.get(DIRECTORY, query)
    assert answer.status_code == 200


def test_nobody_found_is_no_dead_end(visitor):
    practice_of("Asha")
    page = words(visitor.get(DIRECTORY, {"q": "nobody like that"}))
    assert "0 counselors" in page
    assert "Nobody fits all of that" in page
    assert "Show everybody" in page


def test_pages_of_the_directory_keep_its_filters(visitor):
    for number in range(14):
        practice_of(f"Counselor {number:02}", languages=["hi"])
    first = visitor.get(DIRECTORY, {"language": "hi", "ordering": "name"})
    second = visitor.get(DIRECTORY, {"language": "hi", "ordering": "name", "page": 2})

    assert len(names_on(first)) == 12
    assert "?language=hi&amp;ordering=name&amp;page=2" in source(first)
    assert names_on(second) == ["Counselor 12 Rao", "Counselor 13 Rao"]


@pytest.mark.parametrize("query", ["", "?ordering=name", "?mode=video&day={tomorrow}"])
def test_the_directory_takes_as_many_queries_for_one_as_for_many(visitor, query):
    address = DIRECTORY + query.format(tomorrow=coming(days=1).date())
    practice_of("Asha")
    for_one = queries_of(visitor, address)
    for number in range(11):
        practice_of(f"Counselor {number}")

    assert queries_of(visitor, address) == for_one


@pytest.mark.parametrize("address", [DIRECTORY, "profile"])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_that_only_show_take_nothing_else(visitor, practice, address, method):
    wanted = profile(practice) if address == "profile" else address
    assert getattr(visitor, method)(wanted).status_code == 405


# --- The profile ---------------------------------------------------------------------------------------------


def test_a_visitors_times_lead_through_signing_up_and_a_patients_keep_the_time(visitor, practice, patient):
    day = coming().date()
    query = f"?from={day}&mode=video"
    as_visitor, as_patient = (
        visitor.get(profile(practice, query)),
        browser_of(patient).get(profile(practice, query)),
    )

    assert f"/counselors/{practice.pk}/hold?session_type=" in source(as_visitor)
    assert f"start={day}T09%3A00%3A00%2B00%3A00" in source(as_visitor)
    assert f'name="start" value="{day}T09:00:00+00:00"' in source(as_patient)
    assert "9:00 am" in words(as_patient)


@pytest.mark.parametrize("role", ["counselor", "front_desk", "admin"])
def test_others_see_the_times_and_press_nothing(cast, practice, role):
    answer = browser_of(cast.of_role(role)).get(profile(practice))

    assert "Patients book here with their own account." in words(answer)
    assert 'name="start"' not in source(answer)
    assert "/hold?" not in source(answer)


def test_type_and_way_to_meet_decide_what_is_shown(visitor, practice):
    short = SessionTypeFactory(
        counselor=practice, name="Short call", duration_minutes=20, modes=["phone"], position=1, paid=True
    )
    page = source(visitor.get(profile(practice, f"?type={short.pk}&mode=video&from={coming().date()}")))

    assert re.search(rf'value="{short.pk}" checked', page)
    assert re.search(r'value="phone" checked', page)
    assert 'value="video"' not in page
    assert f"session_type={short.pk}&amp;mode=phone&amp;start=" in page
    assert "$60, paid at the centre" in words(visitor.get(profile(practice)))


def test_a_taken_time_is_not_offered(visitor, practice, patient):
    query = f"?from={coming().date()}&mode=video"
    assert "9:00 am" in words(visitor.get(profile(practice, query)))
    book(practice, patient, coming())
    assert "9:00 am" not in words(visitor.get(profile(practice, query)))


def test_in_person_is_offered_only_in_hours_at_a_centre(visitor):
    counselor = open_practice(online=True)
    page = words(visitor.get(profile(counselor, "?mode=in_person")))
    assert "Nothing is free in these seven days." in page
    keep_hours(counselor, start=coming(hour=18).time(), end=coming(hour=20).time())
    tomorrow = f"?mode=in_person&from={coming(days=1).date()}"  # by then nothing of the day has gone by
    assert "6:00 pm" in words(visitor.get(profile(counselor, tomorrow)))


def test_a_chosen_day_shows_its_times_and_an_empty_one_the_first_that_has_some(visitor):
    monday = coming() + timedelta(days=-coming().weekday() + 7)
    counselor = open_practice(weekdays=[0, 2])
    address = f"?from={monday.date()}&day="

    wednesday = words(visitor.get(profile(counselor, address + f"{monday.date() + timedelta(days=2)}")))
    tuesday = words(visitor.get(profile(counselor, address + f"{monday.date() + timedelta(days=1)}")))
    assert f"Wednesday {(monday + timedelta(days=2)).day}" in wednesday
    assert f"Monday {monday.day}" in tuesday


def test_seven_days_without_a_time_lead_to_the_next_one(visitor, patient):
    counselor = open_practice(start=coming(hour=9).time(), end=coming(hour=10).time())
    first = coming(days=10)
    for number in range(7):
        book(counselor, patient, first + timedelta(days=number), mode="video")
    answer = visitor.get(profile(counselor, f"?from={first.date()}"))

    assert "Nothing is free in these seven days." in words(answer)
    assert f"from={first.date() + timedelta(days=7)}" in source(answer)


@pytest.mark.parametrize(
    "query",
    [
        "?from=2001-01-01",
        "?from=9999-12-31",
        "?from=2100-12-31",
        "?from=soon&day=never",
        "?type=none&mode=none",
        "?type=",
    ],
)
def test_a_spoilt_address_of_a_profile_still_shows_it(visitor, practice, query):
    assert "Choose a time" in words(visitor.get(profile(practice, query)))


def test_days_before_today_cannot_be_asked_for(visitor, practice):
    today = timezone.now().date()
    page = source(visitor.get(profile(practice, f"?from={today - timedelta(days=3)}")))
    assert f"from={today}" in page
    assert 'id="earlier-days"' not in page


def test_a_counselor_who_is_not_listed_or_no_counselor_at_all_is_not_found(visitor):
    hidden = open_practice(counselor=CounselorFactory(unapproved=True))
    assert visitor.get(profile(hidden)).status_code == 404
    assert visitor.get(profile(UserFactory())).status_code == 404


def test_a_counselor_without_session_types_is_shown_without_times(visitor):
    page = words(visitor.get(profile(CounselorFactory())))
    assert "Nothing can be booked here now" in page


def test_the_profile_takes_as_many_queries_for_a_free_week_as_for_a_full_one(visitor, practice, patient):
    address = profile(practice, f"?from={coming().date()}")
    for_free = queries_of(visitor, address)
    for hour in (9, 11, 13, 15):
        book(practice, patient, coming(hour=hour))
    SessionTypeFactory.create_batch(5, counselor=practice, position=1)

    assert queries_of(visitor, address) == for_free


def test_times_are_the_readers_own(practice, patient):
    patient.timezone = "Asia/Kolkata"
    patient.save()
    page = words(browser_of(patient).get(profile(practice, f"?from={coming().date()}&mode=video")))
    assert "Kolkata time" in page
    assert "2:30 pm" in page
    assert "Afternoon" in page


def test_the_front_page_of_finding_is_named_for_crawlers_and_readers_alike(visitor, practice):
    assert "<title>Find a counselor · MentalSpace</title>" in source(visitor.get(DIRECTORY))
    assert reverse("counselor_directory") == DIRECTORY
