"""Holds, the entries that take time, and reminders: to look at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts.access import reader_of
from core.admin import ConsoleAdmin, DaysFilter, OperationsAdmin
from sessions_app import wording
from sessions_app.admin.people import COUNSELOR_NAMES, CounselorFilter, name_in_console
from sessions_app.models import CalendarEntry, Reminder, SlotHold


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
