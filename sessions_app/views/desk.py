"""The front desk's day."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import reader_of
from accounts.models import Centre, StaffCentre, User
from accounts.roles import CENTRE_STAFF, STAFF
from core.errors import PermissionDenied
from sessions_app.listing import session_rows
from sessions_app.models import Session, SessionStatus
from sessions_app.views.days import around, day_bounds, wanted_day
from sessions_app.views.shown import card


@require_safe
def front_desk_day(request: HttpRequest) -> HttpResponse:
    """The sessions of one day (?day=) at one's centres, or at one of them (?centre=)."""
    user = reader_of(request)
    if user.role not in STAFF:
        raise PermissionDenied()
    centres = _centres(user)
    chosen = next((centre for centre in centres if str(centre.pk) == request.GET.get("centre")), None)
    day = wanted_day(request)
    start, end = day_bounds(day)
    sessions = Session.objects.visible_to(user).filter(start__gte=start, start__lt=end)
    if chosen is not None:
        sessions = sessions.filter(centre=chosen)
    now = timezone.now()
    cards = [
        card(row, viewer=user, now=now)
        for row in session_rows(sessions.order_by("start", "id"), viewer=user, now=now)
    ]
    context = {
        **around(day),
        "centres": centres,
        "chosen": chosen or (centres[0] if len(centres) == 1 else None),
        "sessions": cards,
        "count": sum(session.status != SessionStatus.CANCELLED for session in cards),
    }
    return render(request, "sessions_app/front_desk_day.html", context)


def _centres(user: User) -> list[Centre]:
    visible = Centre.objects.visible_to(user)
    if user.role in CENTRE_STAFF:
        visible = visible.filter(pk__in=StaffCentre.objects.filter(user=user).values("centre"))
    return list(visible.order_by("name"))
