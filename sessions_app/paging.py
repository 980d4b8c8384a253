"""Pages of a list on a page: the number in the address, and what the fragment partials/_pagination.html shows."""

from typing import Any

from django.core.paginator import Page as DjangoPage
from django.core.paginator import Paginator
from django.http import HttpRequest

from core.api.paging import MAX_PAGE, Page


def page_number(request: HttpRequest) -> int:
    """The number that the address asks for; 1 when it is none."""
    given = request.GET.get("page", "")
    return min(max(int(given), 1), MAX_PAGE) if given.isascii() and given.isdigit() and len(given) < 8 else 1


def pages_of(page: Page[Any]) -> DjangoPage[Any]:
    """The same page as Django's templates know one; its rows are already read."""
    paginator = Paginator(range(page.total), page.request.size)
    return paginator.get_page(page.request.number)
