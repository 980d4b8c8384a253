"""The help page. It needs no sign-in, no JavaScript, no database and no Redis (docs/crisis.md)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from crisis import hotlines

# Anybody's copy is everybody's copy, and an old one is better than none when we are away.
CACHE_CONTROL = "public, max-age=3600, stale-while-revalidate=604800, stale-if-error=604800"


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
    html = render_to_string("crisis/help_now.html", context)
    return HttpResponse(html, headers={"Cache-Control": CACHE_CONTROL, "Vary": "Accept-Language"})
