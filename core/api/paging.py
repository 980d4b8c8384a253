"""Lists by page: a count and the rows, always two queries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

Row = TypeVar("Row")

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_PAGE = 100_000


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of which order somebody wants, already checked."""

    number: int = 1
    size: int = PAGE_SIZE
    ordering: tuple[str, ...] = ()

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page, and how many there are in all. A page past the end is empty, not an error."""

    request: PageRequest
    rows: Sequence[Row]
    total: int

    def meta(self) -> dict[str, int]:
        return {
            "page": self.request.number,
            "page_size": self.request.size,
            "total": self.total,
            "pages": -(-self.total // self.request.size),
        }


def paginate(
    queryset: QuerySet[Any, Any],
    request: PageRequest,
    *,
    read: Callable[[QuerySet[Any, Any]], list[Any]] = list,
) -> Page[Any]:
    """The page of `queryset` in the order asked for. One query to count, and what `read` takes for the rows.

    The order should end in a unique field, or rows can move between pages.
    """
    if request.ordering:
        queryset = queryset.order_by(*request.ordering)
    total = queryset.count()
    rows = read(queryset[request.offset : request.offset + request.size]) if total > request.offset else []
    return Page(request, rows, total)
