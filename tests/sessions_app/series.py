"""Series at a clinic in London: always at nine on its wall, Mondays first."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sessions_app.services.repeats import Repeat
from sessions_app.services.reservations import Choice
from sessions_app.services.series import book_series
from tests.sessions_app.clinic import coming

LONDON = ZoneInfo("Europe/London")
SERIES = "/api/sessions/series"


def nine_in_london(days=7):
    """Nine on the wall of a coming Monday."""
    day = coming(days).date()
    day += timedelta(days=-day.weekday() % 7)
    return datetime.combine(day, time(9), LONDON).astimezone(UTC)


def walls(series):
    return [session.start.astimezone(LONDON) for session in series.sessions.order_by("start")]


def booked(counselor, patient, *, rhythm="weekly", count=5, mode=None, answers=None):
    return book_series(
        choice=Choice(counselor.pk, nine_in_london(), mode=mode),
        repeat=Repeat(rhythm, count=count),
        patient_id=patient.pk,
        actor=patient,
        answers=answers,
    )


def move(client, series, scope="all", **more):
    return client.patch(f"{SERIES}/{series.pk}", {"scope": scope, **more}, format="json")


def sessions_of(series):
    return list(series.sessions.order_by("start"))


def on_the_wall(start, **shift):
    """A time on London's wall so much later, as an instant."""
    return (start.astimezone(LONDON) + timedelta(**shift)).astimezone(UTC)
