"""Series of sessions over the API."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from core.api.fields import DayField, InstantField
from core.api.serializers import Body, Query, Shape
from sessions_app.models import Mode, Rhythm, SessionSeries
from sessions_app.models.series import MAX_OCCURRENCES
from sessions_app.models.sessions import MAX_NOTE
from sessions_app.serializers.common import PersonShape
from sessions_app.serializers.sessions import SessionShape, TimeChoiceBody, session_answer
from sessions_app.services.repeats import Repeat
from sessions_app.services.series import SeriesScope
from sessions_app.services.series_times import NewTime
from sessions_app.session_rows import SessionRow

_SCOPES = [scope.value for scope in SeriesScope]


class AnswerBody(Body):
    """What to do about one time that cannot be had."""

    start = InstantField(help_text="Of the conflict.")
    instead = InstantField(
        allow_null=True, help_text="Take this time; null: leave this one out, or where it is."
    )


class SeriesBody(TimeChoiceBody):
    """The first time and how it repeats. The values carry "choice", "patient", "repeat" and "answers"."""

    rhythm = serializers.ChoiceField(
        choices=Rhythm.choices,
        help_text="Monthly is the same weekday of the month, such as the second Tuesday.",
    )
    count = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text=f"Up to {MAX_OCCURRENCES}, the first included. Either this or `until`.",
    )
    until = DayField(
        required=False, allow_null=True, help_text="The last day, on the wall of the counselor's hours."
    )
    answers = AnswerBody(many=True, required=False, max_length=MAX_OCCURRENCES)  # type: ignore[call-arg]
    note = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=MAX_NOTE,
        help_text="For the counselor, with the first session; kept encrypted and in no list.",
    )

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        return {
            "choice": values["choice"],
            "patient": values["patient"],
            "note": values["note"],
            "repeat": Repeat(values["rhythm"], values.get("count"), values.get("until")),
            "answers": _answers(values),
        }


class ScopeQuery(Query):
    scope = serializers.ChoiceField(choices=_SCOPES)
    session = serializers.UUIDField(required=False, help_text="Which one, unless all are meant.")


class MoveSeriesBody(Body):
    """Which sessions, and where they go. The values carry "scope", "session" (id or None), "to" and "answers"."""

    scope = serializers.ChoiceField(choices=_SCOPES)
    session = serializers.UUIDField(required=False, help_text="Which one, unless all are meant.")
    start = InstantField(
        required=False, help_text="The new start of the first of them; the others follow in the rhythm."
    )
    weekday = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=6,
        help_text="Instead of `start`: Monday is 0; of the same week, on the wall of the series.",
    )
    time = serializers.TimeField(
        required=False, format="%H:%M", input_formats=["%H:%M"], help_text="On the wall of the series."
    )
    mode = serializers.ChoiceField(choices=Mode.choices, required=False, help_text="Left out: as it is.")
    room = serializers.UUIDField(
        required=False,
        help_text="In person, for staff and counselors: in this room. Left out: in one that is free.",
    )
    answers = AnswerBody(many=True, required=False, max_length=MAX_OCCURRENCES)  # type: ignore[call-arg]

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        twice = [name for name in ("weekday", "time") if name in values and "start" in values]
        if twice:
            message = "Send the start, or the day of the week and the time."
            raise serializers.ValidationError({name: [message] for name in twice})
        if not {"start", "weekday", "time", "mode", "room"} & set(values):
            raise serializers.ValidationError(
                {"start": ["Say what is to change: the time, the mode or the room."]}
            )
        return {
            "scope": SeriesScope(values["scope"]),
            "session": values.get("session"),
            "to": NewTime(
                values.get("start"),
                values.get("weekday"),
                values.get("time"),
                values.get("mode"),
                values.get("room"),
            ),
            "answers": _answers(values),
        }


class SeriesShape(Shape):
    id = serializers.UUIDField()
    rhythm = serializers.ChoiceField(choices=Rhythm.choices)
    timezone = serializers.CharField(help_text="On whose wall it is always the same time.")
    first_start = serializers.DateTimeField()
    asked_count = serializers.IntegerField(
        help_text="How many were asked for, those that were left out included."
    )
    counselor = PersonShape()
    patient = PersonShape(help_text="An anonymous patient is their alias to a counselor.")
    sessions = SessionShape(many=True)


def _answers(values: dict[str, Any]) -> dict[datetime, datetime | None]:
    return {answer["start"]: answer["instead"] for answer in values.get("answers", [])}


def series_answer(series: SessionSeries, rows: list[SessionRow], *, patient_name: str) -> dict[str, Any]:
    return {
        "id": series.pk,
        "rhythm": series.rhythm,
        "timezone": series.timezone,
        "first_start": series.first_start,
        "asked_count": series.asked_count,
        "counselor": {"id": series.counselor_id, "display_name": series.counselor.user.full_name},
        "patient": {"id": series.patient_id, "display_name": patient_name},
        "sessions": [session_answer(row) for row in rows],
    }
