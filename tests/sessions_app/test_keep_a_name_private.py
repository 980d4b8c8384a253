"""An anonymous patient is an alias wherever a counselor looks, and themselves to their centre's staff."""

import pytest
from django.urls import reverse

from sessions_app.models import Session
from tests.accounts.letters import deliver_letters
from tests.factories import CareRelationshipFactory, PatientCentreFactory, PatientFactory
from tests.sessions_app.clinic import ask_hold, ask_to_book_hold, book, coming, done, open_practice, refused

pytestmark = pytest.mark.django_db
SECRETS = ["Wilhelmina", "Quasthoff", "wilhelmina.quasthoff", "+4915112345678"]


@pytest.fixture
def hidden():
    """The account of an anonymous patient; every name of it is one that occurs nowhere else."""
    return PatientFactory(
        anonymous=True,
        alias="Quiet Heron",
        user__first_name="Wilhelmina",
        user__last_name="Quasthoff",
        user__email="wilhelmina.quasthoff@example.test",
        user__phone="+4915112345678",
    ).user


@pytest.fixture
def session(practice, hidden):
    return book(practice, hidden, coming())


def reads(answer):
    """Body and headers as one text."""
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    body = answer.content.decode()
    return f"{headers} {body.replace(chr(13) + chr(10) + ' ', '')}"  # unfolds the lines of calendar files


def assert_nothing_slips(text):
    found = [secret for secret in SECRETS if secret.casefold() in text.casefold()]
    assert not found, found


def test_the_counselor_reads_the_alias_in_every_answer(api_as, practice, hidden, session):
    client = api_as(practice.user)
    for path in (
        "/api/sessions",
        f"/api/sessions?patient={hidden.pk}",
        f"/api/sessions/{session.pk}",
        f"/api/sessions/{session.pk}/calendar.ics",
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert_nothing_slips(reads(answer))
        assert "Quiet Heron" in reads(answer), path


@pytest.mark.parametrize("path", ["cancel", "complete", "no-show"])
def test_what_the_counselor_does_answers_with_the_alias(api_as, practice, hidden, session, path):
    if path != "cancel":
        earlier = coming(-1)
        Session.objects.filter(pk=session.pk).update(start=earlier, end=earlier.replace(minute=50))
    answer = api_as(practice.user).post(f"/api/sessions/{session.pk}/{path}")
    assert done(answer)["patient"] == {"id": str(hidden.pk), "display_name": "Quiet Heron"}
    assert_nothing_slips(reads(answer))
    assert_nothing_slips(reads(api_as(practice.user).post(f"/api/sessions/{session.pk}/{path}")))


def test_a_counselor_who_books_for_an_anonymous_patient_reads_the_alias(api_as, practice, hidden):
    CareRelationshipFactory(patient=hidden.patient_profile, counselor=practice)
    client = api_as(practice.user)
    held = ask_hold(client, practice, coming(), patient=str(hidden.pk))
    booked = ask_to_book_hold(client, done(held, 201)["id"])
    assert done(booked, 201)["patient"]["display_name"] == "Quiet Heron"
    taken = ask_hold(client, practice, coming(), patient=str(hidden.pk))
    refused(taken, 409, "SLOT_TAKEN")
    for answer in (held, booked, taken, client.get("/api/sessions/holds")):
        assert_nothing_slips(reads(answer))


def test_another_counselor_finds_neither_name_nor_alias(api_as, session):
    client = api_as(open_practice().user)
    for path in ("/api/sessions", f"/api/sessions/{session.pk}", f"/api/sessions/{session.pk}/calendar.ics"):
        text = reads(client.get(path))
        assert_nothing_slips(text)
        assert "Quiet Heron" not in text


def test_the_counselors_pages_show_the_alias(client, practice, session):
    client.force_login(practice.user)
    day = f"{session.start:%Y-%m-%d}"
    pages = [
        f"{reverse('counselor_today')}?day={day}",
        reverse("session_detail", args=[session.pk]),
        reverse("session_cancel", args=[session.pk]),
        reverse("session_calendar_file", args=[session.pk]),
    ]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert_nothing_slips(reads(answer))
    assert "Quiet Heron" in reads(client.get(pages[0]))


def test_letters_to_the_counselor_name_the_alias_and_those_to_the_patient_go_to_them(
    practice, hidden, session
):
    deliver_letters()
    letters = {letter.to[0]: letter for letter in deliver_letters()}
    assert set(letters) == {practice.user.email, hidden.email}
    to_counselor = letters[practice.user.email].message().as_string()
    assert_nothing_slips(to_counselor)
    for part in letters[practice.user.email].message().walk():
        if not part.is_multipart():
            assert_nothing_slips(part.get_payload(decode=True).decode())


def test_the_patient_and_the_staff_of_the_centre_read_the_name(api_as, practice, hidden, session, cast):
    own = done(api_as(hidden).get(f"/api/sessions/{session.pk}"))
    assert own["patient"]["display_name"] == "Wilhelmina Quasthoff"
    PatientCentreFactory(patient=hidden.patient_profile, centre=cast.a.centre)
    Session.objects.filter(pk=session.pk).update(centre=cast.a.centre)
    for reader in (cast.a.front_desk, cast.a.centre_manager, cast.manager, cast.admin):
        shown = done(api_as(reader).get(f"/api/sessions/{session.pk}"))
        assert shown["patient"]["display_name"] == "Wilhelmina Quasthoff"


def test_a_patient_who_is_not_anonymous_is_called_by_name(api_as, practice, patient):
    session = book(practice, patient, coming())
    shown = done(api_as(practice.user).get(f"/api/sessions/{session.pk}"))
    assert shown["patient"]["display_name"] == patient.full_name
