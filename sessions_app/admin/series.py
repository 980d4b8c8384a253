"""Series of sessions: to look at. Each of its sessions is ended by itself."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts.access import reader_of
from core.admin import ConsoleAdmin, DaysFilter
from sessions_app.admin.people import COUNSELOR_NAMES, CounselorFilter, name_in_console
from sessions_app.models import SessionSeries


@admin.register(SessionSeries)
class SessionSeriesAdmin(ConsoleAdmin):
    list_display = ("first_start", "counselor", "for_patient", "rhythm", "asked_count", "how_many")
    list_filter = (CounselorFilter, ("rhythm", ChoicesDropdownFilter), ("first_start", DaysFilter))
    search_fields = (*COUNSELOR_NAMES, "patient__user__first_name", "patient__user__last_name")
    search_help_text = "Name of a counselor or a patient"
    ordering = ("-created_at",)
    fields = (
        "first_start",
        "counselor",
        "for_patient",
        "rhythm",
        "timezone",
        "asked_count",
        "how_many",
        "created_by",
        "created_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SessionSeries]:
        return (
            SessionSeries.objects.visible_to(reader_of(request))
            .select_related("counselor__user", "patient__user", "created_by")
            .annotate(session_count=Count("sessions"))
        )

    @display(description="Patient")
    def for_patient(self, series: SessionSeries) -> str:
        return name_in_console(series.patient)

    @display(description="Sessions", ordering="session_count")
    def how_many(self, series: SessionSeries) -> int:
        return int(getattr(series, "session_count", 0))
