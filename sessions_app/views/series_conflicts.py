"""The page that asks what to do about each time of a series that cannot be had."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import SeriesConflict
from sessions_app.services.series_conflicts import Answers


def ask_about_conflicts(
    request: HttpRequest,
    error: SeriesConflict,
    *,
    answers: Answers,
    send_to: str,
    give_up_url: str,
    sent: Iterable[tuple[str, Any]],
    **more: Any,
) -> HttpResponse:
    """`sent` are the fields of the form that was refused: they go along, as does what was said about the others.

    `more`: is_moving, whether booked sessions move; own_url, the address from which no hold is left.
    """
    conflicts = error.details.get("conflicts", [])
    asked = {conflict["start"] for conflict in conflicts}
    said: list[tuple[datetime, datetime | None]] = [
        (start, instead) for start, instead in answers.items() if start not in asked
    ]
    context = {
        "message": error.message,
        "conflicts": conflicts,
        "said": said,
        "sent": sent,
        "send_to": send_to,
        "give_up_url": give_up_url,
        **more,
    }
    return render(request, "sessions_app/series_conflicts.html", context, status=error.status)
