"""The console's first page: a few figures, counted when the page is asked for."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import CounselorProfile, User
from accounts.roles import Role
from sessions_app.models import Session, SessionStatus

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Figure:
    """`link` leads to the list that was counted, where the console has one."""

    title: str
    value: int
    detail: str = ""
    link: str = ""


def show_figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback: adds the `figures`, and the day as the title. Three queries."""
    now = timezone.localtime()
    context["figures"] = [*_sessions_today(now), _new_patients(now), _unlisted_counselors()]
    context["title"] = date_format(now.date(), "l j F")
    return context


def _sessions_today(now: datetime) -> list[Figure]:
    """By status, on the reader's day."""
    midnight = datetime.combine(now.date(), time(), timezone.get_current_timezone())
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), timezone.get_current_timezone())
    counts: dict[str, int] = Session.objects.filter(start__gte=midnight, start__lt=tomorrow).aggregate(
        **{status: Count("pk", filter=Q(status=status)) for status in SessionStatus.values}
    )
    day = now.date().isoformat()
    sessions = reverse("admin:sessions_app_session_changelist")
    return [
        Figure(
            title=f"{SessionStatus(status).label} today",
            value=counts[status],
            link=f"{sessions}?status__exact={status}&start_from={day}&start_to={day}",
        )
        for status in SessionStatus.values
    ]


def _new_patients(now: datetime) -> Figure:
    joined = User.objects.filter(role=Role.PATIENT, date_joined__gt=now - WEEK).count()
    return Figure("New patients", joined, "in the last seven days")


def _unlisted_counselors() -> Figure:
    counselors = CounselorProfile.objects.filter(user__role=Role.COUNSELOR)
    unlisted = counselors.exclude(pk__in=CounselorProfile.objects.listed().values("pk")).count()
    return Figure("Counselors not listed", unlisted, "not approved, not accepting, or closed")
