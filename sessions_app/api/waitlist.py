"""The waitlist. An offer is a hold of its patient: it is booked by POST /sessions and given back like any hold."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.access import reader_of
from accounts.models import User
from accounts.permissions import Action
from core.api.answers import Answer, Created, NoContent, PageAnswer
from core.api.views import Endpoint, operation
from core.errors import InvalidState, NotFound, PermissionDenied, ValidationFailed
from sessions_app.access import access_bookable_patient, access_to_wait_for, access_waiting
from sessions_app.models import WaitlistEntry
from sessions_app.serializers.waitlist import (
    JoinBody,
    PriorityBody,
    WaitingShape,
    WaitlistQuery,
    waiting_answer,
)
from sessions_app.services.waitlist import join_waitlist, leave_waitlist, set_priority
from sessions_app.waiting import waiting_page, waiting_rows


class WaitlistCollection(Endpoint):
    @operation(Action.WAITLIST, query=WaitlistQuery, answer=WaitingShape, paged=True)
    def get(self, request: Request, query: dict[str, Any]) -> Answer:
        """What one waits for; for a counselor, who waits for them; for staff, who waits at their centres."""
        reader = reader_of(request)
        entries = WaitlistEntry.objects.visible_to(reader).filter(**query["filters"])
        page = waiting_page(entries, query["page"], viewer=reader, now=timezone.now())
        return PageAnswer(page, [waiting_answer(row) for row in page.rows])

    @operation(
        Action.WAITLIST,
        body=JoinBody,
        answer=WaitingShape,
        status=201,
        raises=(ValidationFailed, PermissionDenied, NotFound, InvalidState),
        idempotent=True,
    )
    def post(self, request: Request, body: dict[str, Any]) -> Answer:
        """Wait for a time. When one frees that fits, it is kept for the first in turn, who is told by mail."""
        reader, wanted = reader_of(request), body["wanted"]
        patient_id = access_bookable_patient(reader, body["patient"])
        access_to_wait_for(reader, counselor_id=wanted.counselor_id, centre_id=wanted.centre_id)
        entry = join_waitlist(wanted=wanted, patient_id=patient_id, actor=reader)
        return Created(_shown(entry, reader))


class Waiting(Endpoint):
    @operation(Action.WAITLIST, answer=WaitingShape, raises=(NotFound,))
    def get(self, request: Request, entry_id: UUID) -> Answer:
        """One wait, with the time that is being offered."""
        return Answer(_shown(access_waiting(reader_of(request), entry_id), reader_of(request)))

    @operation(
        Action.WAITLIST_PRIORITY,
        body=PriorityBody,
        answer=WaitingShape,
        raises=(NotFound, PermissionDenied, InvalidState, ValidationFailed),
    )
    def patch(self, request: Request, entry_id: UUID, body: dict[str, Any]) -> Answer:
        """Set whose turn it is: priority comes before the time somebody has waited."""
        reader = reader_of(request)
        entry = access_waiting(reader, entry_id, Action.WAITLIST_PRIORITY)
        if "priority" in body:
            entry = set_priority(entry=entry, priority=int(body["priority"]), actor=reader)
        return Answer(_shown(entry, reader))

    @operation(Action.WAITLIST, status=204, raises=(NotFound,))
    def delete(self, request: Request, entry_id: UUID) -> Answer:
        """Wait no longer. A time that is being offered goes to the next."""
        leave_waitlist(entry=access_waiting(reader_of(request), entry_id), actor=reader_of(request))
        return NoContent()


def _shown(entry: WaitlistEntry, reader: User) -> dict[str, Any]:
    rows = waiting_rows(WaitlistEntry.objects.filter(pk=entry.pk), viewer=reader, now=timezone.now())
    return waiting_answer(rows[0])
