"""Scheduling in the console: looked at here, changed through the services. Booking is done on the site's pages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import ForeignKey, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.access import reader_of
from accounts.models import CounselorProfile, PatientProfile, User
from accounts.permissions import Action
from core.admin import ConsoleAdmin, DaysFilter, OperationsAdmin
from core.money import amount_in_words
from sessions_app import wording
from sessions_app.access import access_session
from sessions_app.listing import possible_actions
from sessions_app.models import (
    AvailabilityRule,
    CalendarEntry,
    Mode,
    Reminder,
    Session,
    SessionStatus,
    SessionType,
    SlotHold,
)
from sessions_app.services.availability import save_session_type
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.states import complete_session, mark_no_show

COUNSELOR_NAMES = ("counselor__user__first_name", "counselor__user__last_name")


class CounselorFilter(DropdownFilter):
    """By counselor; the names in one query, and only those who have rows here."""

    title = "counselor"
    parameter_name = "counselor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        have_rows = model_admin.model._default_manager.values("counselor")
        counselors = CounselorProfile.objects.filter(pk__in=have_rows).select_related("user")
        return [
            (str(counselor.pk), counselor.user.full_name)
            for counselor in counselors.order_by("user__first_name", "user__last_name")
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            return queryset.filter(counselor=UUID(self.value())) if self.value() else queryset
        except ValueError:
            return queryset.none()


@dataclass(frozen=True, slots=True)
class Ending:
    """A way for sessions to end, with the words of the page that asks."""

    name: str
    question: str
    explanation: str
    done: str
    permission: Action
    service: Callable[..., Session]


CANCEL = Ending(
    name="cancel",
    question="Cancel?",
    explanation="The time is free again at once, and everybody who takes part is told. This cannot be undone.",
    done="Cancelled",
    permission=Action.SESSION_CHANGE,
    service=cancel_session,
)
COMPLETE = Ending(
    name="complete",
    question="Did it take place?",
    explanation="It counts as completed from now on.",
    done="Completed",
    permission=Action.SESSION_COMPLETE,
    service=complete_session,
)
NO_SHOW = Ending(
    name="no_show",
    question="Did nobody come?",
    explanation="It counts as missed by the patient from now on.",
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
    actions_detail = ("cancel", "complete", "no_show")
    fieldsets = (
        (None, {"fields": ("when_in_full", "state", "counselor", "patients", "centre", "mode")}),
        ("Terms", {"fields": ("session_type", "fee", "booked_at", "cancelled_by", "cancelled_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        return (
            Session.objects.visible_to(reader_of(request))
            .select_related("counselor__user", "centre", "session_type", "cancelled_by")
            .prefetch_related("participants__patient__user")
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
            SessionStatus.COMPLETED.label: "success",
            SessionStatus.NO_SHOW.label: "warning",
            SessionStatus.CANCELLED.label: "danger",
        },
    )
    def state(self, session: Session) -> str:
        return SessionStatus(session.status).label

    @display(description="Patient")
    def patients(self, session: Session) -> str:
        return ", ".join(name_in_console(participant.patient) for participant in session.participants.all())

    @display(description="Fee")
    def fee(self, session: Session) -> str:
        return amount_in_words(session.fee_minor, session.currency)

    @display(description="Booked")
    def booked_at(self, session: Session) -> str:
        return f"{date_format(timezone.localtime(session.created_at), 'D j M Y')}, {wording.clock(session.created_at)}"

    # --- Ending sessions: a page asks first, for one as for several

    @action(description="Cancel", icon="event_busy", variant=ActionVariant.DANGER)
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._end_one(request, CANCEL, object_id)

    @action(description="It took place", icon="check")
    def complete(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._end_one(request, COMPLETE, object_id)

    @action(description="Nobody came", icon="person_off")
    def no_show(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._end_one(request, NO_SHOW, object_id)

    @admin.action(description="Cancel")
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
                status=session.status, start=session.start, viewer=reader_of(request), now=timezone.now()
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


class SessionTypeForm(forms.ModelForm):
    modes = forms.MultipleChoiceField(
        choices=Mode.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget, label="Ways to meet"
    )

    class Meta:
        model = SessionType
        fields: ClassVar[list[str]] = [
            "counselor",
            "name",
            "kind",
            "duration_minutes",
            "modes",
            "payment_policy",
            "fee_minor",
            "currency",
            "buffer_before_minutes",
            "buffer_after_minutes",
            "position",
            "is_active",
        ]
        labels: ClassVar[dict[str, str]] = {
            "duration_minutes": "Length in minutes",
            "payment_policy": "Payment",
            "fee_minor": "Fee, in the smallest unit of the currency",
            "buffer_before_minutes": "Minutes kept free before",
            "buffer_after_minutes": "Minutes kept free after",
            "is_active": "Offered at present",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "fee_minor": "For 40.00 GBP write 4000. For a free session write 0."
        }


@admin.register(SessionType)
class SessionTypeAdmin(ConsoleAdmin):
    form = SessionTypeForm
    list_display = ("name", "counselor", "kind", "length", "fee", "is_active")
    list_filter = (
        CounselorFilter,
        ("kind", ChoicesDropdownFilter),
        ("payment_policy", ChoicesDropdownFilter),
        "is_active",
    )
    search_fields = ("name", *COUNSELOR_NAMES)
    search_help_text = "Name of a session type or a counselor"
    list_select_related = ("counselor__user",)
    ordering = ("counselor__user__first_name", "counselor__user__last_name", "counselor", "position", "id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return isinstance(request.user, User) and request.user.may(Action.AVAILABILITY_EDIT)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("counselor",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SessionType]:
        planned_for = CounselorProfile.objects.availability_editable_by(reader_of(request))
        return SessionType.objects.filter(counselor__in=planned_for).select_related("counselor__user")

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "counselor":
            planned_for = CounselorProfile.objects.availability_editable_by(reader_of(request))
            kwargs["queryset"] = planned_for.select_related("user").order_by("user__first_name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: SessionType, form: forms.Form, change: bool) -> None:
        save_session_type(session_type=obj, actor=reader_of(request))

    @display(description="Length", ordering="duration_minutes")
    def length(self, session_type: SessionType) -> str:
        return f"{session_type.duration_minutes} min"

    @display(description="Fee", ordering="fee_minor")
    def fee(self, session_type: SessionType) -> str:
        return amount_in_words(session_type.fee_minor, session_type.currency)


@admin.register(AvailabilityRule)
class AvailabilityRuleAdmin(ConsoleAdmin):
    """Weekly hours are replaced as a whole, so they are edited on their own page and only looked at here."""

    list_display = (
        "counselor",
        "weekday",
        "start",
        "end",
        "timezone",
        "centre",
        "valid_from",
        "valid_until",
    )
    list_filter = (
        CounselorFilter,
        ("weekday", ChoicesDropdownFilter),
        ("centre", RelatedDropdownFilter),
    )
    search_fields = COUNSELOR_NAMES
    search_help_text = "Name of a counselor"
    list_select_related = ("counselor__user", "centre")
    ordering = ("counselor__user__first_name", "counselor__user__last_name", "counselor", "weekday", "start")


@admin.register(SlotHold)
class SlotHoldAdmin(ConsoleAdmin):
    list_display = ("starts", "counselor", "for_patient", "held_by", "expires", "renewals", "is_live")
    list_filter = (CounselorFilter, "is_live", ("entry__start", DaysFilter))
    search_fields = (*COUNSELOR_NAMES, "patient__user__first_name", "patient__user__last_name")
    search_help_text = "Name of a counselor or a patient"
    ordering = ("-entry",)
    fields = (
        "starts",
        "expires",
        "counselor",
        "for_patient",
        "held_by",
        "session_type",
        "centre",
        "mode",
        "renewals",
        "is_live",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SlotHold]:
        return SlotHold.objects.visible_to(reader_of(request)).select_related(
            "entry", "counselor__user", "patient__user", "held_by", "session_type", "centre"
        )

    @display(description="Time", ordering="entry__start")
    def starts(self, hold: SlotHold) -> str:
        return wording.span(hold.entry.start, hold.entry.end)

    @display(description="Held until", ordering="entry__expires_at")
    def expires(self, hold: SlotHold) -> str:
        return wording.clock(hold.entry.expires_at) if hold.entry.expires_at else "Booked"

    @display(description="Patient")
    def for_patient(self, hold: SlotHold) -> str:
        return name_in_console(hold.patient)


@admin.register(CalendarEntry)
class CalendarEntryAdmin(OperationsAdmin):
    """What the constraint against double booking stands on."""

    list_display = ("start", "end", "kind", "is_active", "expires_at", "created_at")
    list_filter = (("kind", ChoicesDropdownFilter), "is_active", ("start", DaysFilter))
    ordering = ("-start", "-id")


@admin.register(Reminder)
class ReminderAdmin(OperationsAdmin):
    list_display = ("due_at", "kind", "state", "user", "session_start")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("due_at", DaysFilter),
    )
    list_select_related = ("user",)
    ordering = ("-due_at", "-id")
    fields = ("due_at", "kind", "channel", "state", "user", "session_start", "created_at")


def name_in_console(patient: PatientProfile) -> str:
    """The legal name, which managers and admins may read, with the alias that counselors see."""
    name = patient.user.full_name
    return f"{name} (to counselors: {patient.alias})" if patient.is_anonymous else name
