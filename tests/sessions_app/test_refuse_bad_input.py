"""What cannot be used gets the right code and a sentence that helps, and changes nothing."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from sessions_app.models import CalendarEntry, Session
from tests.factories import CentreFactory, CounselorFactory, SessionTypeFactory
from tests.sessions_app.clinic import (
    ask_hold,
    ask_session,
    ask_to_book_hold,
    coming,
    done,
    open_practice,
    refused,
    wanted,
)

pytestmark = pytest.mark.django_db
NOBODY = "01890000-0000-7000-8000-000000000000"


@pytest.fixture(params=["/api/sessions/holds", "/api/sessions"])
def send(request, api_as, patient):
    """`send(body)` asks for a hold, and then for a booking; both refuse alike and leave nothing behind."""
    client = api_as(patient)
    yield lambda body: client.post(request.param, body, format="json")
    assert CalendarEntry.objects.count() == Session.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"start": "2026-12-01T09:00:00"}, "start", "offset"),
        ({"start": "tomorrow at nine"}, "start", "2026-12-01T09:00:00Z"[:10]),
        ({"start": "2026-12-01"}, "start", "2026-12-01T09:00:00"),
        ({"start": 1796115600}, "start", "Write the time"),
        ({"start": None}, "start", ""),
        ({"start": "9999-12-31T23:59:59Z"}, "start", "2000 to 2100"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start", "2000 to 2100"),
        ({"counselor": "dr-who"}, "counselor", "UUID"),
        ({"counselor": ["a"]}, "counselor", "UUID"),
        ({"duration_minutes": 51}, "duration_minutes", "Offered: 50"),
        ({"duration_minutes": 0}, "duration_minutes", "10"),
        ({"duration_minutes": 10**30}, "duration_minutes", ""),
        ({"duration_minutes": "fifty"}, "duration_minutes", ""),
        ({"mode": "chat"}, "mode", ""),
        ({"type": NOBODY}, "type", "does not offer"),
        ({"colour": "blue"}, "colour", "Known: "),
        ({"status": "completed"}, "status", "Known: "),
        ({"fee_minor": 0}, "fee_minor", "Known: "),
        ({"patient": "me"}, "patient", "UUID"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(send, practice, changes, field, says):
    error = refused(send(wanted(practice, coming()) | changes), 400, "VALIDATION_ERROR")
    assert says in " ".join(error["details"][field])


@pytest.mark.parametrize("missing", ["counselor", "start"])
def test_a_missing_field_is_named(send, practice, missing):
    body = wanted(practice, coming())
    del body[missing]
    assert missing in refused(send(body), 400, "VALIDATION_ERROR")["details"]


@pytest.mark.parametrize("body", [[], [1], "text", 5, None])
def test_a_body_that_is_no_object_is_refused(send, body):
    refused(send(body), 400, "VALIDATION_ERROR")


def test_a_mode_that_the_counselor_does_not_offer_names_those_that_are(send):
    counselor = open_practice(modes=["video", "phone"])
    error = refused(send(wanted(counselor, coming(), mode="in_person")), 400, "VALIDATION_ERROR")
    assert error["details"]["mode"] == ["Offered: phone, video."]


def test_a_counselor_without_types_says_that_nothing_is_offered(send):
    error = refused(send(wanted(CounselorFactory(), coming())), 400, "VALIDATION_ERROR")
    assert error["details"]["duration_minutes"] == ["Nothing is offered now."]


def test_a_combination_that_no_type_has_is_explained(send, practice):
    """80 minutes only by video: the mode is offered and so is the length, but not together."""
    SessionTypeFactory(counselor=practice, duration_minutes=80, modes=["video"], position=1)
    body = wanted(practice, coming(), duration_minutes=80, mode="phone")
    error = refused(send(body), 400, "VALIDATION_ERROR")
    assert error["details"]["mode"] == ["Offered: video."]


@pytest.mark.parametrize("days", [-1, -400])
def test_a_time_in_the_past_is_refused(send, practice, days):
    error = refused(send(wanted(practice, coming(days))), 400, "VALIDATION_ERROR")
    assert "past" in error["details"]["start"][0]


def test_a_time_too_far_ahead_says_how_far_one_can_book(send, practice):
    error = refused(send(wanted(practice, coming(366))), 400, "VALIDATION_ERROR")
    assert "365 days" in error["details"]["start"][0]


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (timedelta(minutes=7), "do not begin at this minute"),
        (timedelta(hours=-5), "not there"),
        (timedelta(hours=7, minutes=30), "would not be over in time"),
        (timedelta(microseconds=1), "do not begin at this minute"),
    ],
)
def test_a_time_that_is_never_offered_comes_with_the_nearest_that_are(send, practice, shift, words):
    error = refused(send(wanted(practice, coming() + shift)), 400, "VALIDATION_ERROR")
    assert words in error["details"]["start"][0]
    assert len(error["details"]["alternatives"]) == 3


def test_the_same_instant_in_another_offset_is_the_same_time(api_as, practice, patient):
    start = coming()
    other_offset = start.astimezone(tz=datetime.strptime("+0530", "%z").tzinfo)
    session = done(ask_session(api_as(patient), practice, other_offset), 201)
    assert datetime.fromisoformat(session["start"]) == start
    assert datetime.fromisoformat(session["start"]).utcoffset() == timedelta(0)


def test_a_centre_where_the_counselor_is_not_is_named(send, practice):
    body = wanted(practice, coming(), centre=str(CentreFactory().pk))
    error = refused(send(body), 400, "VALIDATION_ERROR")
    assert error["details"]["centre"] == ["The counselor has no hours at this centre for such a session."]


@pytest.mark.parametrize("why", ["nobody", "unapproved", "not accepting", "deactivated", "a patient"])
def test_somebody_who_takes_no_bookings_is_not_found(send, practice, rival, why):
    body = wanted(practice, coming())
    if why == "nobody":
        body["counselor"] = str(uuid4())
    elif why == "a patient":
        body["counselor"] = str(rival.pk)
    elif why == "deactivated":
        practice.user.is_active = False
        practice.user.save()
    else:
        setattr(practice, "is_approved" if why == "unapproved" else "is_accepting", False)
        practice.save()
    error = refused(send(body), 404, "NOT_FOUND")
    assert "Choose another" in error["message"]


def test_another_counselors_type_is_not_offered(send, practice):
    foreign = SessionTypeFactory(counselor=open_practice())
    error = refused(send(wanted(practice, coming(), type=str(foreign.pk))), 400, "VALIDATION_ERROR")
    assert error["details"]["type"] == ["This counselor does not offer this session type."]


def test_a_type_that_was_withdrawn_is_not_offered(send, practice):
    withdrawn = SessionTypeFactory(counselor=practice, duration_minutes=30, is_active=False)
    error = refused(send(wanted(practice, coming(), type=str(withdrawn.pk))), 400, "VALIDATION_ERROR")
    assert "type" in error["details"]


def test_a_hold_and_a_time_together_are_refused_field_by_field(api_as, practice, patient):
    client = api_as(patient)
    hold = done(ask_hold(client, practice, coming()), 201)
    answer = client.post("/api/sessions", wanted(practice, coming(), hold=hold["id"]), format="json")
    error = refused(answer, 400, "VALIDATION_ERROR")
    assert set(error["details"]) == {"counselor", "start"}


@pytest.mark.parametrize("hold", [NOBODY, "x", None, "' OR 1=1"])
def test_a_hold_that_is_none_is_refused(api_as, patient, hold):
    answer = api_as(patient).post("/api/sessions", {"hold": hold}, format="json")
    refused(answer, *((404, "NOT_FOUND") if hold == NOBODY else (400, "VALIDATION_ERROR")))


def test_the_id_of_a_session_is_no_hold(api_as, practice, patient):
    client = api_as(patient)
    session = done(ask_session(client, practice, coming()), 201)
    refused(ask_to_book_hold(client, session["id"]), 404, "NOT_FOUND")
    entry = Session.objects.get(pk=session["id"]).entry_id
    refused(ask_to_book_hold(client, entry), 404, "NOT_FOUND")


def test_what_is_no_uuid_is_no_address(api_as, patient):
    for path in ("sessions/1", "sessions/holds/x", "counselors/none/slots", f"sessions/{NOBODY}x"):
        refused(api_as(patient).get(f"/api/{path}"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path", ["sessions/{}", "sessions/{}/calendar.ics", "counselors/{}", "counselors/{}/slots"]
)
def test_an_unknown_id_is_not_found(api_as, patient, path):
    refused(api_as(patient).get("/api/" + path.format(NOBODY)), 404, "NOT_FOUND")


def test_the_clock_of_the_past_is_utc_whatever_offset_was_sent(send, practice):
    """An hour ago, written with an offset that makes it look like the future."""
    hour_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    looks_ahead = hour_ago.astimezone(tz=datetime.strptime("+1400", "%z").tzinfo)
    error = refused(send(wanted(practice, looks_ahead)), 400, "VALIDATION_ERROR")
    assert "past" in error["details"]["start"][0]
