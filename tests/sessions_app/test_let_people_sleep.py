"""At night nobody is told of a freed time: it is kept until the morning, or goes to whoever is awake."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from core.models import OutboxEntry
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.offers import offer_freed_time
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, coming
from tests.sessions_app.waiting import offers_to, the_offer_to, wait

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(settings):
    settings.WAITLIST_QUIET_FROM_HOUR, settings.WAITLIST_QUIET_UNTIL_HOUR = 21, 8


def at(clock, zone="UTC", days=1):
    day = timezone.now().date() + timedelta(days=days)
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def sleeper(zone):
    return PatientFactory(user__timezone=zone).user


def freed(practice, rival, now, start=None):
    session = book(practice, rival, start or coming(4))
    cancel_session(session=session, actor=practice.user)
    return offer_freed_time(entry_id=session.entry_id, now=now)


@pytest.mark.parametrize(
    ("clock", "days"), [(time(21), 2), (time(23, 30), 2), (time(0), 1), (time(7, 59), 1)]
)
def test_at_night_it_is_kept_and_the_while_begins_in_the_morning(practice, rival, clock, days):
    patient = sleeper("Asia/Kolkata")
    wait(patient, practice)
    now, morning = at(clock, "Asia/Kolkata"), at(time(8), "Asia/Kolkata", days)
    assert freed(practice, rival, now) == 1
    assert the_offer_to(patient).expires_at == morning + timedelta(minutes=30)
    told = OutboxEntry.objects.get(event="waitlist.offered")
    assert abs(told.available_at - timezone.now() - (morning - now)) < timedelta(seconds=20)


@pytest.mark.parametrize("clock", [time(8), time(20, 59)])
def test_by_day_they_are_told_at_once(practice, rival, clock):
    patient = sleeper("Asia/Kolkata")
    wait(patient, practice)
    now = at(clock, "Asia/Kolkata")
    assert freed(practice, rival, now) == 1
    assert the_offer_to(patient).expires_at == now + timedelta(minutes=30)


def test_too_soon_after_the_morning_it_goes_to_the_next_who_is_awake(practice, rival):
    asleep, awake = sleeper("America/New_York"), sleeper("Asia/Kolkata")
    wait(asleep, practice)
    wait(awake, practice)
    # Nine in UTC is four in New York, half past two in Kolkata's afternoon.
    assert freed(practice, rival, at(time(7), days=2), start=coming(2, 9)) == 1
    assert offers_to(asleep) == []
    assert len(offers_to(awake)) == 1
