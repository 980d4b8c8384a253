"""What stands in the console's side bar, and for whom; what else Unfold asks for by name."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

# What a group holds, in order: its tables, each with its title and Material's name of its icon. Tables that are not
# named come last, so that a new one is found before it has its place.
GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Sessions": {
        "sessions_app.session": ("Sessions", "event"),
        "sessions_app.sessionseries": ("Series", "event_repeat"),
        "sessions_app.slothold": ("Holds", "timer"),
        "sessions_app.waitlistentry": ("Waitlist", "hourglass_empty"),
        "sessions_app.waitlistoffer": ("Offered times", "local_offer"),
        "sessions_app.noticepolicy": ("Notice policies", "event_busy"),
        "sessions_app.sessiontype": ("Session types", "sell"),
        "sessions_app.availabilityrule": ("Weekly hours", "calendar_month"),
        "sessions_app.availabilityexception": ("Leave and extra hours", "event_note"),
        "sessions_app.bookingrules": ("Booking rules", "rule"),
    },
    "People and places": {
        "accounts.patientprofile": ("Patients", "person"),
        "accounts.counselorprofile": ("Counselors", "psychology"),
        "accounts.carerelationship": ("Who is in whose care", "handshake"),
        "accounts.user": ("Accounts", "badge"),
        "accounts.device": ("Devices", "devices"),
        "accounts.centre": ("Centres", "home_work"),
        "sessions_app.room": ("Rooms", "meeting_room"),
    },
    "Behind the scenes": {
        "accounts.auditevent": ("Audit trail", "history"),
        "sessions_app.reminder": ("Reminders", "notifications"),
        "notifications.delivery": ("Messages", "mail"),
        "sessions_app.calendarentry": ("Calendar entries", "event_busy"),
        "core.outboxentry": ("Outbox", "outbox"),
        "core.idempotencykey": ("Repeated requests", "content_copy"),
    },
}
OTHER_ICON = "table_rows"


def side_bar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups, with those of their tables that the reader may look at."""
    start = {"title": "Today", "icon": "dashboard", "link": reverse("admin:index")}
    groups = [*GROUPS.items(), ("Other", _unnamed_tables())]
    shown = [{"title": title, "items": _items(request, tables)} for title, tables in groups]
    return [{"title": "", "items": [start]}, *(group for group in shown if group["items"])]


def theme(request: HttpRequest) -> str | None:
    """The one of the reader's account; None follows the device."""
    chosen = getattr(request.user, "theme", "")
    return chosen if chosen in ("light", "dark") else None


def icon(request: HttpRequest) -> str:
    return static("img/icon.svg")


def stylesheet(request: HttpRequest) -> str:
    return static("css/console.css")


def _unnamed_tables() -> dict[str, tuple[str, str]]:
    named = {label for tables in GROUPS.values() for label in tables}
    options = [model._meta for model in admin.site._registry]
    return {
        each.label_lower: (str(each.verbose_name_plural).capitalize(), OTHER_ICON)
        for each in options
        if each.label_lower not in named
    }


def _items(request: HttpRequest, tables: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"title": title, "icon": icon_name, "link": link}
        for label, (title, icon_name) in tables.items()
        for link in _visible_list(request, label)
    ]


def _visible_list(request: HttpRequest, label: str) -> list[str]:
    """The address of the list; nothing when it is not in the console or not for this reader."""
    model = apps.get_model(label)
    model_admin = admin.site._registry.get(model)
    if model_admin is None or not model_admin.has_view_permission(request):
        return []
    return [reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")]
