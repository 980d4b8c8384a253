from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.access import reader_of
from accounts.admin.base import EditedAdmin
from accounts.forms import timezone_choices
from accounts.models import Centre
from accounts.permissions import Action
from accounts.services.centres import EDITABLE, create_centre, delete_centre, set_centre_active, update_centre


@admin.register(Centre)
class CentreAdmin(EditedAdmin):
    sees = Action.CENTRE_READ
    list_display = ("name", "city", "timezone", "phone", "is_active")
    list_filter = ("is_active", "city")
    search_fields = ("name", "city", "address")
    fields = EDITABLE
    actions = ("close", "open_again")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Centre]:
        return Centre.objects.visible_to(reader_of(request)).order_by("name", "id")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "timezone":
            kwargs["widget"] = UnfoldAdminSelectWidget(choices=timezone_choices())
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actor = reader_of(request)
        if change:
            update_centre(centre=Centre.objects.get(pk=obj.pk), values=form.cleaned_data, actor=actor)
        else:
            obj.pk = create_centre(values=form.cleaned_data, actor=actor).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_centre(centre=obj, actor=reader_of(request))

    @action(description="Close the centres")
    def close(self, request: HttpRequest, queryset: QuerySet[Centre]) -> None:
        self._set_active(request, queryset, is_active=False)

    @action(description="Open the centres again")
    def open_again(self, request: HttpRequest, queryset: QuerySet[Centre]) -> None:
        self._set_active(request, queryset, is_active=True)

    def _set_active(self, request: HttpRequest, queryset: QuerySet[Centre], *, is_active: bool) -> None:
        actor = reader_of(request)
        self.serve_each(
            request,
            queryset,
            lambda centre: set_centre_active(centre=centre, is_active=is_active, actor=actor),
            done="Opened" if is_active else "closed",
        )
