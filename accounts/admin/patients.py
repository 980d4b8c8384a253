from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.access import reader_of
from accounts.admin.base import EditedAdmin
from accounts.admin.forms import ACCOUNT_FIELDS, NewPatientForm, account_of
from accounts.models import PatientProfile
from accounts.permissions import Action
from accounts.services.people import create_patient
from accounts.services.profiles import PATIENT_FIELDS, update_profile


@admin.register(PatientProfile)
class PatientAdmin(EditedAdmin):
    """The register: identity and contact, nothing clinical."""

    sees = Action.PATIENT_REGISTER
    list_display = ("name", "email", "phone", "is_anonymous", "lead_source")
    list_filter = ("centres", "is_anonymous", "user__is_active")
    list_select_related = ("user",)
    search_fields = ("user__first_name", "user__last_name", "user__email", "user__phone")
    ordering = ("user__first_name", "user__last_name", "pk")
    readonly_fields = ("name", "email", "phone", "lead_source", "is_premium")

    @admin.display(ordering="user__first_name")
    def name(self, patient: PatientProfile) -> str:
        return patient.user.full_name

    @admin.display(ordering="user__email")
    def email(self, patient: PatientProfile) -> str | None:
        return patient.user.email

    @admin.display(ordering="user__phone")
    def phone(self, patient: PatientProfile) -> str | None:
        return patient.user.phone

    def get_queryset(self, request: HttpRequest) -> QuerySet[PatientProfile]:
        patients = PatientProfile.objects.visible_to(reader_of(request))
        return patients.select_related("user").order_by(*self.ordering)

    def get_form(
        self, request: HttpRequest, obj: PatientProfile | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(
            request, obj, change, **kwargs if change else {"form": NewPatientForm} | kwargs
        )

    def get_fieldsets(self, request: HttpRequest, obj: PatientProfile | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": (*ACCOUNT_FIELDS, "timezone", "centre", "lead_source")})]
        return [(None, {"fields": ("name", "email", "phone")}), ("Profile", {"fields": PATIENT_FIELDS})]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actor, values = reader_of(request), form.cleaned_data
        if change:
            update_profile(user=obj.user, values=values, actor=actor)
            return
        made = create_patient(
            account=account_of(values),
            centre=values["centre"],
            lead_source=values["lead_source"],
            actor=actor,
        )
        obj.pk, obj.user = made.pk, made.user
