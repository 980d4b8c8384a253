from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action

from accounts.access import reader_of
from accounts.admin.base import EditedAdmin
from accounts.admin.forms import NewStaffForm, UserForm, account_of
from accounts.models import Centre, User
from accounts.permissions import Action
from accounts.roles import Role
from accounts.services.centres import assign_staff_to_centre, remove_staff_from_centre
from accounts.services.people import create_staff
from accounts.services.profiles import NAMES, update_profile
from accounts.services.security import activate_user, deactivate_user, set_role, sign_out_everywhere


@admin.register(User)
class UserAdmin(EditedAdmin):
    """Everybody's account. New ones here are staff; counselors and patients begin on their own pages."""

    sees = Action.STAFF_MANAGE
    list_display = ("full_name", "email", "phone", "role", "is_active", "last_login")
    list_filter = ("role", "is_active", "staff_centres__centre")
    search_fields = ("first_name", "last_name", "email", "phone", "username")
    ordering = ("first_name", "last_name", "id")
    readonly_fields = ("email", "username", "timezone", "date_joined", "last_login")
    actions = ("close", "open_again", "sign_out")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return User.objects.visible_to(reader_of(request)).order_by(*self.ordering)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.has_view_permission(request)
        return User.objects.manageable_by(reader_of(request)).filter(pk=obj.pk).exists()

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, form=UserForm if change else NewStaffForm, **kwargs)
        return type(form.__name__, (form,), {"reader": reader_of(request)})

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            names = ("first_name", "last_name", "email", "phone", "username", "role", "centres", "timezone")
            return [(None, {"fields": names})]
        return [
            (None, {"fields": ("first_name", "last_name", "phone", "role", "is_active", "centres")}),
            ("Account", {"fields": self.readonly_fields}),
        ]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actor, values = reader_of(request), form.cleaned_data
        if not change:
            made = create_staff(
                account=account_of(values), role=Role(values["role"]), centres=values["centres"], actor=actor
            )
            obj.pk = made.pk
            return
        user = User.objects.get(pk=obj.pk)
        if set(NAMES) & set(form.changed_data):
            update_profile(user=user, values={name: values[name] for name in NAMES}, actor=actor)
        if "role" in form.changed_data:
            set_role(user=user, role=Role(values["role"]), actor=actor)
        if "centres" in form.changed_data:
            _place(user, set(values["centres"]), actor)
        if "is_active" in form.changed_data:
            (activate_user if values["is_active"] else deactivate_user)(user=user, actor=actor)

    @action(description="Close the accounts")
    def close(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        actor = reader_of(request)
        self.serve_each(
            request, queryset, lambda user: deactivate_user(user=user, actor=actor), done="Closed"
        )

    @action(description="Open the accounts again")
    def open_again(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        actor = reader_of(request)
        self.serve_each(request, queryset, lambda user: activate_user(user=user, actor=actor), done="Opened")

    @action(description="Sign out everywhere")
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        actor = reader_of(request)
        self.serve_each(
            request, queryset, lambda user: sign_out_everywhere(user=user, actor=actor), done="Signed out"
        )


def _place(user: User, wanted: set[Centre], actor: User) -> None:
    current = set(Centre.objects.filter(staff__user=user))
    for centre in wanted - current:
        assign_staff_to_centre(user=user, centre=centre, actor=actor)
    for centre in current - wanted:
        remove_staff_from_centre(user=user, centre=centre, actor=actor)
