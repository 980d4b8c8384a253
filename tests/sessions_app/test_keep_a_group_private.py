"""Whoever takes part in a group reads nothing of the others, through any door."""

import json

import pytest
from django.urls import reverse

from sessions_app.models import CalendarFeed
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.feeds import make_feed
from sessions_app.services.reminders import send_due_reminders
from tests.accounts.letters import deliver_letters
from tests.factories import PatientFactory
from tests.sessions_app.clinic import ask_session, ask_to_cancel, book, coming, open_practice
from tests.sessions_app.groups import group_of, lead_group, meet

pytestmark = pytest.mark.django_db


@pytest.fixture
def others(db):
    """Two people, every name of whom occurs nowhere else."""
    return [
        PatientFactory(
            user__first_name="Wilhelmina",
            user__last_name="Quasthoff",
            user__email="wilhelmina.quasthoff@example.test",
            user__phone="+4915112345678",
        ).user,
        PatientFactory(
            anonymous=True,
            alias="Quiet Heron",
            user__first_name="Bartholomew",
            user__last_name="Zsigmond",
            user__email="bartholomew.zsigmond@example.test",
        ).user,
    ]


@pytest.fixture
def me(db):
    return PatientFactory().user


@pytest.fixture
def practice(db):
    return lead_group(capacity=4)


@pytest.fixture
def session(practice, others, me):
    """One came before me and one after."""
    return meet(practice, [others[0], me, others[1]])


def secrets_of(people):
    for person in people:
        yield from (str(person.pk), person.first_name, person.last_name, person.email.split("@")[0])
        if person.phone:
            yield person.phone
    yield "Quiet Heron"


@pytest.fixture
def assert_nothing_slips(others):
    def check(text):
        plain = text.replace("\r\n ", "")  # unfolds the lines of calendar files
        found = [secret for secret in secrets_of(others) if secret.casefold() in plain.casefold()]
        assert not found, found

    return check


def whole(answer):
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    return f"{headers} {answer.content.decode()}"


API = (
    "/api/sessions",
    "/api/sessions?ordering=created_at",
    "/api/sessions?status=confirmed",
    "/api/sessions/{session}",
    "/api/sessions/{session}/calendar.ics",
    "/api/sessions/{session}/cancellation",
    "/api/sessions/{session}/check-in",
    "/api/sessions/{session}/participants",
    "/api/sessions/{session}/rate",
    "/api/sessions/holds",
    "/api/counselors/{counselor}/slots?type={type}",
    "/api/counselors/{counselor}/slots/why-not?type={type}&start={start}",
)
PAGES = ("session_detail", "session_booked", "session_cancel", "session_reschedule", "session_calendar_file")


def everything_read_by(me, practice, session, api_as, client):
    """What every door answers to one who takes part."""
    places = {
        "session": session.pk,
        "counselor": practice.pk,
        "type": group_of(practice),
        "start": session.start.isoformat().replace("+", "%2B"),
    }
    for path in API:
        yield path, whole(api_as(me).get(path.format(**places)))
    client.force_login(me)
    yield "list", whole(client.get(reverse("my_sessions")))
    yield "past", whole(client.get(reverse("my_sessions") + "?view=past"))
    for name in PAGES:
        yield name, whole(client.get(reverse(name, args=[session.pk]), follow=True))
    CalendarFeed.objects.all().delete()
    _, address = make_feed(user=me, shows_names=True)
    yield "feed", whole(client.get("/" + address.split("/", 3)[3]))


def test_no_door_names_the_others(api_as, client, me, practice, session, assert_nothing_slips):
    read = dict(everything_read_by(me, practice, session, api_as, client))
    for text in read.values():
        assert_nothing_slips(text)
    # What is searched are answers: mine and my counselor's names are in them.
    for name in ("/api/sessions", "/api/sessions/{session}"):
        assert str(me.pk) in read[name]
    for name in ("list", "session_detail", "feed", "/api/sessions/{session}/calendar.ics"):
        assert practice.user.last_name in read[name].replace("\r\n ", "")


def test_nor_when_they_come_and_go(api_as, client, me, others, practice, session, assert_nothing_slips):
    cancel_session(session=session, actor=others[0], reason="Too much.")
    for _, text in everything_read_by(me, practice, session, api_as, client):
        assert_nothing_slips(text)
        assert "Too much." not in text
    cancel_session(session=session, actor=me)
    cancel_session(session=session, actor=others[1])  # the last, who cancels it for good
    for _, text in everything_read_by(me, practice, session, api_as, client):
        assert_nothing_slips(text)


def test_nor_when_the_counselor_moves_or_cancels_it(
    api_as, client, me, practice, session, assert_nothing_slips
):
    body = {"start": coming(5).isoformat()}
    path = f"/api/sessions/{session.pk}/reschedule"
    assert api_as(practice.user).post(path, body, format="json").status_code == 200
    cancel_session(session=session, actor=practice.user)
    session.refresh_from_db()
    for _, text in everything_read_by(me, practice, session, api_as, client):
        assert_nothing_slips(text)


def test_no_answer_to_what_i_do_names_them(api_as, me, others, practice, session, assert_nothing_slips):
    client = api_as(me)
    path = f"/api/sessions/{session.pk}"
    book(open_practice(), others[0], coming(4))
    answers = [
        ask_session(client, practice, session.start, type=group_of(practice)),
        client.post(f"{path}/participants", {"patient": str(others[0].pk)}, format="json"),
        client.delete(f"{path}/participants/{others[0].pk}"),
        client.post(f"{path}/participants/{others[0].pk}/no-show"),
        client.post(f"{path}/check-in", {}, format="json"),
        client.post(f"{path}/reschedule", {"start": coming(4).isoformat()}, format="json"),
        ask_to_cancel(client, session.pk),
    ]
    assert [answer.status_code for answer in answers] == [409, 403, 403, 403, 403, 200, 409]
    for answer in answers:
        assert_nothing_slips(json.dumps(answer.json()))


def test_asking_for_somebody_by_id_tells_nothing(api_as, me, others, session):
    """Not even whether they take part."""
    stranger = PatientFactory().user
    client = api_as(me)
    for person in (*others, stranger):
        assert client.get("/api/sessions", {"patient": person.pk}).json()["data"] == []
    assert len(client.get("/api/sessions", {"patient": me.pk}).json()["data"]) == 1


def test_letters_go_to_each_alone_and_name_nobody_else(me, others, practice, session, assert_nothing_slips):
    deliver_letters()
    sent = list(deliver_letters())
    cancel_session(session=session, actor=others[0])
    deliver_letters()
    sent += deliver_letters()
    send_due_reminders(now=session.start - (session.end - session.start) * 23)
    sent += deliver_letters()
    cancel_session(session=session, actor=practice.user)
    deliver_letters()
    sent += deliver_letters()
    mine = [letter for letter in sent if letter.to == [me.email]]
    assert len(mine) == 3  # booked, reminded, cancelled; nothing of who came or went
    for letter in mine:
        assert (letter.cc, letter.bcc) == ([], [])
        for part in letter.message().walk():
            assert_nothing_slips(str(part.items()))
            if not part.is_multipart():
                assert_nothing_slips(part.get_payload(decode=True).decode())
    assert all(len(letter.to) == 1 for letter in sent)
    assert {person.email for person in others} <= {letter.to[0] for letter in sent}
