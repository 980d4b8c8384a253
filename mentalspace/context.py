"""What every page template is given."""

from functools import partial
from typing import Any

from django.http import HttpRequest

from accounts.permissions import Action, role_may
from accounts.roles import STAFF, Role
from mentalspace.display import Display


def frame(request: HttpRequest) -> dict[str, Any]:
    """`layout`: the template a page extends, by the reader's role. `display`: theme and text size.

    `plans_hours`: whether the reader's navigation leads to counselors' hours. All are callables, so that a page which
    mentions none asks nothing of the database.
    """
    return {
        "layout": partial(layout_for, request),
        "display": partial(Display.of_reader, request),
        "plans_hours": partial(role_may, request.user, Action.AVAILABILITY_EDIT),
    }


def layout_for(request: HttpRequest) -> str:
    role = getattr(request.user, "role", None)
    if role == Role.PATIENT:
        return "layouts/patient.html"
    if role == Role.COUNSELOR:
        return "layouts/counselor.html"
    if role in STAFF:
        return "layouts/staff.html"
    return "layouts/public.html"
