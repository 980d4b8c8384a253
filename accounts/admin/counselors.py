from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action

from accounts.access import reader_of
from accounts.admin.base import EditedAdmin
from accounts.admin.forms import ACCOUNT_FIELDS, CounselorForm, NewCounselorForm, account_of
from accounts.models import CounselorProfile
from accounts.permissions import Action
from accounts.services.people import NewCounselor, approve_counselor, create_counselor
from accounts.services.profiles import update_profile


@admin.register(CounselorProfile)
class CounselorAdmin(EditedAdmin):
    """Counselors, approved and waiting. Nobody is listed before they are approved here."""

    sees = Action.STAFF_MANAGE
    list_display = ("name", "title", "primary_centre", "is_approved", "is_accepting", "years_of_experience")
    list_filter = ("is_approved", "is_accepting", "primary_centre")
    list_select_related = ("user", "primary_centre")
    search_fields = ("user__first_name", "user__last_name", "user__email", "license_number")
    ordering = ("is_approved", "user__first_name", "user__last_name", "pk")
    readonly_fields = ("name", "primary_centre", "license_number", "is_approved")
    actions = ("approve",)

    @admin.display(ordering="user__first_name")
    def name(self, counselor: CounselorProfile) -> str:
        return counselor.user.full_name

    def get_queryset(self, request: HttpRequest) -> QuerySet[CounselorProfile]:
        counselors = CounselorProfile.objects.visible_to(reader_of(request))
        return counselors.select_related("user", "primary_centre").order_by(*self.ordering)

    def get_form(
        self, request: HttpRequest, obj: CounselorProfile | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(
            request, obj, change, form=CounselorForm if change else NewCounselorForm, **kwargs
        )

    def get_fieldsets(self, request: HttpRequest, obj: CounselorProfile | None = None) -> Any:
        if obj is None:
            return [
                ("Account", {"fields": (*ACCOUNT_FIELDS, "timezone")}),
                ("Profile", {"fields": NewCounselorForm.Meta.fields}),
            ]
        return [(None, {"fields": self.readonly_fields}), ("Profile", {"fields": CounselorForm.Meta.fields})]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actor, values = reader_of(request), form.cleaned_data
        if change:
            update_profile(user=obj.user, values=values, actor=actor)
            return
        profile = NewCounselor(**{name: values[name] for name in NewCounselorForm.Meta.fields})
        made = create_counselor(account=account_of(values), profile=profile, actor=actor)
        obj.pk, obj.user = made.pk, made.user

    @action(description="Approve")
    def approve(self, request: HttpRequest, queryset: QuerySet[CounselorProfile]) -> None:
        actor = reader_of(request)
        self.serve_each(
            request, queryset, lambda row: approve_counselor(counselor=row, actor=actor), done="Approved"
        )
