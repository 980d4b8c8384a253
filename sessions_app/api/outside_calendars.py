"""A counselor's outside calendars: which are read, how that goes, and when they say that the counselor is busy."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.access import access_counselor_to_plan, reader_of
from accounts.permissions import Action
from core.api.answers import Answer, Created, NoContent
from core.api.views import Endpoint, operation
from core.errors import NotFound, PermissionDenied, Throttled, ValidationFailed
from sessions_app.access import access_outside_calendar
from sessions_app.models import OutsideBusy, OutsideCalendar
from sessions_app.serializers.outside_calendars import (
    OutsideBusyQuery,
    OutsideBusyShape,
    OutsideCalendarBody,
    OutsideCalendarShape,
    outside_busy_answer,
    outside_calendar_answer,
)
from sessions_app.services.outside_calendars import (
    add_outside_calendar,
    read_again,
    remove_outside_calendar,
)


class OutsideCalendarCollection(Endpoint):
    @operation(
        Action.AVAILABILITY_EDIT, answer=OutsideCalendarShape, many=True, raises=(NotFound, PermissionDenied)
    )
    def get(self, request: Request, counselor_id: UUID) -> Answer:
        """The calendars that are read, when they last were, and what went wrong if it did."""
        counselor = access_counselor_to_plan(reader_of(request), counselor_id)
        calendars = OutsideCalendar.objects.filter(counselor=counselor).order_by("pk")
        return Answer([outside_calendar_answer(calendar) for calendar in calendars])

    @operation(
        Action.AVAILABILITY_EDIT,
        body=OutsideCalendarBody,
        answer=OutsideCalendarShape,
        status=201,
        raises=(NotFound, PermissionDenied, ValidationFailed),
    )
    def post(self, request: Request, counselor_id: UUID, body: dict[str, Any]) -> Answer:
        """Read one more calendar, from now on every quarter of an hour. Times that are busy in it are not offered."""
        counselor = access_counselor_to_plan(reader_of(request), counselor_id)
        calendar = add_outside_calendar(
            counselor=counselor, name=body["name"], address=body["address"], actor=reader_of(request)
        )
        return Created(outside_calendar_answer(calendar))


class OutsideCalendarDetail(Endpoint):
    @operation(Action.AVAILABILITY_EDIT, status=204, raises=(NotFound, PermissionDenied))
    def delete(self, request: Request, counselor_id: UUID, calendar_id: UUID) -> Answer:
        """Read it no longer. Its busy times are free again at once."""
        calendar = access_outside_calendar(reader_of(request), counselor_id, calendar_id)
        remove_outside_calendar(calendar=calendar, actor=reader_of(request))
        return NoContent()


class OutsideCalendarReading(Endpoint):
    @operation(
        Action.AVAILABILITY_EDIT,
        answer=OutsideCalendarShape,
        raises=(NotFound, PermissionDenied, Throttled),
    )
    def post(self, request: Request, counselor_id: UUID, calendar_id: UUID) -> Answer:
        """Read it now instead of at its next turn; once a minute at most. It is done soon after this answer."""
        calendar = access_outside_calendar(reader_of(request), counselor_id, calendar_id)
        read_again(calendar=calendar, actor=reader_of(request))
        return Answer(outside_calendar_answer(calendar))


class OutsideBusyTimes(Endpoint):
    @operation(
        Action.AVAILABILITY_EDIT,
        query=OutsideBusyQuery,
        answer=OutsideBusyShape,
        many=True,
        raises=(NotFound, PermissionDenied),
    )
    def get(self, request: Request, counselor_id: UUID, query: dict[str, Any]) -> Answer:
        """When the outside calendars say that the counselor is busy, on these days of UTC; nobody knows what with."""
        counselor = access_counselor_to_plan(reader_of(request), counselor_id)
        first, last = (datetime.combine(query[name], time(), UTC) for name in ("from_day", "to_day"))
        spans = OutsideBusy.objects.filter(
            counselor=counselor, end__gt=first, start__lt=last + timedelta(days=1)
        ).order_by("start")
        return Answer([outside_busy_answer(span) for span in spans])
