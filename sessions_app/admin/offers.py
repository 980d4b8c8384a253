"""What counselors offer, and when they are there."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.access import reader_of
from accounts.models import CounselorProfile, User
from accounts.permissions import Action
from core.admin import ConsoleAdmin, DaysFilter
from core.money import amount_in_words
from sessions_app.admin.people import COUNSELOR_NAMES, CounselorFilter
from sessions_app.forms.session_types import SessionTypeForm
from sessions_app.models import (
    AvailabilityException,
    AvailabilityRule,
    BookingRules,
    Mode,
    NoticePolicy,
    SessionType,
)
from sessions_app.services.availability import save_session_type


class ConsoleSessionTypeForm(SessionTypeForm):
    """The counselor's own form, for any counselor, in the console's dress."""

    class Meta:
        model = SessionType
        fields = ("counselor", *SessionTypeForm.Meta.fields, "position")
        labels = SessionTypeForm.Meta.labels
        help_texts = SessionTypeForm.Meta.help_texts

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("currency", self.instance.currency)
        self.fields["fee"].widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"})
        self.fields["modes"].widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=Mode.choices)
        currency = cast(forms.ChoiceField, self.fields["currency"])
        currency.widget = UnfoldAdminSelectWidget(choices=currency.choices)


@admin.register(SessionType)
class SessionTypeAdmin(ConsoleAdmin):
    form = ConsoleSessionTypeForm
    list_before_template = None
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


@admin.register(AvailabilityException)
class AvailabilityExceptionAdmin(ConsoleAdmin):
    """Time away and extra hours: edited on the page of hours, with the week, and only looked at here."""

    list_before_template = None  # these too are times on the wall
    list_display = ("counselor", "kind", "first_day", "last_day", "start", "end", "timezone", "centre")
    list_filter = (CounselorFilter, ("kind", ChoicesDropdownFilter))
    search_fields = COUNSELOR_NAMES
    search_help_text = "Name of a counselor"
    list_select_related = ("counselor__user", "centre")
    ordering = ("-first_day", "-start", "id")


@admin.register(BookingRules)
class BookingRulesAdmin(ConsoleAdmin):
    list_before_template = None
    list_display = ("counselor", "minimum_notice_minutes", "horizon_days", "most_sessions_a_day", "timezone")
    search_fields = COUNSELOR_NAMES
    search_help_text = "Name of a counselor"
    list_select_related = ("counselor__user",)
    ordering = ("counselor__user__first_name", "counselor__user__last_name", "counselor")


@admin.register(AvailabilityRule)
class AvailabilityRuleAdmin(ConsoleAdmin):
    """Weekly hours are replaced as a whole, so they are edited on their own page and only looked at here."""

    list_before_template = None  # these are times on the wall, of the zone that is shown beside them
    list_display = (
        "counselor",
        "weekday",
        "start",
        "end",
        "timezone",
        "centre",
        "valid_from",
        "valid_until",
        "every_weeks",
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


@admin.register(NoticePolicy)
class NoticePolicyAdmin(ConsoleAdmin):
    """Every version there was; the counselor or their centre sets the next one."""

    list_display = ("counselor", "version", "free_until_hours", "late_percent", "in_force_from", "created_by")
    list_filter = (CounselorFilter, ("in_force_from", DaysFilter))
    search_fields = COUNSELOR_NAMES
    search_help_text = "Name of a counselor"
    list_select_related = ("counselor__user", "created_by")
    ordering = ("counselor__user__first_name", "counselor__user__last_name", "counselor", "-version")
