"""Pages that belong to no app: the front page, the small print, the way in for each role, the errors."""

from dataclasses import asdict
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.roles import CENTRE_STAFF, Role
from accounts.services.profiles import change_preferences
from core import request_context
from mentalspace.component_samples import component_samples
from mentalspace.display import Display


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/home.html")


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/privacy.html")


@login_not_required
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/terms.html")


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Where signing in leads: the first page of each role."""
    return redirect(first_page_of(request.user))  # type: ignore[arg-type]


def first_page_of(user: User) -> str:
    """The name of the URL at which the day of this person starts."""
    if user.role == Role.PATIENT:
        return "my_sessions"
    if user.role == Role.COUNSELOR:
        return "counselor_today"
    if user.role in CENTRE_STAFF:
        return "front_desk_day"
    return "admin:index"


@login_not_required
@require_POST
def display_settings(request: HttpRequest) -> HttpResponse:
    """The controls in the footer: theme and text size, kept in a cookie and, when signed in, on the account."""
    display = Display.of_reader(request).changed(
        theme=request.POST.get("theme"), font_size=request.POST.get("font_size")
    )
    if request.user.is_authenticated:
        change_preferences(user=request.user, values=asdict(display))
    response = redirect(_own_address(request.POST.get("next", "")))
    display.remember_on(response)
    return response


def _own_address(address: str) -> str:
    """`address` when it is a path of this site, else the front page: nobody is sent elsewhere by a form."""
    is_path = address.startswith("/") and not address.startswith("//")
    is_own = is_path and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if is_own else reverse("home")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    # A request for a host that is not ours is refused before anybody is looked for.
    if not hasattr(request, "user"):
        request.user = AnonymousUser()
    return render(request, "400.html", _reference(), status=HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return render(request, "403.html", status=HTTPStatus.FORBIDDEN)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return render(request, "404.html", status=HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Without context processors, so without the database, which may be what failed."""
    page = render_to_string("500.html", {"display": Display.of_visitor(request)} | _reference())
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _reference() -> dict[str, str]:
    """The number by which we find a request again when somebody asks us about it."""
    return {"request_id": request_context.request_id.get()}


@login_not_required
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Every component of docs/design.md with made-up content. Routed in DEBUG only."""
    return render(request, "pages/components.html", component_samples())
