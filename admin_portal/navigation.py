"""What stands in the console's side bar, and for whom."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

# What a group holds, in order, with Material's name of its icon. Tables that are not named come last, so that a new
# one is found before it has its place.
GROUPS: dict[str, dict[str, str]] = {
    "Sessions": {
        "sessions_app.session": "event",
        "sessions_app.slothold": "timer",
        "sessions_app.sessiontype": "sell",
        "sessions_app.availabilityrule": "calendar_month",
    },
    "People": {
        "accounts.patientprofile": "person",
        "accounts.counselorprofile": "psychology",
        "accounts.user": "badge",
        "accounts.carerelationship": "handshake",
        "accounts.device": "devices",
    },
    "Centres": {"accounts.centre": "home_work"},
    "Behind the scenes": {
        "accounts.auditevent": "history",
        "sessions_app.reminder": "notifications",
        "notifications.delivery": "mail",
        "sessions_app.calendarentry": "event_busy",
        "core.outboxentry": "outbox",
        "core.idempotencykey": "content_copy",
    },
}
OTHER_ICON = "table_rows"


def side_bar(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar: the groups, with those of their tables that the reader may look at."""
    start = {"title": "Today", "icon": "dashboard", "link": reverse("admin:index")}
    named = [label for tables in GROUPS.values() for label in tables]
    others = {
        model._meta.label_lower: OTHER_ICON
        for model in admin.site._registry
        if model._meta.label_lower not in named
    }
    groups = [*GROUPS.items(), ("Other", others)]
    shown = [{"title": title, "items": _items(request, tables)} for title, tables in groups]
    return [{"title": "", "items": [start]}, *(group for group in shown if group["items"])]


def theme(request: HttpRequest) -> str | None:
    """The one of the reader's account; None follows the device."""
    chosen = getattr(request.user, "theme", "")
    return chosen if chosen in ("light", "dark") else None


def icon(request: HttpRequest) -> str:
    return static("img/icon.svg")


def _items(request: HttpRequest, tables: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"title": title, "icon": icon, "link": link}
        for label, icon in tables.items()
        for title, link in _visible_table(request, label)
    ]


def _visible_table(request: HttpRequest, label: str) -> list[tuple[str, str]]:
    """The name and the address of the list; nothing when it is not in the console or not for this reader."""
    model = apps.get_model(label)
    model_admin = admin.site._registry.get(model)
    if model_admin is None or not model_admin.has_view_permission(request):
        return []
    options = model._meta
    link = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    return [(str(options.verbose_name_plural).capitalize(), link)]
