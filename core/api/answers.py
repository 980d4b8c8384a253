"""What a view returns. The renderer puts the envelope around it; a view never does."""

from collections.abc import Sequence
from typing import Any

from rest_framework.response import Response

from core.api.paging import Page


class Answer(Response):
    """200 with `data`: a dict or list of what orjson writes (instants with their offset, UUIDs, dates, enums)."""

    status_on_success = 200

    def __init__(
        self, data: Any = None, *, meta: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(data, status=self.status_on_success, headers=headers)
        self.meta = meta


class Created(Answer):
    """201 with what was made."""

    status_on_success = 201


class NoContent(Answer):
    """204, nothing to say."""

    status_on_success = 204

    def __init__(self) -> None:
        super().__init__()


class PageAnswer(Answer):
    """200 with one page of a list; `rows` are the page's rows as they are to be shown."""

    def __init__(self, page: Page[Any], rows: Sequence[Any]) -> None:
        super().__init__(rows, meta={"pagination": page.meta()})
