"""The help page. It needs no sign-in, no JavaScript, no database and no Redis (docs/crisis.md)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from crisis import hotlines

HOUR, WEEK = 3600, 7 * 24 * 3600


@login_not_required
@require_safe
def help_now(request: HttpRequest) -> HttpResponse:
    """GET ?country=XX, or a guess from Accept-Language, or the international view. Always 200."""
    chosen = request.GET.get("country", "")
    country = hotlines.find_country(chosen=chosen, accept_language=request.headers.get("Accept-Language", ""))
    context = {
        "country": country,
        "is_guess": country is not None and not chosen.strip(),
        "is_unknown_choice": country is None and bool(chosen.strip()),
        "directory": hotlines.directory(),
    }
    # Rendered without the request: no context processor runs, so none can ask for the user or the session.
    response = HttpResponse(render_to_string("crisis/help_now.html", context))
    return cacheable(response)


def cacheable(response: HttpResponse) -> HttpResponse:
    """Anybody's copy is everybody's copy, and an old one is better than none when we are away."""
    patch_cache_control(response, public=True, max_age=HOUR, stale_while_revalidate=WEEK, stale_if_error=WEEK)
    patch_vary_headers(response, ["Accept-Language"])
    return response
