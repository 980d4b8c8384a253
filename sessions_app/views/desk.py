"""The front desk's day."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import reader_of
from accounts.models import Centre, StaffCentre, User
from accounts.roles import CENTRE_STAFF, STAFF
from core.errors import PermissionDenied
from sessions_app.desk_day import read_desk_day
from sessions_app.listing import session_rows
from sessions_app.models import Session, SessionStatus
from sessions_app.views.days import around, day_bounds, wanted_day
from sessions_app.views.shown import cards_of_day


@require_safe
def front_desk_day(request: HttpRequest) -> HttpResponse:
    """The sessions of one day (?day=) at one's centres, or at one of them (?centre=), and there who is free when."""
    user = staff_of(request)
    centres = desk_centres(user)
    chosen = chosen_centre(centres, request.GET.get("centre", ""))
    day = wanted_day(request)
    start, end = day_bounds(day)
    sessions = Session.objects.visible_to(user).filter(start__gte=start, start__lt=end)
    if chosen is not None:
        sessions = sessions.filter(centre=chosen)
    now = timezone.now()
    rows = session_rows(sessions.order_by("start", "id"), viewer=user, now=now)
    context = {
        **around(day),
        "centres": centres,
        "chosen": chosen,
        "sessions": cards_of_day(rows, viewer=user, now=now),
        "count": sum(row.status != SessionStatus.CANCELLED for row in rows),
    }
    if chosen is not None:
        context["grid"] = read_desk_day(chosen, rows, start=start, end=end, now=now)
    return render(request, "sessions_app/front_desk_day.html", context)


def staff_of(request: HttpRequest) -> User:
    """The reader. Raises PermissionDenied for whoever is no staff."""
    user = reader_of(request)
    if user.role not in STAFF:
        raise PermissionDenied()
    return user


def desk_centres(user: User) -> list[Centre]:
    """The centres whose desk `user` is at, by name: their own; of those without one, all."""
    visible = Centre.objects.visible_to(user)
    if user.role in CENTRE_STAFF:
        visible = visible.filter(pk__in=StaffCentre.objects.filter(user=user).values("centre"))
    return list(visible.order_by("name"))


def chosen_centre(centres: list[Centre], asked: str) -> Centre | None:
    """The one that was asked for, or the only one."""
    only = centres[0] if len(centres) == 1 else None
    return next((centre for centre in centres if str(centre.pk) == asked), only)
