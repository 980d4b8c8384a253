"""Time that a counselor keeps for something else: under the one constraint, never over what is there, told to few."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from icalendar import Calendar

from accounts.models import AuditEvent
from core.errors import Conflict, DomainError
from core.models import OutboxEntry
from sessions_app.models import CalendarBlock, CalendarEntry, EntryKind
from sessions_app.services import blocks
from sessions_app.services.blocks import add_block, change_block, remove_block
from sessions_app.services.feeds import make_feed
from tests.factories import PatientFactory, StaffCentreFactory
from tests.sessions_app.clinic import (
    active_spans,
    ask_hold,
    ask_session,
    book,
    coming,
    done,
    instant,
    open_practice,
    refused,
    slots_shown,
)
from tests.sessions_app.overlaps import double_bookings
from tests.sessions_app.waiting import wait

HOUR = timedelta(hours=1)


@pytest.fixture
def of_a(cast):
    return open_practice(counselor=cast.a.counselor.counselor_profile)


@pytest.fixture
def asked(cast, api_as, of_a):
    """`asked(method, path="", by=user, **body)` asks the API about the blocks of centre A's counselor."""

    def ask(method, path="", by=None, **body):
        client = api_as(by or cast.a.counselor)
        return getattr(client, method)(f"/api/counselors/{of_a.pk}/blocks{path}", body or None, format="json")

    return ask


def span(start, end=None, **more):
    return {"start": start.isoformat(), "end": (end or start + HOUR).isoformat()} | more


def test_blocked_time_is_not_offered_until_the_block_moves_or_goes(api_as, cast, of_a, asked):
    visitor = api_as(cast.stranger)
    block = done(asked("post", **span(coming(hour=9), title="Team meeting")), 201)
    assert (instant(block["start"]), block["title"]) == (coming(hour=9), "Team meeting")
    assert slots_shown(visitor, of_a, coming())[0] == coming(hour=10)
    refused(ask_session(visitor, of_a, coming(hour=9)), 409, "SLOT_TAKEN")
    moved = done(asked("patch", f"/{block['id']}", **span(coming(hour=10))))
    assert (moved["id"], moved["title"]) == (block["id"], "Team meeting")
    assert slots_shown(visitor, of_a, coming())[:2] == [coming(hour=9), coming(hour=11)]
    longer = done(asked("patch", f"/{block['id']}", end=coming(hour=12).isoformat()))
    assert instant(longer["start"]) == coming(hour=10)
    assert slots_shown(visitor, of_a, coming())[1] == coming(hour=12)
    done(asked("delete", f"/{block['id']}"), 204)
    assert slots_shown(visitor, of_a, coming())[1] == coming(hour=9, minute=15)
    refused(asked("delete", f"/{block['id']}"), 404, "NOT_FOUND")


def test_they_are_listed_by_day_and_a_changed_title_moves_nothing(asked, of_a):
    first = done(asked("post", **span(coming(3))), 201)
    done(asked("post", **span(coming(5))), 201)
    entry = CalendarBlock.objects.get(pk=first["id"]).entry_id
    done(asked("patch", f"/{first['id']}", title="Dentist"))
    (shown,) = done(asked("get", f"?from={coming(3).date()}&to={coming(4).date()}"))
    assert (shown["id"], shown["title"]) == (first["id"], "Dentist")
    assert CalendarBlock.objects.get(pk=first["id"]).entry_id == entry


def test_a_session_is_never_displaced_and_the_refusal_names_it(cast, of_a, asked):
    session = book(of_a, cast.a.patient, coming(hour=10))
    error = refused(asked("post", **span(coming(hour=9), coming(hour=12))), 409, "CONFLICT")
    assert f"A session with {cast.a.patient.full_name} is there" in error["message"]
    assert "10:00 am to 10:50 am" in error["message"]
    (there,) = error["details"]["in_the_way"]
    assert (there["kind"], there["session"]) == ("session", str(session.pk))
    free = done(asked("post", **span(coming(hour=9))), 201)
    error = refused(asked("patch", f"/{free['id']}", end=coming(hour=11).isoformat()), 409, "CONFLICT")
    assert active_spans(of_a.pk)[0] == (coming(hour=9), coming(hour=10)), "the block is as it was"
    assert not CalendarBlock.objects.exclude(pk=free["id"]).exists()


def test_an_anonymous_patient_is_named_by_alias_and_buffers_are_said(cast, of_a, asked):
    of_a.session_types.update(buffer_after_minutes=10)
    patient = PatientFactory(anonymous=True)
    book(of_a, patient.user, coming(hour=10))
    error = refused(asked("post", **span(coming(hour=10, minute=50))), 409, "CONFLICT")
    assert patient.alias in error["message"]
    assert patient.user.last_name not in error["message"]
    assert "10:00 am to 11:00 am" in error["message"]


def test_a_hold_and_another_block_are_in_the_way_too(api_as, cast, of_a, asked, expire):
    hold = done(ask_hold(api_as(cast.stranger), of_a, coming(hour=9)), 201)
    error = refused(asked("post", **span(coming(hour=9))), 409, "CONFLICT")
    assert "offered a time there" in error["message"]
    assert cast.stranger.full_name not in error["message"]
    expire(hold["id"])
    done(asked("post", **span(coming(hour=9))), 201)
    error = refused(asked("post", **span(coming(hour=9, minute=30))), 409, "CONFLICT")
    assert "There is a block already" in error["message"]


def test_a_session_at_another_centre_is_in_the_way_without_its_name(cast, of_a, asked):
    session = book(of_a, cast.a.patient, coming(hour=10))
    type(session).objects.filter(pk=session.pk).update(centre=cast.b.centre)
    error = refused(asked("post", by=cast.a.care_coordinator, **span(coming(hour=10))), 409, "CONFLICT")
    assert "A session at another centre is there" in error["message"]
    assert cast.a.patient.full_name not in error["message"]


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (coming(3, 9), coming(3, 9) + timedelta(minutes=4), "end"),
        (coming(3, 10), coming(3, 9), "end"),
        (coming(3, 9), coming(4, 10), "end"),
        (coming(-2, 9), coming(-2, 10), "start"),
    ],
)
def test_what_cannot_be_blocked_is_refused_by_field(asked, start, end, field):
    error = refused(asked("post", **span(start, end)), 400, "VALIDATION_ERROR")
    assert list(error["details"]) == [field]
    refused(asked("post", **span(coming(), title="x" * 121)), 400, "VALIDATION_ERROR")
    assert not CalendarEntry.objects.exists()


# --- Who reads what ------------------------------------------------------------------------------------------


def test_the_title_is_sealed_and_patients_read_safe_words(api_as, cast, of_a, asked):
    done(asked("post", **span(coming(hour=9), title="Dentist in Mill Lane")), 201)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM sessions_app_calendarblock t")
        assert "Dentist" not in cursor.fetchone()[0]
    ask = f"/api/counselors/{of_a.pk}/slots/why-not?start={coming(hour=9).isoformat().replace('+', '%2B')}"
    safe = done(api_as(cast.stranger).get(ask))
    assert (safe["rule"], safe["message"]) == (
        "taken",
        "The counselor is not free then. Choose another time.",
    )
    full = done(api_as(cast.a.front_desk).get(ask))
    assert full["rule"] == "blocked"
    assert "9:00 am to 10:00 am" in full["message"]
    for answer in (safe, full):
        assert "Dentist" not in str(answer)
    for what in (AuditEvent.objects.values(), OutboxEntry.objects.values()):
        assert "Dentist" not in str(list(what))


def test_why_not_tells_a_block_from_the_session_before_it(api_as, cast, of_a, asked):
    of_a.session_types.update(buffer_after_minutes=10)
    book(of_a, cast.a.patient, coming(hour=9))
    done(asked("post", **span(coming(hour=10))), 201)

    def rule(hour, minute):
        at = coming(hour=hour, minute=minute).isoformat().replace("+", "%2B")
        path = f"/api/counselors/{of_a.pk}/slots/why-not?start={at}"
        return done(api_as(cast.a.counselor).get(path))["rule"]

    assert (rule(9, 30), rule(10, 15)) == ("taken", "blocked")
    add_block(counselor=of_a, start=coming(hour=12), end=coming(hour=13), actor=cast.a.counselor)
    assert rule(11, 0) is None
    assert rule(11, 15) == "blocked"


def test_planners_of_another_centre_neither_set_nor_read_blocks(cast, of_a, asked):
    StaffCentreFactory(user=cast.a.counselor, centre=cast.b.centre)
    for method, body in (("post", span(coming())), ("get", {})):
        path = "" if body else f"?from={coming().date()}&to={coming().date()}"
        error = refused(asked(method, path, by=cast.b.centre_manager, **body), 403, "PERMISSION_DENIED")
        assert "primary centre" in error["message"]
    done(asked("post", by=cast.a.centre_manager, **span(coming())), 201)


def test_it_is_audited_and_announced_and_its_time_is_offered_to_who_waits(cast, of_a):
    wait(cast.stranger, of_a)
    block = add_block(counselor=of_a, start=coming(), end=coming() + HOUR, actor=cast.a.counselor)
    first = block.entry_id
    change_block(block=block, start=coming(4), end=coming(4) + HOUR, actor=cast.a.centre_manager)
    block.refresh_from_db()
    remove_block(block=block, actor=cast.a.counselor)
    remove_block(block=block, actor=cast.a.counselor)
    told = AuditEvent.objects.filter(action__startswith="block.").order_by("id")
    assert [one.action for one in told] == ["block.added", "block.changed", "block.removed"]
    freed = OutboxEntry.objects.filter(event="time.freed").order_by("id")
    assert [one.payload["entry"] for one in freed] == [str(first), str(block.entry_id)]
    assert not CalendarEntry.objects.filter(kind=EntryKind.BLOCK, is_active=True).exists()


def test_a_counselors_feed_has_it_discreet_until_names_are_wanted(client, cast, of_a):
    add_block(counselor=of_a, start=coming(), end=coming() + HOUR, title="Dentist", actor=cast.a.counselor)

    def events(user, **choice):
        address = make_feed(user=user, **choice)[1]
        path = "/" + address.partition("://")[2].partition("/")[2]
        return Calendar.from_ical(client.get(path).content).walk("VEVENT"), path

    (event,), path = events(cast.a.counselor)
    assert (event["SUMMARY"], event["TRANSP"], event["DTSTART"].dt) == ("Busy", "OPAQUE", coming())
    tag = client.get(path)["ETag"]
    change_block(block=CalendarBlock.objects.get(), title="Meeting", actor=cast.a.counselor)
    assert client.get(path)["ETag"] != tag
    (named,), _ = events(cast.a.counselor, shows_names=True)
    assert named["SUMMARY"] == "Meeting"
    assert events(cast.a.patient)[0] == []


# --- Two at once ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_a_block_and_a_booking_at_one_time_one_wins():
    practice = open_practice()
    people = [PatientFactory().user for _ in range(8)]
    ready = Barrier(2)

    def at_once(do, *args, **more):
        try:
            ready.wait(20)
            do(*args, **more)
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        for number, person in enumerate(people):
            start = coming(4 + number)
            wanted = {"counselor": practice, "start": start, "end": start + HOUR, "actor": practice.user}
            both = [
                pool.submit(at_once, add_block, **wanted),
                pool.submit(at_once, book, practice, person, start),
            ]
            fared = [one.result() for one in both]
            assert fared in (["done", "SLOT_TAKEN"], ["CONFLICT", "done"]), fared
    assert double_bookings() == []
    assert len(active_spans(practice.pk)) == len(people)


@pytest.mark.django_db
def test_the_constraint_has_the_last_word_and_says_it_kindly(practice, patient, monkeypatch):
    book(practice, patient, coming())
    monkeypatch.setattr(blocks, "_require_free", lambda *args: None)
    with pytest.raises(Conflict, match="has just been taken"):
        add_block(counselor=practice, start=coming(), end=coming() + HOUR, actor=practice.user)
    assert not CalendarBlock.objects.exists()
