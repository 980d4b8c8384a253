"""The rooms of centres."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RelatedDropdownFilter

from accounts.access import reader_of
from accounts.models import Centre, User
from accounts.permissions import Action
from core.admin import ConsoleAdmin
from sessions_app.models import Room
from sessions_app.services.rooms import add_room, change_room


@admin.register(Room)
class RoomAdmin(ConsoleAdmin):
    list_before_template = None
    list_display = ("name", "centre", "is_active")
    list_filter = (("centre", RelatedDropdownFilter), "is_active")
    search_fields = ("name", "centre__name")
    list_select_related = ("centre",)
    ordering = ("centre__name", "name", "id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return isinstance(request.user, User) and request.user.may(Action.CENTRE_EDIT)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("centre", "name") if obj is None else ("centre", "name", "is_active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("centre",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        return Room.objects.filter(centre__in=Centre.objects.editable_by(reader_of(request)))

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "centre":
            kwargs["queryset"] = Centre.objects.editable_by(reader_of(request)).order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Room, form: forms.Form, change: bool) -> None:
        actor = reader_of(request)
        if change:
            change_room(room=obj, values=form.cleaned_data, actor=actor)
        else:
            obj.pk = add_room(centre=obj.centre, name=obj.name, actor=actor).pk
