"""The public directory: counselors who can be booked, with their next free time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import Centre, CounselorProfile
from core.api.paging import Page, PageRequest
from sessions_app.models import AvailabilityRule, SessionType
from sessions_app.services.earliest import next_free_times
from sessions_app.services.slots import Slot, Wish

ORDERINGS: dict[str, tuple[str, ...]] = {
    "next_free": ("next_free",),
    "name": ("user__first_name", "user__last_name", "pk"),
    "-rating": ("-rating_order", "pk"),
    "-experience": ("-years_of_experience", "pk"),
}
SOONEST = ORDERINGS["next_free"]
LOOK_AHEAD_DAYS = 60


@dataclass(frozen=True, slots=True)
class DirectoryFilter:
    """What a visitor looks for; None and "" leave it open. `free_from`/`free_until` are instants, half open."""

    q: str = ""
    specialization: str = ""
    language: str = ""
    centre_id: UUID | None = None
    mode: str | None = None
    fee_max_minor: int | None = None
    free_from: datetime | None = None
    free_until: datetime | None = None

    @property
    def wish(self) -> Wish:
        return Wish(mode=self.mode, centre_id=self.centre_id, fee_max_minor=self.fee_max_minor)


@dataclass(frozen=True, slots=True)
class Listed:
    """A card of the directory."""

    counselor: CounselorProfile
    types: list[SessionType]
    next_slot: Slot | None


def find_counselors(
    wanted: DirectoryFilter, request: PageRequest, *, now: datetime | None = None
) -> Page[Listed]:
    """A page of the counselors who fit, in a fixed number of queries.

    “Soonest” and a wanted day need the free times of all who fit, so they are asked for before the page is cut.
    """
    now = now or timezone.now()
    matching = _matching(wanted)
    if request.ordering == SOONEST or wanted.free_from or wanted.free_until:
        return _soonest(matching, wanted, request, now)
    total = matching.count()
    ordered = matching.annotate(rating_order=F("rating_average")).order_by(*_nulls_last(request.ordering))
    counselors = _with_what_cards_show(ordered[request.offset : request.offset + request.size])
    free = next_free_times(
        counselor_ids=[counselor.pk for counselor in counselors],
        wish=wanted.wish,
        start=now,
        end=now + timedelta(days=LOOK_AHEAD_DAYS),
        now=now,
    )
    return Page(request, [_listed(counselor, free) for counselor in counselors], total)


def show_counselor(counselor: CounselorProfile, *, now: datetime | None = None) -> Listed:
    """One counselor as a card shows them."""
    now = now or timezone.now()
    end = now + timedelta(days=LOOK_AHEAD_DAYS)
    free = next_free_times(counselor_ids=[counselor.pk], wish=Wish(), start=now, end=end, now=now)
    offered = list(SessionType.objects.offered().filter(counselor=counselor))
    return Listed(counselor, offered, free.get(counselor.pk))


def choices() -> dict[str, list[Any]]:
    """What the filters offer: only what some listed counselor has. Two queries."""
    listed = CounselorProfile.objects.listed().values_list(
        "specializations", "languages", "primary_centre_id"
    )
    specializations, languages, centres = set(), set(), set()
    for own_specializations, own_languages, centre_id in listed:
        specializations.update(own_specializations)
        languages.update(own_languages)
        centres.add(centre_id)
    return {
        "specializations": sorted(specializations),
        "languages": sorted(languages),
        "centres": list(Centre.objects.filter(pk__in=centres, is_active=True).order_by("name")),
    }


def _matching(wanted: DirectoryFilter) -> QuerySet[CounselorProfile]:
    found = CounselorProfile.objects.listed()
    if wanted.specialization:
        found = found.filter(specializations__contains=[wanted.specialization])
    if wanted.language:
        found = found.filter(languages__contains=[wanted.language])
    if wanted.centre_id:
        rules_there = AvailabilityRule.objects.filter(counselor=OuterRef("pk"), centre=wanted.centre_id)
        found = found.filter(Q(primary_centre=wanted.centre_id) | Exists(rules_there))
    types = SessionType.objects.filter(counselor=OuterRef("pk"), is_active=True)
    if wanted.mode:
        types = types.filter(modes__contains=[wanted.mode])
    if wanted.fee_max_minor is not None:
        types = types.filter(fee_minor__lte=wanted.fee_max_minor)
    found = found.filter(Exists(types))
    for word in wanted.q.split()[:6]:
        found = found.filter(
            Q(user__first_name__icontains=word)
            | Q(user__last_name__icontains=word)
            | Q(title__icontains=word)
            | Q(bio__icontains=word)
            | Q(specializations__icontains=word)
        )
    return found


def _soonest(
    matching: QuerySet[CounselorProfile], wanted: DirectoryFilter, request: PageRequest, now: datetime
) -> Page[Listed]:
    """By the next free time; those without one last, or left out when a day is wanted."""
    ids = list(matching.order_by("pk").values_list("pk", flat=True))
    start = max(wanted.free_from or now, now)
    end = wanted.free_until or start + timedelta(days=LOOK_AHEAD_DAYS)
    free = next_free_times(counselor_ids=ids, wish=wanted.wish, start=start, end=end, now=now)
    if wanted.free_from or wanted.free_until:
        ids = [counselor_id for counselor_id in ids if counselor_id in free]
    if request.ordering != SOONEST:
        allowed = matching.filter(pk__in=ids).annotate(rating_order=F("rating_average"))
        ids = list(allowed.order_by(*_nulls_last(request.ordering)).values_list("pk", flat=True))
    else:
        ids.sort(key=lambda counselor_id: free[counselor_id].start if counselor_id in free else end)
    shown = ids[request.offset : request.offset + request.size]
    counselors = {
        counselor.pk: counselor
        for counselor in _with_what_cards_show(CounselorProfile.objects.filter(pk__in=shown))
    }
    return Page(request, [_listed(counselors[id_], free) for id_ in shown], len(ids))


def _with_what_cards_show(counselors: QuerySet[CounselorProfile]) -> Sequence[CounselorProfile]:
    offered = Prefetch("session_types", queryset=SessionType.objects.offered())
    return list(counselors.select_related("user", "primary_centre").prefetch_related(offered))


def _listed(counselor: CounselorProfile, free: dict[UUID, Slot]) -> Listed:
    return Listed(counselor, list(counselor.session_types.all()), free.get(counselor.pk))


def _nulls_last(ordering: tuple[str, ...]) -> list[Any]:
    return [
        F(name.removeprefix("-")).desc(nulls_last=True) if name.startswith("-") else F(name).asc()
        for name in ordering
    ]
