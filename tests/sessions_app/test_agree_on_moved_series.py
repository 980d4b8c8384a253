"""Moving a series beside a slow, plain model: the same conflicts by name, and afterwards all times equal."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InvalidState, SeriesConflict
from sessions_app.services.repeats import Repeat
from sessions_app.services.reservations import Choice
from sessions_app.services.series import SeriesScope, book_series
from sessions_app.services.series_moves import move_series
from sessions_app.services.series_times import NewTime
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, open_practice, undone
from tests.sessions_app.overlaps import double_bookings
from tests.sessions_app.series import LONDON, nine_in_london

pytestmark = pytest.mark.django_db
LENGTH = timedelta(minutes=50)
OPENS, CLOSES = time(9), time(17)
STEP = {"weekly": 7, "fortnightly": 14}


def on_wall(day, clock):
    """The instant at which London's wall shows it; nothing is booked at night, so it is one."""
    return datetime.combine(day, clock, LONDON).astimezone(UTC)


def same_weekday_of_month(day, months):
    """Month by month on a calendar: the same weekday as often counted; the last where there is no fifth."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    which = (day.day + 6) // 7
    days = [datetime(year, month, 1).date() + timedelta(days=number) for number in range(31)]
    fitting = [each for each in days if each.month == month and each.weekday() == day.weekday()]
    return fitting[min(which, len(fitting)) - 1]


def day_of(first, rhythm, number):
    if rhythm == "monthly":
        return same_weekday_of_month(first, number)
    return first + timedelta(days=STEP[rhythm] * number)


def is_open(start):
    wall, over = start.astimezone(LONDON), (start + LENGTH).astimezone(LONDON)
    return wall.time() >= OPENS and over.time() <= CLOSES and wall.date() == over.date()


def overlap(one, other):
    return one < other + LENGTH and other < one + LENGTH


@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_afterwards_all_times_are_those_of_the_plain_model(db, data):
    rhythm = data.draw(st.sampled_from(["weekly", "fortnightly", "monthly"]), "rhythm")
    count = data.draw(st.integers(3, 12), "count")
    with undone():
        practice, patient, rival = (
            open_practice(zone="Europe/London"),
            PatientFactory().user,
            PatientFactory().user,
        )
        first = nine_in_london()
        days = [day_of(first.astimezone(LONDON).date(), rhythm, number) for number in range(count)]
        left_out = data.draw(st.sets(st.integers(1, count - 1), max_size=count - 2), "left out")
        series = book_series(
            choice=Choice(practice.pk, first),
            repeat=Repeat(rhythm, count=count),
            patient_id=patient.pk,
            actor=patient,
            answers={on_wall(days[number], time(9)): None for number in left_out},
        )
        sessions = dict(
            zip(sorted(set(range(count)) - left_out), series.sessions.order_by("start"), strict=True)
        )

        weekday = data.draw(st.none() | st.integers(0, 6), "weekday")
        quarter = data.draw(st.integers(4 * 8, 4 * 17), "quarter of the day")
        clock = time(quarter // 4, quarter % 4 * 15)
        scope = data.draw(st.sampled_from(SeriesScope), "scope")
        at = data.draw(st.sampled_from(sorted(sessions)), "session")
        chosen = {
            SeriesScope.THIS: [at],
            SeriesScope.FOLLOWING: [number for number in sessions if number >= at],
            SeriesScope.ALL: list(sessions),
        }[scope]
        new_first = days[chosen[0]]
        if weekday is not None:
            new_first += timedelta(days=weekday - new_first.weekday())
        new = {number: on_wall(day_of(new_first, rhythm, number - chosen[0]), clock) for number in chosen}
        was = {number: session.start for number, session in sessions.items()}
        taken = []
        for number in data.draw(st.sets(st.sampled_from(chosen), max_size=3), "taken"):
            start = new[number] + timedelta(minutes=data.draw(st.sampled_from([-30, 0, 30]), "by"))
            if is_open(start) and not any(overlap(start, other) for other in [*was.values(), *taken]):
                book(practice, rival, start)
                taken.append(start)

        moving, refused_before = {number for number in chosen if new[number] != was[number]}, set()
        answers = {}
        while True:
            stay = [start for number, start in was.items() if number not in moving]
            conflicts = {
                number
                for number in moving
                if not is_open(new[number]) or any(overlap(new[number], other) for other in [*taken, *stay])
            }
            move = lambda: move_series(  # noqa: E731
                series=series,
                scope=scope,
                session=sessions[at],
                to=NewTime(weekday=weekday, clock=clock),
                answers=answers,
                actor=patient,
            )
            if not moving:
                with pytest.raises(InvalidState):
                    move()
                break
            if not conflicts:
                move()
                break
            with pytest.raises(SeriesConflict) as caught:
                move()
            named = caught.value.details["conflicts"]
            assert {each["number"] - 1 for each in named} == conflicts
            assert not conflicts & refused_before
            refused_before |= conflicts
            # Some take an alternative, the others stay where they are.
            for each in named:
                number = each["number"] - 1
                answers[new[number]] = None
                moving.discard(number)
                if each["alternatives"] and data.draw(st.booleans(), "take"):
                    instead = each["alternatives"][0]["start"]
                    answers[new[number]] = instead
                    moving.add(number)
                    new_key, new[number] = new[number], instead
                    answers[new_key] = instead
        expected = {number: new[number] if number in moving else was[number] for number in sessions}
        found = {
            number: type(session).objects.get(pk=session.pk).start for number, session in sessions.items()
        }
        assert found == expected
        assert double_bookings() == []
