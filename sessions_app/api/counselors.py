"""The public directory of counselors."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request

from accounts.access import access_counselor
from accounts.permissions import Action
from core.api.answers import Answer, PageAnswer
from core.api.views import Endpoint, operation
from core.errors import NotFound
from sessions_app.directory import find_counselors, show_counselor
from sessions_app.serializers.counselors import (
    CounselorDetailShape,
    CounselorShape,
    DirectoryQuery,
    counselor_answer,
    counselor_detail_answer,
)


class CounselorCollection(Endpoint):
    @operation(Action.DIRECTORY_READ, query=DirectoryQuery, answer=CounselorShape, paged=True)
    def get(self, request: Request, query: dict[str, Any]) -> Answer:
        """Counselors who can be booked, the one with the soonest free time first."""
        page = find_counselors(query["wanted"], query["page"])
        return PageAnswer(page, [counselor_answer(listed) for listed in page.rows])


class CounselorDetail(Endpoint):
    @operation(Action.DIRECTORY_READ, answer=CounselorDetailShape, raises=(NotFound,))
    def get(self, request: Request, counselor_id: UUID) -> Answer:
        """One counselor, with what they offer."""
        counselor = access_counselor(request.user, counselor_id)
        return Answer(counselor_detail_answer(show_counselor(counselor)))
