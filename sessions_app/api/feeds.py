"""One's own calendar feed, and the address that calendar programs read."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.crypto import salted_hmac
from rest_framework.request import Request

from accounts.access import reader_of
from accounts.permissions import Action
from core import request_context
from core.api.answers import Answer, Created, NoContent
from core.api.permissions import PUBLIC
from core.api.throttling import Bucket, spend_if_counted, spend_request
from core.api.views import Endpoint, operation
from core.errors import NotFound, Throttled
from sessions_app.access import access_own_feed
from sessions_app.calendar_feed import feed_calendar, feed_etag
from sessions_app.calendar_files import MEDIA_TYPE
from sessions_app.models import CalendarFeed
from sessions_app.serializers.feeds import FeedBody, FeedShape, NewFeedShape, feed_answer
from sessions_app.services.feeds import (
    blocks_in,
    change_feed,
    end_feed,
    feed_at,
    make_feed,
    note_reading,
    sessions_in,
)


class OwnFeed(Endpoint):
    @operation(Action.CALENDAR_FEED, answer=FeedShape, raises=(NotFound,))
    def get(self, request: Request) -> Answer:
        """Whether there is an address and what it shows. The address itself is told once, when it is made."""
        return Answer(feed_answer(access_own_feed(reader_of(request))))

    @operation(Action.CALENDAR_FEED, body=FeedBody, answer=NewFeedShape, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Answer:
        """Make an address for a calendar program, and end the one before.

        Whoever knows the address reads the times of one's sessions: it is a secret. It is in this answer and nowhere
        else, so this request takes no Idempotency-Key; repeating it makes another address.
        """
        feed, address = make_feed(user=reader_of(request), shows_names=body["shows_names"])
        return Created(feed_answer(feed) | {"address": address})

    @operation(Action.CALENDAR_FEED, body=FeedBody, answer=FeedShape, raises=(NotFound,))
    def patch(self, request: Request, body: dict[str, Any]) -> Answer:
        """Show the other person's name in titles, or no longer. The address stays."""
        feed = access_own_feed(reader_of(request))
        shows_names = body.get("shows_names", feed.shows_names)
        return Answer(feed_answer(change_feed(feed=feed, shows_names=shows_names, actor=reader_of(request))))

    @operation(Action.CALENDAR_FEED, status=204)
    def delete(self, request: Request) -> Answer:
        """End the address: it leads nowhere at once."""
        end_feed(user=reader_of(request))
        return NoContent()


class Feed(Endpoint):
    def _authenticate_and_count(self, request: Request) -> Any:
        """Nobody signs in here, and what is counted is the feed: a calendar service reads many from one address."""
        return None

    @operation(PUBLIC, raises=(NotFound, Throttled), media_type="text/calendar")
    def get(self, request: Request, token: str) -> HttpResponseBase:
        """The sessions of the address's owner as a calendar (iCalendar, RFC 5545), from 90 days ago on.

        For calendar programs: no sign-in, the address is the secret. Answers 304 to If-None-Match. An address that
        was ended, and one that never was, are not found.
        """
        feed = feed_at(token)
        if feed is None:
            spend_request(user_id=None, address=request_context.ip.get())
            raise NotFound()
        spend_if_counted([Bucket("calendar_feed", _subject(feed))])
        now = timezone.now()
        note_reading(feed, now=now)
        sessions, blocks = list(sessions_in(feed, now=now)), blocks_in(feed, now=now)
        etag = feed_etag(feed, sessions, blocks)
        unchanged = get_conditional_response(request._request, etag=etag)
        if unchanged is not None:
            return _private(unchanged)
        response = HttpResponse(feed_calendar(feed, sessions, blocks), content_type=MEDIA_TYPE)
        response["ETag"] = etag
        return _private(response)


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "private, max-age=300"
    response["X-Robots-Tag"] = "noindex"
    return response


def _subject(feed: CalendarFeed) -> str:
    """A new address begins a new count."""
    return salted_hmac("sessions_app.feeds", bytes(feed.token_hash), algorithm="sha256").hexdigest()
