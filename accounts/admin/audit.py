import uuid
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat
from django.http import HttpRequest

from accounts.admin.base import AccountsAdmin
from accounts.models import AuditEvent, User
from accounts.permissions import Action

KINDS = (
    *("account", "availability", "centre", "counselor", "device", "hold", "notice_policy", "session"),
    "session_type",
)


class KindFilter(admin.SimpleListFilter):
    """By the first word of the code."""

    title = "about"
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind.replace("_", " ").capitalize()) for kind in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        kind = self.value()
        return queryset.filter(action__startswith=f"{kind}.") if kind in KINDS else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(AccountsAdmin):
    """Who did what: read by admins, changed by nobody."""

    sees = Action.AUDIT_READ
    list_display = (
        "at",
        "actor",
        "action",
        "object_type",
        "object_id",
        "patient_id",
        "centre_id",
        "ip",
        "why",
    )
    list_filter = (KindFilter, "at", "object_type")
    search_fields = ("action",)  # get_search_results says what is searched; this makes the box appear
    search_help_text = (
        "The id of an actor, a patient or a thing, a request's id, or a code such as session.booked"
    )
    ordering = ("-id",)

    @admin.display(ordering="actor_id")
    def actor(self, event: AuditEvent) -> str:
        if event.actor_id is None:
            return "The system"
        name: str | None = getattr(event, "actor_name", None)
        return name.strip() if name and name.strip() else str(event.actor_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        name = Concat("first_name", Value(" "), "last_name")
        actors = User.objects.filter(pk=OuterRef("actor_id")).values(name=name)
        return AuditEvent.objects.annotate(actor_name=Subquery(actors)).order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        condition = Q(action=term) | Q(request_id=term)
        try:
            wanted = uuid.UUID(term)
        except ValueError:
            return queryset.filter(condition), False
        for name in ("actor_id", "object_id", "patient_id", "centre_id"):
            condition |= Q(**{name: wanted})
        return queryset.filter(condition), False
