from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.access import reader_of
from accounts.admin.base import AccountsAdmin
from accounts.models import CareRelationship, PatientProfile
from accounts.permissions import Action


@admin.register(CareRelationship)
class CareRelationshipAdmin(AccountsAdmin):
    """Who is in whose care, and since when. Sessions and transfers open and close it."""

    sees = Action.PATIENT_REGISTER
    list_display = ("patient_name", "counselor", "since", "until", "why")
    list_filter = ("why", "since")
    search_fields = ("patient__user__first_name", "patient__user__last_name", "counselor__user__last_name")
    fields = ("patient_name", "counselor", "since", "until", "why")
    ordering = ("-since",)

    @admin.display(description="Patient", ordering="patient__user__first_name")
    def patient_name(self, care: CareRelationship) -> str:
        return care.patient.user.full_name

    def get_queryset(self, request: HttpRequest) -> QuerySet[CareRelationship]:
        patients = PatientProfile.objects.visible_to(reader_of(request))
        care = CareRelationship.objects.filter(patient__in=patients)
        return care.select_related("patient__user", "counselor__user").order_by(*self.ordering)
