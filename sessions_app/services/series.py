"""Series of sessions: booked in one transaction, or refused with each time that cannot be had by its name."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.models.care import CareReason
from accounts.permissions import Action, scope_for
from accounts.services.care import take_into_care
from core.errors import Conflict, InvalidState, ValidationFailed
from core.facts import Fact, fact
from core.statements import Row
from sessions_app.free_time import is_free, merge_spans
from sessions_app.models import (
    CalendarEntry,
    Occupancy,
    Session,
    SessionParticipant,
    SessionSeries,
    SessionStatus,
    SlotHold,
)
from sessions_app.models.series import MIN_OCCURRENCES
from sessions_app.services.booking import Terms, new_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.occupancy import give_back
from sessions_app.services.policies import cost_of_cancelling
from sessions_app.services.repeats import (
    Repeat,
    epoch,
    latest_end,
    locked_calendars,
    require_possible,
    wanted_times,
)
from sessions_app.services.reservations import Choice, require_own_centre
from sessions_app.services.series_conflicts import (
    Answers,
    Wanted,
    named_conflicts,
    picked,
    require_answers_fit,
)
from sessions_app.services.slots import Slot
from sessions_app.services.waitlist import end_waiting

_WHAT_TO_DO = "For each, take another time or leave it out, or give the series up."


class SeriesScope(StrEnum):
    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"


def book_series(
    *,
    choice: Choice,
    repeat: Repeat,
    patient_id: UUID,
    actor: User,
    answers: Answers | None = None,
    hold: SlotHold | None = None,
    note: str = "",
    now: datetime | None = None,
) -> SessionSeries:
    """Book all occurrences, with what `answers` says about those that cannot be had. Never silently fewer.

    `hold` is the patient's own hold of the first time, which the series takes over. Raises SeriesConflict when an
    occurrence cannot be had and nothing usable was answered about it: then nothing is booked. ValidationFailed for
    a series that could never be, NotFound for a counselor who is not listed, PermissionDenied for centre staff who
    book at another centre.
    """
    now, answers = now or timezone.now(), answers or {}
    instead = [start for start in answers.values() if start is not None] or [choice.start]
    require_possible(choice, repeat, now)
    with named_conflicts(choice=_WHAT_TO_DO), fact(actor=actor) as current:
        calendars, held = locked_calendars(
            choice,
            patient_id,
            start=min(choice.start, *instead),
            end=max(latest_end(choice, repeat, now), *instead),
            now=now,
            with_rooms=choice.wish.may_need_room,
        )
        zone, wanted = wanted_times(choice, repeat, calendars, now)
        require_answers_fit(answers, {each.start for each in wanted})
        picks = picked([Wanted(each, calendars) for each in wanted], answers)
        if len(picks) < MIN_OCCURRENCES:
            message = "With so much left out no series remains. Book the times that you want one by one."
            raise ValidationFailed(message, details={"answers": [message]})
        picks.sort(key=lambda pick: pick[1].start)
        for centre_id in {slot.centre_id for _, slot in picks}:
            require_own_centre(actor, centre_id)
        give_back_own(held, picks, now)
        series = SessionSeries(
            patient_id=patient_id,
            counselor_id=choice.counselor_id,
            created_by=actor,
            rhythm=repeat.rhythm,
            timezone=zone,
            first_start=choice.start,
            asked_count=len(wanted),
            created_at=now,
        )
        sessions = _write(current, series, picks, note=note)
        if hold is not None:
            SlotHold.objects.filter(pk=hold.pk).update(session=sessions[0])
        current.audit("series.booked", series, patient_id=patient_id, centre_id=sessions[0].centre_id)
        current.announce("series.booked", series=series.pk)
    return series


def give_back_own(held: list[Row], picks: Sequence[tuple[Wanted, Slot]], now: datetime) -> None:
    """A hold of the patient's, and an offer to them, whose time the series needs: it is taken now.

    `held` are rows of OWN_HOLDS. Of counselor and rooms the series needs its buffers too, of the patient it does not.
    """
    calendars = picks[0][0].calendars
    of_counselor = merge_spans(wanted.calendars.needed(slot) for wanted, slot in picks)
    of_patient = merge_spans((epoch(slot.start), epoch(slot.end)) for _, slot in picks)
    with_buffers = {calendars.counselor.counselor_id, *calendars.room_ids}
    in_the_way = {
        entry_id: is_offer
        for entry_id, resource, lower, upper, is_offer in held
        if not is_free(lower, upper, of_counselor if resource in with_buffers else of_patient)
    }
    give_back(list(in_the_way))
    end_waiting([entry_id for entry_id, is_offer in in_the_way.items() if is_offer], now=now)


def _write(
    current: Fact, series: SessionSeries, picks: list[tuple[Wanted, Slot]], *, note: str
) -> list[Session]:
    """All rows of the series, a statement for each table, however many sessions."""
    entries: list[CalendarEntry] = []
    occupancies: list[Occupancy] = []
    sessions: list[Session] = []
    participants: list[SessionParticipant] = []
    for wanted, slot in picks:
        calendars = wanted.calendars
        entry, taken = calendars.new_entry(slot)
        session, participant = new_session(
            entry=entry,
            terms=Terms.of(calendars.offered),
            counselor_id=series.counselor_id,
            patient_id=series.patient_id,
            centre_id=slot.centre_id,
            mode=calendars.mode_of(slot),
            note=note if not sessions else "",
            series=series,
            series_number=wanted.occurrence.number,
        )
        entries.append(entry)
        occupancies += [Occupancy(**values) for values in taken]
        sessions.append(session)
        participants.append(participant)
    series.save(force_insert=True)
    CalendarEntry.objects.bulk_create(entries)
    Occupancy.objects.bulk_create(occupancies)
    Session.objects.bulk_create(sessions)
    SessionParticipant.objects.bulk_create(participants)
    take_into_care(
        current,
        patient_id=series.patient_id,
        counselor_id=series.counselor_id,
        centre_id=sessions[0].centre_id,
        why=CareReason.SESSION,
    )
    for session in sessions:
        current.audit("session.booked", session, patient_id=series.patient_id, centre_id=session.centre_id)
        current.announce("session.confirmed", session=session.pk)
    return sessions


def cancel_series(
    *,
    series: SessionSeries,
    scope: SeriesScope,
    actor: User,
    session: Session | None = None,
    reason: str = "",
    agreed_charge_minor: int | None = None,
    now: datetime | None = None,
) -> list[Session]:
    """Cancel this one (`session`), it and those that follow, or all that are still to come; one transaction.

    Each is cancelled as by itself, with its terms. What is over, has begun or was cancelled stays as it is. Raises
    InvalidState when there is nothing left to cancel, ValidationFailed when the scope needs a session of the series,
    and Conflict when it costs more by now than `agreed_charge_minor`, what the patient was shown.
    """
    now = now or timezone.now()
    with fact(actor=actor):
        chosen = list(coming_of(series, scope, session=session, actor=actor, now=now).select_for_update())
        if not chosen:
            raise InvalidState("Nothing of this series is still to come, so there is nothing to cancel.")
        charge = charge_for_cancelling(chosen, actor=actor, now=now)
        if agreed_charge_minor is not None and charge > agreed_charge_minor:
            raise Conflict(
                "Cancelling costs more by now than you were shown. Look at it again before you cancel."
            )
        return [cancel_session(session=each, actor=actor, reason=reason, now=now) for each in chosen]


def charge_for_cancelling(sessions: Iterable[Session], *, actor: User, now: datetime) -> int:
    """What cancelling all of these costs, in the currency's minor unit. They come in order: who gives notice enough
    for one gives it for all later ones."""
    charges = (cost_of_cancelling(session=each, actor=actor, now=now).charge_minor for each in sessions)
    return sum(takewhile(bool, charges))


def coming_of(
    series: SessionSeries, scope: SeriesScope, *, session: Session | None, actor: User, now: datetime
) -> QuerySet[Session]:
    """The sessions of the series that are still to come, within the scope and the reach of `actor`, in order."""
    reach = Session.objects.within(scope_for(actor.role, Action.SESSION_CHANGE), actor)
    coming = reach.filter(series=series, status=SessionStatus.CONFIRMED, start__gt=now).order_by(
        "start", "id"
    )
    if scope is SeriesScope.ALL:
        return coming
    if session is None or session.series_id != series.pk:
        message = "Name a session of this series."
        raise ValidationFailed(message, details={"session": [message]})
    if scope is SeriesScope.THIS:
        return coming.filter(pk=session.pk)
    return coming.filter(start__gte=session.start)
