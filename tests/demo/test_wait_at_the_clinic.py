"""Some wait at the demo clinic, and somebody comes every week."""

import pytest

from sessions_app.models import SessionSeries, WaitlistEntry

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("said_at_opening"),
    pytest.mark.xdist_group("demo"),
]


def test_a_few_people_wait_one_of_them_before_the_others():
    entries = WaitlistEntry.objects.all()
    assert entries.count() == 6
    assert entries.filter(counselor__user__email="counselor@demo.test").count() == 4
    assert entries.filter(counselor=None).count() == 2
    assert entries.filter(priority=1).count() == 1
    assert {entry.status for entry in entries} == {"waiting"}


def test_somebody_comes_every_week_at_the_same_time():
    series = SessionSeries.objects.get()
    starts = [session.start for session in series.sessions.order_by("start")]
    assert len(starts) == series.asked_count == 8
