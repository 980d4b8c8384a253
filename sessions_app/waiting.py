"""Those who wait, as they are shown: one way to read them, for the API's lists and for every page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from accounts.permissions import Action
from core.api.paging import Page, PageRequest, paginate
from sessions_app.models import OfferOutcome, WaitlistEntry, WaitlistOffer, WaitlistStatus
from sessions_app.models.waitlist import WaitlistQuerySet
from sessions_app.session_rows import Person


@dataclass(frozen=True, slots=True)
class OfferRow:
    """A time that is kept for them until `expires_at`; instants are aware, UTC."""

    id: UUID
    start: datetime
    end: datetime
    expires_at: datetime
    counselor: Person
    mode: str
    centre: Person


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One wait for one reader. `can` names what the reader may do now: leave, prioritise."""

    entry: WaitlistEntry
    patient: Person
    counselor: Person | None
    offer: OfferRow | None
    can: tuple[str, ...]


def waiting_rows(entries: WaitlistQuerySet, *, viewer: User, now: datetime) -> list[WaitingRow]:
    """All of them, in two queries. The queryset must come from `visible_to(viewer)`."""
    return _shown(list(_with_people(entries)), viewer, now)


def waiting_page(
    entries: WaitlistQuerySet, request: PageRequest, *, viewer: User, now: datetime
) -> Page[WaitingRow]:
    """One page of them and how many there are, in three queries. The queryset: as for `waiting_rows`."""
    found = paginate(_with_people(entries), request)
    return Page(request, _shown(found.rows, viewer, now), found.total)


def _with_people(entries: WaitlistQuerySet) -> WaitlistQuerySet:
    return entries.select_related("patient__user", "counselor__user", "centre", "session_type")


def _shown(entries: Sequence[WaitlistEntry], viewer: User, now: datetime) -> list[WaitingRow]:
    offers = WaitlistOffer.objects.filter(
        waitlist_entry__in=[entry.pk for entry in entries], outcome=OfferOutcome.OPEN, expires_at__gt=now
    ).select_related("hold__entry", "hold__centre", "counselor__user")
    by_entry = {offer.waitlist_entry_id: _offer(offer) for offer in offers} if entries else {}
    return [_row(entry, by_entry.get(entry.pk), viewer, now) for entry in entries]


def _row(entry: WaitlistEntry, offer: OfferRow | None, viewer: User, now: datetime) -> WaitingRow:
    is_on = entry.status == WaitlistStatus.WAITING and entry.expires_at > now
    done = {"leave": Action.WAITLIST, "prioritise": Action.WAITLIST_PRIORITY}
    counselor = entry.counselor
    return WaitingRow(
        entry,
        Person(entry.patient_id, entry.patient.name_for(viewer)),
        Person(counselor.pk, counselor.user.full_name) if counselor is not None else None,
        offer,
        tuple(name for name, action in done.items() if is_on and viewer.may(action)),
    )


def _offer(offer: WaitlistOffer) -> OfferRow:
    hold = offer.hold
    return OfferRow(
        offer.pk,
        hold.entry.start,
        hold.entry.end,
        offer.expires_at,
        Person(offer.counselor_id, offer.counselor.user.full_name),
        hold.mode,
        Person(hold.centre_id, hold.centre.name),
    )
