"""Holds: a time kept for a patient for five minutes while they decide."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from core.errors import HoldExpired, InvalidState
from core.facts import fact
from sessions_app.models import HOLD_LENGTH, EntryKind, OfferOutcome, SlotHold
from sessions_app.services.occupancy import give_back, keep_until, lock_and_read, sweep_dead
from sessions_app.services.reservations import Choice, reserving
from sessions_app.services.waitlist import pass_on

_LOCK_ENTRY = "SELECT FROM sessions_app_calendarentry WHERE id = %s FOR UPDATE"
COMING_BACK = timedelta(seconds=20)
"""How long a time is kept for somebody who left its page: a reload looks like leaving."""
OFFER_IS_OVER = "This offer is over. You still wait, and are told of the next time that fits."


def place_hold(*, choice: Choice, patient_id: UUID, actor: User, now: datetime | None = None) -> SlotHold:
    """Keep a time, or a place in a group, for five minutes. A patient has one hold: an earlier one is given back, even
    the same time's. An offer of the waitlist stays beside it, unless its time is the one that is wanted now.

    Raises what `reserving` raises.
    """
    now = now or timezone.now()
    with reserving(choice, patient_id=patient_id, actor=actor, now=now) as (current, reservation):
        give_back({*reservation.own_holds, *reservation.own_holds_in_the_way})
        entry = reservation.take(current, kind=EntryKind.HOLD, expires_at=now + HOLD_LENGTH)
        hold = SlotHold(
            entry=entry,
            patient_id=patient_id,
            held_by=actor,
            counselor_id=reservation.counselor_id,
            session_type_id=reservation.offered.id,
            centre_id=reservation.centre_id,
            mode=reservation.mode,
            joins=reservation.place.session if reservation.place else None,
        )
        current.insert(hold)
        current.audit("hold.placed", hold, patient_id=patient_id, centre_id=reservation.centre_id)
    return hold


def renew_hold(*, hold: SlotHold, actor: User, now: datetime | None = None) -> SlotHold:
    """Five minutes more, counted from now, once. Raises HoldExpired, and InvalidState the second time."""
    now = now or timezone.now()
    with fact(actor=actor) as current:
        kept = locked_hold(hold)
        require_live(kept, now)
        if kept.is_offer:
            raise InvalidState("An offer is not kept longer. Take the time, or let somebody else have it.")
        if not kept.renewals_left:
            raise InvalidState(
                "This hold was renewed already. Book the time, or choose it again when it is over."
            )
        kept.renewals += 1
        kept.save(update_fields=["renewals"])
        kept.entry.expires_at = now + HOLD_LENGTH
        keep_until(kept.pk, kept.entry.expires_at, kind=EntryKind.HOLD)
        current.audit("hold.renewed", kept, patient_id=kept.patient_id, centre_id=kept.centre_id)
    return kept


def release_hold(*, hold: SlotHold, actor: User) -> None:
    """Give the time back; an offer is declined by that, and goes to the next who waits.

    Once it was booked, dropped or swept there is nothing to do, and that is no error.
    """
    with fact(actor=actor) as current:
        kept = locked_hold(hold)
        if not kept.is_live:
            return
        give_back([kept.pk])
        if kept.is_offer:
            pass_on(current, offer_ids=[kept.pk], outcome=OfferOutcome.DECLINED)
        current.audit("hold.released", kept, patient_id=kept.patient_id, centre_id=kept.centre_id)


def leave_hold(*, hold: SlotHold, actor: User, now: datetime | None = None) -> None:
    """Whoever it is for has gone elsewhere: the time is free again in a moment, unless they are back by then."""
    now = now or timezone.now()
    with fact(actor=actor) as current:
        kept = locked_hold(hold)
        soon = now + COMING_BACK
        if kept.is_offer or not _is_live(kept, now) or not _expires_after(kept, soon):
            return
        keep_until(kept.pk, soon, kind=EntryKind.HOLD)
        current.audit("hold.left", kept, patient_id=kept.patient_id, centre_id=kept.centre_id)


def return_to_hold(*, hold: SlotHold, actor: User, now: datetime | None = None) -> SlotHold:
    """They are back: it is kept as long as if they had stayed. Raises HoldExpired when that came too late.

    Its full length counts from when it was placed, so that going and coming never makes it longer.
    """
    now = now or timezone.now()
    with fact(actor=actor) as current:
        kept = locked_hold(hold)
        require_live(kept, now)
        full = kept.entry.created_at + (1 + kept.renewals) * HOLD_LENGTH
        if not kept.is_offer and not _expires_after(kept, full):
            kept.entry.expires_at = full
            keep_until(kept.pk, full, kind=EntryKind.HOLD)
            current.audit("hold.returned", kept, patient_id=kept.patient_id, centre_id=kept.centre_id)
    return kept


def _is_live(hold: SlotHold, now: datetime) -> bool:
    return hold.is_live and hold.entry.is_live_at(now)


def _expires_after(hold: SlotHold, instant: datetime) -> bool:
    return hold.entry.expires_at is None or hold.entry.expires_at > instant


def locked_hold(hold: SlotHold) -> SlotHold:
    """The hold as it is now, nobody else writing it until the transaction ends.

    What is locked, after the calendars, is its entry and not its own row: the sweeper and those who clear what has
    expired take the entry first, and two orders would deadlock.
    """
    lock_and_read([hold.counselor_id, hold.patient_id], (_LOCK_ENTRY, [hold.pk]))
    return SlotHold.objects.select_related("entry", "session_type", "session").get(pk=hold.pk)


def require_live(hold: SlotHold, now: datetime) -> None:
    """Raises HoldExpired unless the hold still keeps its time at `now`."""
    if not _is_live(hold, now):
        raise HoldExpired(OFFER_IS_OVER if hold.is_offer else None)


def sweep_expired_holds(*, now: datetime | None = None) -> int:
    """Give back what has expired; returns how many. Only for tidiness: no booking waits for it."""
    return sweep_dead(now=now or timezone.now())
