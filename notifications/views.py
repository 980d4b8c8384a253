"""Development's mailbox at /dev/mail: what was sent, to whom, and how it looks. Not there unless DEBUG."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from notifications import mailbox

View = Callable[..., HttpResponseBase]
# Its own styles, no scripts, nothing fetched from anywhere, shown in a frame of ours at most.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


def development_only(view: View) -> View:
    @login_not_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEBUG:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@development_only
@require_safe
def dev_mail(request: HttpRequest) -> HttpResponse:
    return render(request, "dev/mail.html", {"mails": mailbox.latest(), "backend": settings.EMAIL_BACKEND})


@development_only
@require_safe
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # its annotation knows no view with arguments
def dev_mail_message(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "dev/mail_message.html", {"mail": mailbox.read(name)})


@development_only
@require_safe
@xframe_options_sameorigin
def dev_mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The mail as a mail program would show it."""
    return HttpResponse(mailbox.read(name).html, headers={"Content-Security-Policy": MAIL_POLICY})


@development_only
@require_safe
def dev_mail_attachment(request: HttpRequest, name: str, number: int) -> HttpResponse:
    attachments = mailbox.read(name).attachments
    if number >= len(attachments):
        raise Http404
    attachment = attachments[number]
    disposition = content_disposition_header(True, attachment.filename)
    return HttpResponse(
        attachment.content,
        content_type=attachment.content_type,
        headers={"Content-Disposition": disposition or "attachment"},
    )
