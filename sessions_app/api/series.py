"""Sessions that repeat: booked whole, with what is said about each time that cannot be had."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.access import reader_of
from accounts.models import User
from accounts.permissions import Action
from core.api.answers import Answer, Created
from core.api.views import Endpoint, operation
from core.errors import InvalidState, NotFound, PermissionDenied, SeriesConflict, ValidationFailed
from sessions_app.access import access_bookable_patient, access_series, access_session
from sessions_app.listing import session_rows
from sessions_app.models import Session, SessionSeries
from sessions_app.serializers.series import MoveSeriesBody, ScopeQuery, SeriesBody, SeriesShape, series_answer
from sessions_app.services.series import SeriesScope, book_series, cancel_series
from sessions_app.services.series_moves import move_series


class SeriesCollection(Endpoint):
    @operation(
        Action.SESSION_BOOK,
        body=SeriesBody,
        answer=SeriesShape,
        status=201,
        raises=(ValidationFailed, PermissionDenied, NotFound, SeriesConflict),
        idempotent=True,
    )
    def post(self, request: Request, body: dict[str, Any]) -> Answer:
        """Book all of it, or nothing. Where times cannot be had, 409 names each with alternatives: send them again
        with `answers`, one for each."""
        reader = reader_of(request)
        patient_id = access_bookable_patient(reader, body.pop("patient"))
        series = book_series(**body, patient_id=patient_id, actor=reader)
        return Created(_shown(series, reader))


class Series(Endpoint):
    @operation(Action.SESSION_SEE, answer=SeriesShape, raises=(NotFound,))
    def get(self, request: Request, series_id: UUID) -> Answer:
        """The series and its sessions, in order."""
        return Answer(_shown(access_series(reader_of(request), series_id), reader_of(request)))

    @operation(
        Action.SESSION_CHANGE,
        body=MoveSeriesBody,
        answer=SeriesShape,
        raises=(NotFound, PermissionDenied, InvalidState, ValidationFailed, SeriesConflict),
        idempotent=True,
    )
    def patch(self, request: Request, series_id: UUID, body: dict[str, Any]) -> Answer:
        """Move this session of it (`scope=this`), it and those after it (`following`), or all that are to come.

        The new times keep the clock on the wall. Where some cannot be had, nothing moves and 409 names each with
        alternatives: send it again with `answers`, one for each. A patient can while cancelling is free.
        """
        reader = reader_of(request)
        series = access_series(reader, series_id, Action.SESSION_CHANGE)
        named = body.pop("session")
        session = access_session(reader, named) if named is not None else None
        move_series(series=series, session=session, actor=reader, **body)
        return Answer(_shown(series, reader))

    @operation(
        Action.SESSION_CHANGE,
        query=ScopeQuery,
        answer=SeriesShape,
        raises=(NotFound, PermissionDenied, InvalidState, ValidationFailed),
    )
    def delete(self, request: Request, series_id: UUID, query: dict[str, Any]) -> Answer:
        """Cancel this session of it (`scope=this`), it and those after it (`following`), or all that are to come."""
        reader = reader_of(request)
        series = access_series(reader, series_id, Action.SESSION_CHANGE)
        session = access_session(reader, query["session"]) if "session" in query else None
        cancel_series(series=series, scope=SeriesScope(query["scope"]), session=session, actor=reader)
        return Answer(_shown(series, reader))


def _shown(series: SessionSeries, reader: User) -> dict[str, Any]:
    sessions = Session.objects.visible_to(reader).filter(series=series)
    rows = session_rows(sessions, viewer=reader, now=timezone.now())
    return series_answer(series, rows, patient_name=series.patient.name_for(reader))
