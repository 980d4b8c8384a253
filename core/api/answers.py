"""What a view returns: data, in its envelope as soon as it is made. A view never builds the envelope."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.http import HttpResponse

from core.api.paging import Page
from core.api.rendering import JSON, success_bytes


class Answer(HttpResponse):
    """200 with `data`: dicts and lists of what orjson writes (instants with their offset, UUIDs, dates, enums).

    Raises TypeError for what has no JSON form, such as a model.
    """

    status_on_success: ClassVar[int] = 200

    def __init__(
        self,
        data: Any = None,
        *,
        meta: Mapping[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(success_bytes(data, meta), JSON, self.status_on_success, headers=headers)


class Created(Answer):
    """201 with what was made."""

    status_on_success = 201


class NoContent(Answer):
    """204, nothing to say."""

    def __init__(self) -> None:
        HttpResponse.__init__(self, status=204)
        del self["Content-Type"]


class PageAnswer(Answer):
    """200 with one page of a list; `rows` are the page's rows as they are to be shown."""

    def __init__(self, page: Page[Any], rows: Sequence[Any]) -> None:
        super().__init__(rows, meta={"pagination": page.meta()})
