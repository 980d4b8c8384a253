"""Sessions: found, looked at, and brought to their end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.access import reader_of
from accounts.permissions import Action
from core.admin import ConsoleAdmin, DaysFilter
from core.money import amount_in_words
from sessions_app import wording
from sessions_app.access import access_session
from sessions_app.admin.people import COUNSELOR_NAMES, CounselorFilter, name_in_console
from sessions_app.models import CancellationCharge, ParticipantStatus, Session, SessionStatus
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.states import complete_session, mark_no_show
from sessions_app.session_rows import possible_actions


@dataclass(frozen=True, slots=True)
class Ending:
    """A way for sessions to end, with the words of the page that asks."""

    name: str
    question: str
    explanation: str
    yes: str
    done: str
    permission: Action
    service: Callable[..., Session]


CANCEL = Ending(
    name="cancel",
    question="Cancel?",
    explanation="The time is free again at once, everybody who takes part is told, and the patient pays nothing. "
    "This cannot be undone.",
    yes="Yes, cancel",
    done="Cancelled",
    permission=Action.SESSION_CHANGE,
    service=cancel_session,
)
COMPLETE = Ending(
    name="complete",
    question="Did it take place?",
    explanation="It counts as completed from now on.",
    yes="Yes, it took place",
    done="Completed",
    permission=Action.SESSION_COMPLETE,
    service=complete_session,
)
NO_SHOW = Ending(
    name="no_show",
    question="Did nobody come?",
    explanation="It counts as missed by the patient from now on.",
    yes="Yes, nobody came",
    done="Marked as missed",
    permission=Action.SESSION_NO_SHOW,
    service=mark_no_show,
)


@admin.register(Session)
class SessionAdmin(ConsoleAdmin):
    list_display = ("when", "state", "counselor", "patients", "centre", "session_type", "mode")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("centre", RelatedDropdownFilter),
        CounselorFilter,
        ("mode", ChoicesDropdownFilter),
        "overbooked",
        ("start", DaysFilter),
    )
    search_fields = (
        *COUNSELOR_NAMES,
        "participants__patient__user__first_name",
        "participants__patient__user__last_name",
        "participants__patient__alias",
    )
    search_help_text = "Name of a counselor or a patient"
    ordering = ("-start", "-id")
    list_disable_select_all = True
    actions = ("cancel_selected", "complete_selected", "no_show_selected")
    actions_detail = ("cancel", "complete", "no_show", "correct", "waive")
    fieldsets = (
        (None, {"fields": ("when_in_full", "state", "counselor", "patients", "centre", "mode")}),
        (
            "Terms",
            {
                "fields": (
                    "session_type",
                    "fee",
                    "booked_at",
                    "overbooked_by",
                    "cancelled_by",
                    "cancelled_at",
                    "charge",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        return (
            Session.objects.visible_to(reader_of(request))
            .select_related(
                "counselor__user",
                "centre",
                "session_type",
                "cancelled_by",
                "overbooked_by",
            )
            .prefetch_related("participants__patient__user", "charges__policy", "charges__waived_by")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(name for _, options in self.fieldsets for name in options["fields"])

    @display(description="When", ordering="start")
    def when(self, session: Session) -> str:
        day = date_format(timezone.localtime(session.start), "D j M Y")
        return f"{day}, {wording.clock(session.start)}"

    @display(description="When")
    def when_in_full(self, session: Session) -> str:
        return wording.span(session.start, session.end)

    @display(
        description="Status",
        ordering="status",
        label={
            SessionStatus.CONFIRMED.label: "info",
            SessionStatus.IN_PROGRESS.label: "info",
            SessionStatus.COMPLETED.label: "success",
            SessionStatus.NO_SHOW.label: "warning",
            SessionStatus.CANCELLED.label: "danger",
        },
    )
    def state(self, session: Session) -> str:
        return SessionStatus(session.status).label

    @display(description="Patient")
    def patients(self, session: Session) -> str:
        return ", ".join(
            name_in_console(participant.patient)
            for participant in session.participants.all()
            if participant.status != ParticipantStatus.CANCELLED
        )

    @display(description="Fee")
    def fee(self, session: Session) -> str:
        return amount_in_words(session.fee_minor, session.currency)

    @display(description="Charge for cancelling late")
    def charge(self, session: Session) -> str:
        return "; ".join(self._charge_in_words(session, charge) for charge in session.charges.all()) or "None"

    def _charge_in_words(self, session: Session, charge: CancellationCharge) -> str:
        waived = f", waived by {charge.waived_by}" if charge.waived_by else ""
        amount = amount_in_words(charge.amount_minor, session.currency)
        return f"{amount}, version {charge.policy.version} of the policy{waived}"

    @display(description="Booked")
    def booked_at(self, session: Session) -> str:
        return f"{date_format(timezone.localtime(session.created_at), 'D j M Y')}, {wording.clock(session.created_at)}"

    # --- Ending sessions: a page asks first, for one as for several

    @action(description="Cancel this session", icon="event_busy", variant=ActionVariant.DANGER)
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._end_one(request, CANCEL, object_id)

    @action(description="It took place", icon="check")
    def complete(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._end_one(request, COMPLETE, object_id)

    @action(description="Nobody came", icon="person_off")
    def no_show(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._end_one(request, NO_SHOW, object_id)

    @action(description="Put right how it ended", icon="edit")
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """On the site's own page, which asks what is right and why."""
        return redirect("session_correct", object_id)

    @action(description="Waive the charge", icon="money_off")
    def waive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("session_waive", object_id)

    @admin.action(description="Cancel these sessions")
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Session]) -> HttpResponse | None:
        return self._end_selected(request, CANCEL, queryset)

    @admin.action(description="Mark as completed")
    def complete_selected(self, request: HttpRequest, queryset: QuerySet[Session]) -> HttpResponse | None:
        return self._end_selected(request, COMPLETE, queryset)

    @admin.action(description="Mark as missed")
    def no_show_selected(self, request: HttpRequest, queryset: QuerySet[Session]) -> HttpResponse | None:
        return self._end_selected(request, NO_SHOW, queryset)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what can be done to this session now."""
        session = self.get_object(request, str(object_id))
        possible: tuple[str, ...] = ()
        if session is not None:
            possible = possible_actions(
                status=session.status,
                start=session.start,
                end=session.end,
                viewer=reader_of(request),
                now=timezone.now(),
                is_owed=any(charge.waived_at is None for charge in session.charges.all()),
            )
        return [each for each in super().get_actions_detail(request, object_id) if each.path in possible]

    def _end_one(self, request: HttpRequest, ending: Ending, object_id: str) -> HttpResponse:
        session = self.get_object(request, object_id)
        if session is None:
            raise Http404
        page = reverse("admin:sessions_app_session_change", args=[session.pk])
        if request.method == "POST":
            self._end(request, ending, [session])
            return redirect(page)
        return self._ask(request, ending, [session], back=page)

    def _end_selected(
        self, request: HttpRequest, ending: Ending, queryset: QuerySet[Session]
    ) -> HttpResponse | None:
        if "confirmed" in request.POST:
            self._end(request, ending, queryset)
            return None
        return self._ask(request, ending, list(queryset), back=request.get_full_path())

    def _end(self, request: HttpRequest, ending: Ending, sessions: Iterable[Session]) -> None:
        actor = reader_of(request)

        def end(session: Session) -> None:
            ending.service(session=access_session(actor, session.pk, ending.permission), actor=actor)

        self.serve_each(request, sessions, end, done=ending.done)

    def _ask(
        self, request: HttpRequest, ending: Ending, sessions: list[Session], *, back: str
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": ending.question,
            "opts": self.opts,
            "ending": ending,
            "rows": [
                (session.pk, self.when_in_full(session), session.counselor, self.patients(session))
                for session in sessions
            ],
            "back": back,
        }
        return TemplateResponse(request, "admin/sessions_app/session/end.html", context)
