from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action

from accounts.access import reader_of
from accounts.admin.base import AccountsAdmin
from accounts.models import Device, RevokedBecause, User
from accounts.permissions import Action
from accounts.services.tokens import revoke_device


@admin.register(Device)
class DeviceAdmin(AccountsAdmin):
    """Sign-ins over the API: seen, and ended."""

    sees = Action.STAFF_MANAGE
    list_display = ("user", "user_agent", "ip", "created_at", "last_seen_at", "expires_at", "revoked_because")
    list_filter = ("revoked_because", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__phone", "user__username")
    ordering = ("-id",)
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        managed = User.objects.manageable_by(reader_of(request))
        return Device.objects.filter(user__in=managed).order_by(*self.ordering)

    @action(description="Sign out these devices")
    def revoke(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        actor = reader_of(request)
        self.serve_each(
            request,
            queryset,
            lambda device: revoke_device(device=device, because=RevokedBecause.SIGNED_OUT, actor=actor),
            done="Signed out",
        )
