"""“Why is this time not offered?”, for those who work with a counselor."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import access_counselor, reader_of
from core.errors import PermissionDenied
from sessions_app.access import may_see_reasons
from sessions_app.forms.reasons import ReasonForm
from sessions_app.models import Session, SessionStatus, SessionType
from sessions_app.services.reasons import find_reason, in_full_words
from sessions_app.services.slots import Wish
from sessions_app.why_not import WhyNot


@require_safe
def why_not_offered(request: HttpRequest, counselor_id: UUID) -> HttpResponse:
    """The one rule that speaks against ?day=, ?time= and ?type=, in full."""
    reader = reader_of(request)
    counselor = access_counselor(reader, counselor_id)
    if not may_see_reasons(reader, counselor):
        raise PermissionDenied()
    types = SessionType.objects.offered().filter(counselor=counselor)
    form = ReasonForm(request.GET if "day" in request.GET else None, types=types)
    context = {"form": form, "counselor": counselor, "is_asked": form.is_bound and form.is_valid()}
    if context["is_asked"]:
        start, wanted = form.instant, form.cleaned_data
        wish = Wish(type_id=wanted["type"].pk, mode=wanted["mode"] or None)
        finding, calendar = find_reason(counselor_id=counselor.pk, start=start, wish=wish, now=timezone.now())
        context["start"] = start
        if finding is not None:
            zone = ZoneInfo(timezone.get_current_timezone_name())
            context["rule"], context["message"] = in_full_words(finding, calendar, zone=zone)
            if finding.rule in (WhyNot.TAKEN, WhyNot.TOO_CLOSE) and finding.span:
                first, last = finding.span
                visible = Session.objects.visible_to(reader).exclude(status=SessionStatus.CANCELLED)
                context["sessions"] = visible.filter(
                    counselor=counselor, start__lt=_instant(last), end__gt=_instant(first)
                ).order_by("start")
    return render(request, "sessions_app/why_not_offered.html", context)


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
