"""Moving sessions of a series: all of them in one transaction, or refused with each that cannot move by its name."""

from datetime import datetime
from itertools import takewhile
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from core.errors import InvalidState, PermissionDenied, ValidationFailed
from core.facts import Fact, fact
from core.statements import Row
from sessions_app.models import (
    CalendarEntry,
    Mode,
    Occupancy,
    ParticipantStatus,
    Session,
    SessionMove,
    SessionParticipant,
    SessionSeries,
    SlotHold,
)
from sessions_app.occurrences import Occurrence
from sessions_app.services.moves import UNDO_FOR
from sessions_app.services.occupancy import give_back, lock
from sessions_app.services.policies import cost_of_cancelling
from sessions_app.services.repeats import Calendars, locked_calendars
from sessions_app.services.rescheduling import TOO_LATE, choice_of
from sessions_app.services.reservations import require_own_centre
from sessions_app.services.series import SeriesScope, coming_of, give_back_own
from sessions_app.services.series_conflicts import (
    Answers,
    Wanted,
    named_conflicts,
    picked,
    require_answers_fit,
)
from sessions_app.services.series_times import NewTime, first_start, new_times, number_of, zone_of_hours
from sessions_app.services.slots import Slot

_WHAT_TO_DO = (
    "For each, take another time or leave the session where it is, or leave all of them where they are."
)

WITH_OTHERS = "Others take part in this session. Move it by itself: then all of them are thought of."


def move_series(
    *,
    series: SessionSeries,
    scope: SeriesScope,
    to: NewTime,
    actor: User,
    session: Session | None = None,
    answers: Answers | None = None,
    now: datetime | None = None,
) -> list[Session]:
    """Move this one (`session`), it and those that follow, or all that are still to come; those that moved, in order.

    Each stays the same session, on its terms and with its history. The new times keep the clock on the wall of the
    hours in which they lie, and may be times of one another, or overlap those that are given up. `answers` says by new
    time which other time to take, or (None) that a session stays where it is.

    Raises SeriesConflict when a session cannot move to its time and nothing usable was answered about it: then nothing
    moves; InvalidState when nothing is to come or nothing would change; ValidationFailed for a move that could never
    be; NotFound when the counselor takes no bookings; PermissionDenied for a centre or a room that is not the actor's
    to choose.
    """
    now, answers = now or timezone.now(), answers or {}
    if to.room_id is not None and actor.role == Role.PATIENT:
        raise PermissionDenied("The centre chooses the room. Leave it out.")
    with named_conflicts(choice=_WHAT_TO_DO), fact(actor=actor) as current:
        lock(series.counselor_id, series.patient_id)
        sessions = sessions_to_move(series, scope, session=session, actor=actor, now=now, is_locked=True)
        if not sessions:
            raise InvalidState("Nothing of this series is still to come, so there is nothing to move.")
        start = first_start(sessions[0], to, series.timezone)
        if start <= now:
            raise ValidationFailed(details={"start": ["This time is in the past. Choose a coming one."]})
        zone = zone_of_hours(series, start)
        wanted = new_times(sessions, start, zone, series.rhythm)
        require_answers_fit(answers, {occurrence.start for occurrence, _ in wanted})
        moving = [each for each in wanted if _moves(*each, to, answers)]
        if not moving:
            raise InvalidState("All of these sessions would stay as they are. Choose another time.")
        refusals = _refusals(series, [each for _, each in moving], actor, now)
        if len(refusals) == len(moving):
            raise InvalidState(refusals[moving[0][1].pk])
        # Their own times are no obstacle to the new ones, and for everybody else they are taken until the new ones are.
        # A refusal below leaves all of it as it was.
        give_back([each.entry_id for _, each in moving])
        calendars, held = _calendars(series, moving, to, answers, now)
        picks = picked(
            [
                Wanted(
                    occurrence,
                    calendars.asked_for(choice_of(each, occurrence.start, mode=to.mode)),
                    each,
                    to.room_id,
                    refusals.get(each.pk, ""),
                )
                for occurrence, each in moving
            ],
            answers,
        )
        for centre_id in {slot.centre_id for _, slot in picks}:
            require_own_centre(actor, centre_id)
        give_back_own(held, picks, now)
        moved = _write(current, picks, actor, now)
        if scope is not SeriesScope.THIS and zone != series.timezone:
            series.timezone = zone
            series.save(update_fields=["timezone"])
        _tell(current, series, moved)
    return [each for each, _ in moved]


def sessions_to_move(
    series: SessionSeries,
    scope: SeriesScope,
    *,
    session: Session | None,
    actor: User,
    now: datetime,
    is_locked: bool = False,
) -> list[Session]:
    """What a move of this scope is about, in the order of the rhythm; the new time is that of the first.

    Of those that follow, one that was moved behind its place by itself and comes before in the rhythm is none.
    """
    coming = coming_of(series, scope, session=session, actor=actor, now=now)
    coming = coming.select_related("entry", "session_type")
    sessions = list(coming.select_for_update(of=("self",)) if is_locked else coming)
    last = 0
    for each in sessions:
        each.series_number = last = each.series_number or last + 1  # the release before this one wrote none
    sessions.sort(key=number_of)
    is_following = scope is SeriesScope.FOLLOWING and session is not None
    named = next((each for each in sessions if session and each.pk == session.pk), None)
    return [each for each in sessions if not (is_following and named and number_of(each) < number_of(named))]


def _moves(occurrence: Occurrence, session: Session, to: NewTime, answers: Answers) -> bool:
    start = answers.get(occurrence.start, occurrence.start)
    if start is None:
        return False
    stays = start == session.start and to.mode in (None, session.mode)
    return not stays or to.room_id not in (None, session.entry.room_id)


def _refusals(series: SessionSeries, sessions: list[Session], actor: User, now: datetime) -> dict[UUID, str]:
    """Why some of them cannot move at all, whatever the time."""
    return dict.fromkeys(_with_others(series, sessions), WITH_OTHERS) | dict.fromkeys(
        _too_late(sessions, actor, now), TOO_LATE
    )


def _too_late(sessions: list[Session], actor: User, now: datetime) -> list[UUID]:
    """Those that a patient may no longer move, since cancelling costs something by now; they come first in time."""
    if actor.role != Role.PATIENT:
        return []
    in_order = sorted(sessions, key=lambda each: each.start)
    late = takewhile(
        lambda each: cost_of_cancelling(session=each, actor=actor, now=now).charge_minor, in_order
    )
    return [each.pk for each in late]


def _with_others(series: SessionSeries, sessions: list[Session]) -> list[UUID]:
    """Those of a group or a couple in which somebody else has a place, or holds one."""
    ids = [each.pk for each in sessions if each.capacity > 1]
    if not ids:
        return []
    others = SessionParticipant.objects.filter(session__in=ids).exclude(patient=series.patient_id)
    taken = others.exclude(status=ParticipantStatus.CANCELLED).values_list("session", flat=True)
    held = SlotHold.objects.filter(joins__in=ids, is_live=True).values_list("joins", flat=True)
    return list({*taken, *held})


def _calendars(
    series: SessionSeries,
    moving: list[tuple[Occurrence, Session]],
    to: NewTime,
    answers: Answers,
    now: datetime,
) -> tuple[Calendars, list[Row]]:
    """Both calendars over all new times and those that were answered, without what was given back."""
    starts = [occurrence.start for occurrence, _ in moving]
    starts += [start for start in answers.values() if start is not None]
    first, session = moving[0]
    return locked_calendars(
        choice_of(session, first.start, mode=to.mode),
        series.patient_id,
        start=min(starts),
        end=max(starts),
        now=now,
        with_rooms=any((to.mode or each.mode) == Mode.IN_PERSON for _, each in moving),
    )


def _write(
    current: Fact, picks: list[tuple[Wanted, Slot]], actor: User, now: datetime
) -> list[tuple[Session, SessionMove]]:
    """All rows of the move, a statement for each table, however many sessions."""
    entries: list[CalendarEntry] = []
    occupancies: list[Occupancy] = []
    moved: list[tuple[Session, SessionMove]] = []
    for wanted, slot in picks:
        session = wanted.session
        assert session is not None  # noqa: S101 - a move is of sessions
        was = SessionMove(
            session=session,
            entry_id=session.entry_id,
            start=session.start,
            end=session.end,
            centre_id=session.centre_id,
            moved_by=actor,
            moved_at=now,
        )
        entry, taken = wanted.calendars.new_entry(slot, wanted.room_id)
        entries.append(entry)
        occupancies += [Occupancy(**values) for values in taken]
        session.entry, session.start, session.end = entry, slot.start, slot.end
        session.centre_id, session.mode = slot.centre_id, wanted.calendars.mode_of(slot)
        session.overbooked, session.overbooked_by = False, None  # the time is one that is offered
        session.sequence += 1
        moved.append((session, was))
    CalendarEntry.objects.bulk_create(entries)
    Occupancy.objects.bulk_create(occupancies)
    SessionMove.objects.bulk_create([was for _, was in moved])
    sessions = [session for session, _ in moved]
    fields = ["entry", "start", "end", "centre", "mode", "sequence", "overbooked", "overbooked_by"]
    Session.objects.bulk_update(sessions, fields)
    # Whoever was there comes again.
    SessionParticipant.objects.filter(session__in=sessions, arrived_at__isnull=False).update(arrived_at=None)
    return moved


def _tell(current: Fact, series: SessionSeries, moved: list[tuple[Session, SessionMove]]) -> None:
    """Each is heard of; of several, people are told once."""
    patient_id, is_one = series.patient_id, len(moved) == 1
    for session, was in moved:
        told_with = {} if is_one else {"series": series.pk}
        current.audit("session.rescheduled", session, patient_id=patient_id, centre_id=session.centre_id)
        current.announce("session.rescheduled", session=session.pk, **told_with)
        current.announce("time.freed", UNDO_FOR, entry=was.entry_id)
    if not is_one:
        centre_id = moved[0][0].centre_id
        current.audit("series.moved", series, patient_id=patient_id, centre_id=centre_id)
        current.announce("series.moved", series=series.pk, move=moved[0][1].pk)
