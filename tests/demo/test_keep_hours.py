"""The hours of the demo clinic's counselors."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from mentalspace.demo.counselors import COUNSELORS, LONDON
from mentalspace.demo.hours import keep_hours, offer_sessions
from sessions_app.services.slots import Wish, find_slots
from tests.factories import CentreFactory, CounselorFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("day", range(7))
def test_whatever_day_it_is_the_first_counselor_is_there(day):
    today = timezone.now().date() + timedelta(days=day)
    midnight = datetime.combine(today, datetime.min.time(), UTC)
    centre = CentreFactory(timezone="Europe/London")
    counselor = CounselorFactory(primary_centre=centre)

    keep_hours(
        counselor,
        COUNSELORS[0],
        centres={LONDON: centre},
        now=midnight + timedelta(hours=12),
        is_here_today=True,
    )
    offer_sessions(counselor, COUNSELORS[0].offer)

    times = find_slots(
        counselor_id=counselor.pk, start=midnight, end=midnight + timedelta(days=1), wish=Wish(), now=midnight
    )
    assert len(times) > 10
