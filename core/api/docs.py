"""The reference, as a document for programs and as a page for people. settings.API_REFERENCE_IS_PUBLIC closes both."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.api.errors import problem_of_status
from core.api.rendering import JSON, problem_response
from core.api.schema import schema_document


@login_not_required
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    if not settings.API_REFERENCE_IS_PUBLIC:
        return problem_response(problem_of_status(404))
    return HttpResponse(
        schema_document(), content_type=JSON, headers={"Cache-Control": "public, max-age=300"}
    )


@login_not_required
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    if not settings.API_REFERENCE_IS_PUBLIC:
        return problem_response(problem_of_status(404))
    return render(request, "api/docs.html")
