"""A counselor's calendar, for whoever plans for them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone
from rest_framework.request import Request

from accounts.access import access_counselor_to_plan, reader_of
from accounts.permissions import Action
from core.api.answers import Answer
from core.api.views import Endpoint, operation
from core.errors import NotFound, PermissionDenied
from sessions_app.serializers.counselor_calendar import (
    CounselorCalendarQuery,
    CounselorCalendarShape,
    counselor_calendar_answer,
)
from sessions_app.services.counselor_calendar import read_counselor_calendar


class CounselorCalendar(Endpoint):
    @operation(
        Action.AVAILABILITY_EDIT,
        query=CounselorCalendarQuery,
        answer=CounselorCalendarShape,
        raises=(NotFound, PermissionDenied),
    )
    def get(self, request: Request, counselor_id: UUID, query: dict[str, Any]) -> Answer:
        """Sessions, blocks and holds of these days, the hours behind them, time away, and being busy elsewhere.

        Of sessions at centres that are not the reader's only the time is told, and titles of blocks to those only who
        plan for all of the counselor's time.
        """
        reader = reader_of(request)
        counselor = access_counselor_to_plan(reader, counselor_id)
        zone = ZoneInfo(counselor.user.timezone)
        start = _start_of(query["from_day"], zone)
        end = _start_of(query["to_day"] + timedelta(days=1), zone)
        view = read_counselor_calendar(
            counselor=counselor, start=start, end=end, viewer=reader, now=timezone.now()
        )
        return Answer(counselor_calendar_answer(view, start, end))


def _start_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
