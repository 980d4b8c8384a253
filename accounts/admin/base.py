"""The ground of this app's pages in the console."""

from typing import Any, ClassVar

from django.db.models import Model
from django.http import HttpRequest

from accounts.permissions import role_may
from core.admin import ConsoleAdmin


class AccountsAdmin(ConsoleAdmin):
    """`sees` is the row of the role table that lets somebody look. What belongs to a row is saved by its service."""

    sees: ClassVar[str]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return role_may(request.user, self.sees)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        return

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


class EditedAdmin(AccountsAdmin):
    """Whoever sees the rows may add and change them, as far as the services agree."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else self.readonly_fields
