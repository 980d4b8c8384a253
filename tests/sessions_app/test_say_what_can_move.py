"""`can` names “reschedule” just where the service would move it: a patient inside the notice is not led astray."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.errors import InvalidState
from sessions_app.models import CalendarEntry, Session
from sessions_app.services.policies import set_notice_policy
from sessions_app.services.rescheduling import require_movable, reschedule_session
from tests.sessions_app.clinic import ask_session, book, coming, done, keep_policy, open_practice
from tests.sessions_app.groups import lead_group, meet
from tests.sessions_app.pages import browser_of, queries_of, source

pytestmark = pytest.mark.django_db


def movable(session, reader):
    try:
        require_movable(Session.objects.get(pk=session.pk), reader, timezone.now())
    except InvalidState:
        return False
    return True


def named(api_as, session, reader):
    """In the list, and of the session by itself."""
    client = api_as(reader)
    (of_list,) = [each for each in done(client.get("/api/sessions")) if each["id"] == str(session.pk)]
    assert of_list == done(client.get(f"/api/sessions/{session.pk}"))
    return "reschedule" in of_list["can"]


@pytest.mark.parametrize(
    ("fee", "percent", "hours", "is_late"),
    [
        (6000, 50, 200, True),
        (6000, 50, 48, False),
        (6000, 0, 200, False),
        (0, 50, 200, False),
        (1, 99, 200, False),
    ],
)
def test_by_fee_share_and_hours(api_as, cast, fee, percent, hours, is_late):
    practice = open_practice(counselor=cast.a.counselor.counselor_profile, paid=True, fee_minor=fee or 1)
    keep_policy(practice, free_until_hours=hours, late_percent=percent)
    session = book(practice, cast.a.patient, coming())
    Session.objects.filter(pk=session.pk).update(fee_minor=fee)
    assert named(api_as, session, cast.a.patient) is movable(session, cast.a.patient) is not is_late
    assert named(api_as, session, cast.a.counselor)


def test_the_version_is_the_one_that_was_agreed_to_also_after_a_move(api_as, cast):
    practice = open_practice(counselor=cast.a.counselor.counselor_profile, paid=True)
    session = book(practice, cast.a.patient, coming())
    ago = timezone.now() - timedelta(minutes=15)
    set_notice_policy(
        counselor=practice, free_until_hours=300, late_percent=50, actor=cast.a.counselor, now=ago
    )
    session.entry.created_at = ago - timedelta(hours=1)
    session.entry.save(update_fields=["created_at"])
    reschedule_session(session=session, start=coming(4), actor=cast.a.patient)
    assert named(api_as, session, cast.a.patient) is movable(session, cast.a.patient) is True
    later = done(ask_session(api_as(cast.a.patient), practice, coming(5)), 201)
    assert "reschedule" not in later["can"]
    assert named(api_as, Session.objects.get(pk=later["id"]), cast.a.patient) is False


def test_the_page_shows_no_way_that_leads_to_a_refusal(cast):
    practice = open_practice(counselor=cast.a.counselor.counselor_profile, paid=True)
    keep_policy(practice, free_until_hours=200, late_percent=50)
    late, early = book(practice, cast.a.patient, coming()), book(practice, cast.a.patient, coming(12))
    browser = browser_of(cast.a.patient)
    assert "/reschedule" not in source(browser.get(f"/sessions/{late.pk}"))
    assert "/reschedule" in source(browser.get(f"/sessions/{early.pk}"))
    few = queries_of(browser, "/sessions")
    for hour in (11, 13, 15):
        book(practice, cast.a.patient, coming(4, hour))
    assert queries_of(browser, "/sessions") == few


def test_in_a_group_each_by_what_they_agreed_to(api_as, cast, patient):
    practice = lead_group(
        counselor=open_practice(counselor=cast.a.counselor.counselor_profile), paid=True, fee_minor=6000
    )
    session = meet(practice, [cast.a.patient, patient])
    CalendarEntry.objects.filter(session=session).update(created_at=timezone.now() - timedelta(days=40))
    session.participants.filter(patient=cast.a.patient.pk).update(joined_at=None)
    keep_policy(practice, free_until_hours=200, late_percent=50)
    assert named(api_as, session, cast.a.patient) is movable(session, cast.a.patient) is True
    assert named(api_as, session, patient) is movable(session, patient) is False
