"""Waiting for a time: the patient's pages, and the list of those who plan."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import access_centre, access_counselor, reader_of
from accounts.permissions import Action
from accounts.roles import Role
from core.api.paging import PageRequest
from core.errors import DomainError, InvalidState, PermissionDenied, ValidationFailed
from core.language_names import language_name
from core.wording import clock_in_words
from sessions_app.access import access_hold, access_offer, access_to_wait_for, access_waiting
from sessions_app.forms.booking import BookingForm
from sessions_app.forms.waitlist import PriorityForm, WaitedForForm, WindowForm
from sessions_app.models import Mode, OfferOutcome, Priority, SessionType, WaitlistEntry, Weekday
from sessions_app.paging import page_number, pages_of
from sessions_app.services.booking import book_hold
from sessions_app.services.holds import release_hold
from sessions_app.services.waitlist import Wanted, join_waitlist, leave_waitlist, set_priority
from sessions_app.views.posts import posted, posted_from
from sessions_app.waiting import WaitingRow, waiting_page, waiting_rows

ROWS_A_PAGE = 30
IN_TURN = ("-priority", "waiting_since", "id")


@require_safe
def my_waitlist(request: HttpRequest) -> HttpResponse:
    """What one waits for, and the times that are being offered."""
    reader = reader_of(request)
    if reader.role != Role.PATIENT:
        return redirect("waiting_people")
    now = timezone.now()
    entries = WaitlistEntry.objects.visible_to(reader).waiting(now).order_by("waiting_since", "id")
    rows = waiting_rows(entries, viewer=reader, now=now)
    context = {"cards": [_card(row) for row in rows], "offers": [row.offer for row in rows if row.offer]}
    return render(request, "sessions_app/my_waitlist.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def waitlist_join(request: HttpRequest) -> HttpResponse:
    """GET asks when it would suit, POST waits. Whom for: ?counselor=, or what the directory was asked for."""
    reader = reader_of(request)
    if reader.role != Role.PATIENT:
        raise PermissionDenied("Patients join here for themselves.")
    waited_for = WaitedForForm(posted(request) if request.method == "POST" else request.GET)
    what = waited_for.values()
    access_to_wait_for(reader, counselor_id=what["counselor_id"], centre_id=what["centre_id"])
    form = WindowForm(posted(request))
    if form.is_valid() and _joined(request, Wanted(**what, **form.values()), form):
        messages.success(request, "You are on the waitlist. We write to you when a time frees.")
        return redirect("my_waitlist")
    context = {"form": form, "waited_for": waited_for, "facts": _what_is_waited_for(request, what)}
    return render(request, "sessions_app/waitlist_join.html", context, status=422 if form.errors else 200)


@posted_from("my_waitlist_entry")
def waitlist_leave(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    reader = reader_of(request)
    entry = access_waiting(reader, entry_id)
    leave_waitlist(entry=entry, actor=reader)
    messages.success(
        request, "You no longer wait for that." if reader.pk == entry.patient_id else "Taken off."
    )
    return redirect("my_waitlist")


@require_safe
def my_waitlist_entry(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Asks before somebody leaves."""
    reader, now = reader_of(request), timezone.now()
    entry = access_waiting(reader, entry_id)
    (row,) = waiting_rows(WaitlistEntry.objects.filter(pk=entry.pk), viewer=reader, now=now)
    if "leave" not in row.can:
        messages.info(request, "This wait is over.")
        return redirect("my_waitlist")
    context = {"card": _card(row), "is_own": reader.pk == entry.patient_id}
    return render(request, "sessions_app/waitlist_leave.html", context)


@require_safe
def waitlist_offer(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    offer = access_offer(reader_of(request), offer_id)
    if offer.hold.session_id is not None:
        return redirect("session_detail", offer.hold.session_id)
    is_open = offer.is_open_at(timezone.now()) and offer.hold.is_live
    context = {
        "offer": offer,
        "hold": offer.hold,
        "form": BookingForm(),
        "is_open": is_open,
        "is_declined": offer.outcome == OfferOutcome.DECLINED,
    }
    return render(request, "sessions_app/waitlist_offer.html", context, status=200 if is_open else 409)


@posted_from("waitlist_offer")
def waitlist_accept(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Book it; a second click leads to the same session. Too late is said, with the way on."""
    reader = reader_of(request)
    offer = access_offer(reader, offer_id)
    form = BookingForm(request.POST)
    if not form.is_valid():
        context = {"offer": offer, "hold": offer.hold, "form": form, "is_open": True}
        return render(request, "sessions_app/waitlist_offer.html", context, status=422)
    try:
        session = book_hold(hold=access_hold(reader, offer_id), actor=reader, note=form.cleaned_data["note"])
    except DomainError as error:
        messages.info(request, error.message)
        return redirect("waitlist_offer", offer_id)
    return redirect("session_booked", session.pk)


@posted_from("waitlist_offer")
def waitlist_decline(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    reader = reader_of(request)
    offer = access_offer(reader, offer_id)
    release_hold(hold=access_hold(reader, offer_id), actor=reader)
    if offer.hold.session_id is None:
        messages.success(request, "The time goes to the next person. You keep your place.")
    return redirect("my_waitlist")


@require_safe
def waiting_people(request: HttpRequest) -> HttpResponse:
    """Who waits, in turn: for a counselor, for them; for staff, at their centres."""
    reader = _who_plans(request)
    now = timezone.now()
    entries = WaitlistEntry.objects.visible_to(reader).waiting(now)
    asked = PageRequest(number=page_number(request), size=ROWS_A_PAGE, ordering=IN_TURN)
    page = waiting_page(entries, asked, viewer=reader, now=now)
    context = {
        "cards": [_card(row) for row in page.rows],
        "total": page.total,
        "page": pages_of(page),
        "priorities": Priority.choices,
        "is_counselor": reader.role == Role.COUNSELOR,
    }
    return render(request, "sessions_app/waiting_people.html", context)


@posted_from("my_waitlist_entry")
def waitlist_priority(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    reader = _who_plans(request)
    entry = access_waiting(reader, entry_id, Action.WAITLIST_PRIORITY)
    form = PriorityForm(request.POST)
    if not form.is_valid():
        raise ValidationFailed("Choose one of the three turns.")
    try:
        set_priority(entry=entry, priority=form.cleaned_data["priority"], actor=reader)
    except InvalidState as error:
        messages.info(request, error.message)
    else:
        messages.success(request, "Whose turn it is has been changed.")
    return redirect("waiting_people")


def _who_plans(request: HttpRequest) -> Any:
    reader = reader_of(request)
    if not reader.may(Action.WAITLIST_PRIORITY):
        raise PermissionDenied()
    return reader


def _joined(request: HttpRequest, wanted: Wanted, form: WindowForm) -> bool:
    """What the service refuses stands at the form's fields."""
    reader = reader_of(request)
    try:
        join_waitlist(wanted=wanted, patient_id=reader.pk, actor=reader)
    except ValidationFailed as error:
        for name, sentences in error.details.items():
            form.add_error(name if name in form.fields else None, sentences)
    except InvalidState as error:
        form.add_error(None, error.message)
    else:
        return True
    return False


def _card(row: WaitingRow) -> dict[str, Any]:
    """What the fragment _waiting_facts.html shows."""
    entry = row.entry
    return {
        "id": entry.pk,
        "patient": row.patient.display_name,
        "counselor": row.counselor.display_name if row.counselor else "",
        "facts": _facts(
            session_type=entry.session_type,
            specialization=entry.specialization,
            language=entry.language,
            centre=entry.centre.name if entry.centre else "",
            mode=entry.mode,
        ),
        "days": _days_in_words(entry.weekdays),
        "hours": _hours_in_words(entry),
        "zone": entry.timezone,
        "first_day": entry.first_day,
        "last_day": entry.last_day,
        "since": entry.waiting_since,
        "priority": entry.priority,
        "priority_label": Priority(entry.priority).label,
        "offer": row.offer,
        "can": row.can,
    }


def _what_is_waited_for(request: HttpRequest, what: dict[str, Any]) -> list[str]:
    """In words, for the head of the page; the first names whom."""
    reader = reader_of(request)
    whom = "Any counselor"
    session_type = None
    if what["counselor_id"] is not None:
        counselor = access_counselor(reader, what["counselor_id"])
        whom = counselor.user.full_name
        session_type = SessionType.objects.filter(counselor=counselor, pk=what["session_type_id"]).first()
    centre = access_centre(reader, what["centre_id"]).name if what["centre_id"] else ""
    return [
        whom,
        *_facts(
            session_type=session_type,
            specialization=what["specialization"],
            language=what["language"],
            centre=centre,
            mode=what["mode"],
        ),
    ]


def _facts(
    *, session_type: SessionType | None, specialization: str, language: str, centre: str, mode: str
) -> list[str]:
    return [
        fact
        for fact in (
            f"{session_type.name}, {session_type.duration_minutes} minutes" if session_type else "",
            specialization,
            f"In {language_name(language)}" if language else "",
            f"At {centre}" if centre else "",
            Mode(mode).label if mode else "",
        )
        if fact
    ]


def _days_in_words(weekdays: list[int]) -> str:
    if len(weekdays) == len(Weekday):
        return "Any day"
    return ", ".join(str(Weekday(day).label) for day in weekdays)


def _hours_in_words(entry: WaitlistEntry) -> str:
    """“From 9:00 am to 12:30 pm”; empty for any hour."""
    parts = []
    if entry.earliest.hour or entry.earliest.minute:
        parts.append(f"from {clock_in_words(entry.earliest)}")
    if entry.latest.hour or entry.latest.minute:
        parts.append(f"over by {clock_in_words(entry.latest)}")
    return ", ".join(parts)
