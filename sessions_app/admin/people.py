"""How the console names and finds the people of a session."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from accounts.models import CounselorProfile, PatientProfile

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


def name_in_console(patient: PatientProfile) -> str:
    """The legal name, which managers and admins may read, with the alias that counselors see."""
    name = patient.user.full_name
    return f"{name} (to counselors: {patient.alias})" if patient.is_anonymous else name
