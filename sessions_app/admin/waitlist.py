"""Who waits, and what they were offered: to look at. Whose turn it is, is set on the site's own page."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts.access import reader_of
from core.admin import ConsoleAdmin, DaysFilter
from sessions_app.admin.people import COUNSELOR_NAMES, CounselorFilter, name_in_console
from sessions_app.models import WaitlistEntry, WaitlistOffer


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(ConsoleAdmin):
    list_display = ("waiting_since", "for_patient", "counselor", "priority", "status", "last_day")
    list_filter = (
        CounselorFilter,
        ("status", ChoicesDropdownFilter),
        ("priority", ChoicesDropdownFilter),
        ("waiting_since", DaysFilter),
    )
    search_fields = (*COUNSELOR_NAMES, "patient__user__first_name", "patient__user__last_name")
    search_help_text = "Name of a counselor or a patient"
    ordering = ("-priority", "waiting_since", "id")
    fields = (
        "for_patient",
        "counselor",
        "session_type",
        "centre",
        "mode",
        "duration_minutes",
        "first_day",
        "last_day",
        "weekdays",
        "earliest",
        "latest",
        "timezone",
        "priority",
        "status",
        "waiting_since",
        "ended_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WaitlistEntry]:
        return WaitlistEntry.objects.visible_to(reader_of(request)).select_related(
            "counselor__user", "patient__user", "session_type", "centre"
        )

    @display(description="Patient")
    def for_patient(self, entry: WaitlistEntry) -> str:
        return name_in_console(entry.patient)


@admin.register(WaitlistOffer)
class WaitlistOfferAdmin(ConsoleAdmin):
    list_display = ("start", "counselor", "for_patient", "outcome", "made_at", "expires_at")
    list_filter = (CounselorFilter, ("outcome", ChoicesDropdownFilter), ("start", DaysFilter))
    ordering = ("-made_at",)
    fields = ("start", "counselor", "for_patient", "outcome", "made_at", "expires_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WaitlistOffer]:
        waiting = WaitlistEntry.objects.visible_to(reader_of(request))
        return WaitlistOffer.objects.filter(waitlist_entry__in=waiting).select_related(
            "counselor__user", "patient__user"
        )

    @display(description="Patient")
    def for_patient(self, offer: WaitlistOffer) -> str:
        return name_in_console(offer.patient)
