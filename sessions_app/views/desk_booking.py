"""Booking at the desk: for whom, with whom, when; each in any order, and all of it in the address."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import access_counselor, access_patient_to_book_for
from accounts.models import Centre, CounselorProfile, PatientProfile, User
from core.errors import NotFound, PermissionDenied, SlotTaken, ValidationFailed
from sessions_app.access import access_session
from sessions_app.forms.days import read_day
from sessions_app.forms.desk import MAX_SEARCH, DeskForm, NoteForm, OverbookForm, TakeOnForm, as_query
from sessions_app.models import Mode, SessionType
from sessions_app.services.booking import book_session
from sessions_app.services.earliest import next_free_times
from sessions_app.services.reservations import Choice
from sessions_app.services.slots import Wish, find_slots
from sessions_app.views.days import start_of
from sessions_app.views.desk import chosen_centre, desk_centres, staff_of
from sessions_app.views.one_session import facts_of
from sessions_app.views.picker import DAYS_SHOWN, SlotPicker, slot_picker
from sessions_app.views.posts import posted_from
from sessions_app.views.shown import sentence_of

MOST_FOUND = 10
LOOK_AHEAD = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Desk:
    """What was chosen so far, fetched as far as the reader may."""

    reader: User
    centres: list[Centre]
    chosen: dict[str, Any]
    centre: Centre | None
    patient: PatientProfile | None
    counselor: CounselorProfile | None
    types: list[SessionType]
    type: SessionType | None
    mode: str
    start: datetime | None

    @property
    def wish(self) -> Wish:
        return Wish(
            type_id=self.type.pk if self.type else None,
            mode=self.mode or None,
            centre_id=self.centre.pk if self.centre else None,
        )

    @property
    def first_day(self) -> date:
        """From which on free times are shown."""
        asked = read_day(str(self.chosen.get("day", "")))
        if asked is None and self.start is not None:
            asked = timezone.localdate(self.start)
        return max(asked or timezone.localdate(), timezone.localdate())

    def choice(self, start: datetime) -> Choice:
        if self.counselor is None:
            raise NotFound("Choose a counselor first.")
        wish = self.wish
        return Choice(self.counselor.pk, start, wish.mode, wish.type_id, centre_id=wish.centre_id)

    def address(self, **changes: Any) -> str:
        """The page with other choices; None takes one away."""
        chosen = {name: value for name, value in (self.chosen | changes).items() if value is not None}
        return f"{reverse('desk_book')}?{as_query(chosen)}"


@require_safe
def desk_book(request: HttpRequest) -> HttpResponse:
    return show_desk(request, desk_of(request, request.GET))


@posted_from("desk_book", is_about_one=False)
def desk_book_confirm(request: HttpRequest) -> HttpResponse:
    """Book the chosen time. One that cannot be had is said, with others, and can be overbooked."""
    desk = desk_of(request, request.POST)
    form = NoteForm(request.POST)
    if desk.patient is None or desk.start is None or not form.is_valid():
        return show_desk(request, desk, note=form)
    return _book(request, desk, desk.start, note=form)


@posted_from("desk_book", is_about_one=False)
def desk_overbook(request: HttpRequest) -> HttpResponse:
    """Book a time over what the counselor has or offers, for a reason."""
    desk = desk_of(request, request.POST)
    form = OverbookForm(request.POST)
    if desk.patient is None or not form.is_valid():
        return show_desk(request, desk, overbook=form, status=422)
    return _book(request, desk, form.instant, overbook=form)


@require_safe
def desk_booked(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """What stands at the end of it."""
    session = access_session(staff_of(request), session_id)
    context = facts_of(request, session) | {"centre_id": session.centre_id}
    return render(request, "sessions_app/desk_booked.html", context)


def _book(
    request: HttpRequest,
    desk: Desk,
    start: datetime,
    *,
    note: NoteForm | None = None,
    overbook: OverbookForm | None = None,
) -> HttpResponse:
    if desk.patient is None:
        raise NotFound("Choose a patient first.")
    try:
        session = book_session(
            choice=desk.choice(start),
            patient_id=desk.patient.pk,
            actor=desk.reader,
            note=note.cleaned_data["note"] if note else "",
            overbook_reason=overbook.cleaned_data["reason"] if overbook else "",
        )
    except (SlotTaken, ValidationFailed) as error:
        said: dict[str, Any] = {"problem": sentence_of(error), "alternatives": _alternatives(error, desk)}
        overbook = overbook or OverbookForm(initial=_clock_of(start))
        return show_desk(
            request, desk, note=note, overbook=overbook, status=error.status, is_refused=True, **said
        )
    return redirect("desk_booked", session.pk)


def desk_of(request: HttpRequest, values: Any) -> Desk:
    """Raises NotFound for a patient or counselor who is not the reader's to see, PermissionDenied for no staff."""
    reader = staff_of(request)
    chosen = DeskForm(values).chosen()
    centres = desk_centres(reader)
    centre = chosen_centre(centres, str(chosen.get("centre", "")))
    patient = access_patient_to_book_for(reader, chosen["patient"]) if "patient" in chosen else None
    counselor = None
    if "counselor" in chosen and centre is not None:
        counselor = access_counselor(reader, chosen["counselor"])
        if not counselors_at(centre).filter(pk=counselor.pk).exists():
            raise PermissionDenied("This counselor does not work at the chosen centre.")
    types = list(SessionType.objects.offered().filter(counselor=counselor)) if counselor else []
    type_ = next((one for one in types if one.pk == chosen.get("type")), types[0] if types else None)
    modes = type_.modes if type_ else []
    wanted = chosen.get("mode") or Mode.IN_PERSON
    mode = wanted if wanted in modes else (modes[0] if modes else "")
    start = chosen.get("start") if counselor else None
    return Desk(reader, centres, chosen, centre, patient, counselor, types, type_, mode, start)


def counselors_at(centre: Centre) -> Any:
    return CounselorProfile.objects.listed().filter(user__staff_centres__centre=centre).select_related("user")


def show_desk(
    request: HttpRequest,
    desk: Desk,
    *,
    note: NoteForm | None = None,
    overbook: OverbookForm | None = None,
    take_on: TakeOnForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page; forms as they were sent, `more` what there is to say of them."""
    context: dict[str, Any] = {
        "desk": desk,
        "query": as_query(desk.chosen),
        "without_patient_url": desk.address(patient=None),
        "without_counselor_url": desk.address(counselor=None, type=None, mode=None, start=None),
        "without_start_url": desk.address(start=None),
        "day_url": _day_url(desk),
        "note_form": note or NoteForm(),
        "overbook_form": overbook or OverbookForm(initial=_clock_of(desk.start)),
        "is_overbooking": overbook is not None,
        "take_on_form": take_on or TakeOnForm(),
        "is_taking_on": take_on is not None,
        "modes": [(value, label) for value, label in Mode.choices if desk.type and value in desk.type.modes],
        **more,
    }
    if desk.centre is not None:
        context |= _who(request, desk) | _when(desk)
    return render(request, "sessions_app/desk_book.html", context, status=status)


def _who(request: HttpRequest, desk: Desk) -> dict[str, Any]:
    """The search for a patient, until one is chosen."""
    text = request.GET.get("q", "").strip()[:MAX_SEARCH].replace("\x00", "")
    if desk.patient is not None or not text:
        return {"search": text}
    matching = PatientProfile.objects.bookable_by(desk.reader).matching(text, viewer=desk.reader)
    ordered = matching.select_related("user").order_by("user__first_name", "user__last_name", "pk")
    found = [(patient, desk.address(patient=patient.pk)) for patient in ordered[: MOST_FOUND + 1]]
    return {"search": text, "found": found[:MOST_FOUND], "has_more": len(found) > MOST_FOUND}


def _when(desk: Desk) -> dict[str, Any]:
    """The counselors of the centre with their next free time, or the free times of the one who is chosen."""
    if desk.centre is None:
        return {}
    if desk.counselor is not None:
        return {"picker": None if desk.start else _picker(desk), "times_url": desk.address(start="")}
    people = list(counselors_at(desk.centre).order_by("user__first_name", "user__last_name", "pk"))
    begins = start_of(desk.first_day)
    free = next_free_times(
        counselor_ids=[one.pk for one in people], wish=desk.wish, start=begins, end=begins + LOOK_AHEAD
    )
    return {"people": [(one, desk.address(counselor=one.pk), free.get(one.pk)) for one in people]}


def _picker(desk: Desk) -> SlotPicker | None:
    if desk.counselor is None:
        return None
    try:
        slots = find_slots(
            counselor_id=desk.counselor.pk,
            start=start_of(desk.first_day),
            end=start_of(desk.first_day + timedelta(days=DAYS_SHOWN)),
            wish=desk.wish,
            for_patient=desk.patient.pk if desk.patient else None,
        )
    except NotFound:
        return None
    return slot_picker(slots, first_day=desk.first_day, wanted_day=None, address=_days_of(desk))


def _days_of(desk: Desk) -> Callable[[date, date | None], str]:
    return lambda first_day, day: desk.address(day=day or first_day, start=None)


def _day_url(desk: Desk) -> str:
    day = timezone.localdate(desk.start) if desk.start else desk.first_day
    query = {"day": day} | ({"centre": desk.centre.pk} if desk.centre else {})
    return f"{reverse('front_desk_day')}?{as_query(query)}"


def _clock_of(start: datetime | None) -> dict[str, Any]:
    if start is None:
        return {}
    here = timezone.localtime(start)
    return {"over_day": here.date(), "over_time": here.time()}


def _alternatives(error: SlotTaken | ValidationFailed, desk: Desk) -> list[tuple[datetime, str]]:
    slots = error.details.get("alternatives", [])
    return [(slot["start"], desk.address(start=slot["start"])) for slot in slots]
