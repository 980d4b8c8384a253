"""Who takes part in a couple's or a group's session, on its page; for counselors and staff."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.access import access_patient_to_book_for, reader_of
from accounts.models import PatientProfile, User
from accounts.permissions import Action
from core.errors import DomainError
from sessions_app.access import access_session
from sessions_app.forms.participants import PersonForm
from sessions_app.models import OPEN_STATES, ParticipantStatus, Session, SessionStatus
from sessions_app.services.notes import NOTHING, texts_by_patient
from sessions_app.services.participants import add_participant, note_missing, remove_participant
from sessions_app.session_rows import Participation, SessionRow
from sessions_app.views.posts import posted_from

MOST_FOUND = 8


@dataclass(frozen=True, slots=True)
class ParticipantShown:
    """For _participants.html. What may be done about them now: `can` holds remove, missing, came, waive."""

    id: UUID
    name: str
    status: str
    charge: Participation
    texts: dict[str, str]
    can: frozenset[str]


def participants_of(request: HttpRequest, session: Session, row: SessionRow) -> dict[str, Any]:
    """What the session's page shows of them; {} to patients and for a session of one person."""
    reader = reader_of(request)
    if row.capacity == 1 or not reader.may(Action.SESSION_PARTICIPANTS):
        return {}
    texts = texts_by_patient(session=session, reader=reader)
    wanted = request.GET.get("q", "").strip()
    can_add = (
        row.status == SessionStatus.CONFIRMED
        and row.end > timezone.now()
        and len(row.patients) < row.capacity
    )
    return {
        "participants": [
            _shown(row, each, reader, texts.get(each.person.id, NOTHING)) for each in row.participants
        ],
        "can_add_people": can_add,
        "people_wanted": wanted,
        "people_found": _found(row, wanted, reader) if wanted and can_add else [],
    }


def _shown(row: SessionRow, one: Participation, reader: User, texts: dict[str, str]) -> ParticipantShown:
    is_in = one.status != ParticipantStatus.CANCELLED
    has_begun = row.start <= timezone.now()
    may_note = has_begun and row.status in (*OPEN_STATES, SessionStatus.COMPLETED)
    may_note = may_note and is_in and reader.may(Action.SESSION_NO_SHOW)
    possible = {
        "remove": is_in and not has_begun and row.status in OPEN_STATES and len(row.patients) > 1,
        "missing": may_note and one.status == ParticipantStatus.CONFIRMED,
        "came": may_note and one.status == ParticipantStatus.NO_SHOW,
        "waive": bool(one.owed_minor) and reader.may(Action.CHARGE_WAIVE),
    }
    can = frozenset(name for name, is_possible in possible.items() if is_possible)
    return ParticipantShown(one.person.id, one.person.display_name, one.status, one, texts, can)


def _found(row: SessionRow, wanted: str, reader: User) -> list[tuple[UUID, str]]:
    found = PatientProfile.objects.bookable_by(reader).matching(wanted, viewer=reader)
    others = found.exclude(pk__in=[person.id for person in row.patients]).select_related("user")
    return [(patient.pk, patient.name_for(reader)) for patient in others[:MOST_FOUND]]


@posted_from("session_detail")
def participant_add(request: HttpRequest, session_id: UUID) -> HttpResponse:
    def add(session: Session, patient_id: UUID, actor: User) -> None:
        patient = access_patient_to_book_for(actor, patient_id)
        add_participant(session=session, patient_id=patient.pk, actor=actor)

    return _change(request, session_id, add, "Added. They are told.")


@posted_from("session_detail")
def participant_remove(request: HttpRequest, session_id: UUID) -> HttpResponse:
    def remove(session: Session, patient_id: UUID, actor: User) -> None:
        remove_participant(session=session, patient_id=patient_id, actor=actor)

    return _change(request, session_id, remove, "Taken out. They are told, and the place is free again.")


@posted_from("session_detail")
def participant_missing(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """`undo` in the form: it was noted wrongly."""
    is_missing = "undo" not in request.POST

    def note(session: Session, patient_id: UUID, actor: User) -> None:
        note_missing(session=session, patient_id=patient_id, is_missing=is_missing, actor=actor)

    told = "Noted: this person did not come." if is_missing else "Put right: this person came."
    return _change(request, session_id, note, told, action=Action.SESSION_NO_SHOW)


def _change(
    request: HttpRequest,
    session_id: UUID,
    change: Callable[[Session, UUID, User], None],
    told: str,
    *,
    action: Action = Action.SESSION_PARTICIPANTS,
) -> HttpResponse:
    """Back to the session; what could not be done is said there and is no dead end."""
    actor = reader_of(request)
    session = access_session(actor, session_id, action)
    form = PersonForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "That could not be read. Please choose a person again.")
        return redirect("session_detail", session_id)
    try:
        change(session, form.cleaned_data["patient"], actor)
    except DomainError as error:
        messages.info(request, error.message)
    else:
        messages.success(request, told)
    return redirect("session_detail", session_id)
