"""The console's ground rules, for the admin.py of every app, and the tables that nobody else shows.

The console is one more door: it looks at rows, and changes them through services only. `ConsoleAdmin` is closed until
an app opens what it has a service for.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateFilter

from core.errors import DomainError
from core.models import IdempotencyKey, OutboxEntry


class ConsoleAdmin(ModelAdmin):
    """Shows rows and changes none. To let one be changed, an app answers has_…_permission, and saves by a service."""

    list_per_page = 50
    list_filter_submit = True
    list_before_template: str | None = "admin/reader_zone.html"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        raise NotImplementedError("Here rows are saved by a service.")

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        raise NotImplementedError("Here rows are removed by a service.")

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        raise NotImplementedError("Here rows are removed by a service.")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A service that refuses a form is quoted above it, and nothing of it is kept."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (DomainError, ValidationError) as error:
            if request.method != "POST":
                raise
            messages.error(request, words_of(error))
            return HttpResponseRedirect(request.get_full_path())

    def serve_each(
        self, request: HttpRequest, rows: Iterable[Any], service: Callable[[Any], object], *, done: str
    ) -> None:
        """Calls the service for each row; says with how many it went well, and quotes each refusal once."""
        served, refusals = 0, Counter[str]()
        for row in rows:
            try:
                service(row)
            except (DomainError, ValidationError) as error:
                refusals[words_of(error)] += 1
            else:
                served += 1
        if served:
            messages.success(request, f"{done}: {served}.")
        for words, count in refusals.items():
            messages.error(request, words if count == 1 else f"{words} ({count} times)")

    # The audit trail says who changed what. Django's own log would be a second one, incomplete.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return

    def log_deletions(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        return


def words_of(error: DomainError | ValidationError) -> str:
    return error.message if isinstance(error, DomainError) else " ".join(error.messages)


class DaysFilter(RangeDateFilter):
    """From one day to another, both included, of a column of instants; days of the reader's zone."""

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[models.Model]
    ) -> models.QuerySet[models.Model]:
        first, last = self._day("from"), self._day("to")
        if first is not None:
            queryset = queryset.filter(**{f"{self.field_path}__gte": _midnight(first)})
        if last is not None:
            queryset = queryset.filter(**{f"{self.field_path}__lt": _midnight(last + timedelta(days=1))})
        return queryset

    def _day(self, end: str) -> date | None:
        """What cannot be a day is no limit."""
        try:
            day = date.fromisoformat(str(self.used_parameters.get(f"{self.parameter_name}_{end}")))
        except ValueError:
            return None
        return day if 1900 <= day.year <= 2100 else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())


class OperationsAdmin(ConsoleAdmin):
    """How the house works inside: for admins."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)


class DeliveredFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Waiting"), ("failing", "Failed at least once"), ("done", "Done")]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[OutboxEntry]
    ) -> models.QuerySet[OutboxEntry]:
        match self.value():
            case "waiting":
                return queryset.filter(done_at=None)
            case "failing":
                return queryset.filter(done_at=None).exclude(last_error="")
            case "done":
                return queryset.exclude(done_at=None)
        return queryset


@admin.register(OutboxEntry)
class OutboxEntryAdmin(OperationsAdmin):
    list_display = ("event", "created_at", "attempts", "waits_for", "done_at", "last_error")
    list_filter = (DeliveredFilter, ("created_at", DaysFilter))
    search_fields = ("event",)
    ordering = ("-id",)

    @admin.display(description="Waits for")
    def waits_for(self, entry: OutboxEntry) -> str:
        return ", ".join(entry.pending)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(OperationsAdmin):
    """Without the kept answers, which hold personal data."""

    list_display = ("route", "key", "user_id", "response_status", "created_at")
    list_filter = (("created_at", DaysFilter),)
    search_fields = ("route", "key")
    fields = ("route", "key", "user_id", "response_status", "created_at")
    ordering = ("-id",)
