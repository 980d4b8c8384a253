"""A person's sessions and blocks as one calendar that their program reads again and again (RFC 5545, RFC 7986)."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings

from accounts.models import User
from sessions_app.calendar_files import (
    BLOCK_TITLE,
    TITLE,
    CalendarMethod,
    block_event,
    calendar_of,
    location,
    session_event,
    title_with_name,
)
from sessions_app.models import CalendarBlock, CalendarFeed, Session

NAME = "Appointments"
READ_AGAIN_AFTER = timedelta(hours=1)
"""What programs are asked to keep to; most have their own mind."""
FORM = 2
"""Raise it when a feed of the same sessions reads differently: it is part of the ETag."""


def feed_calendar(feed: CalendarFeed, sessions: Sequence[Session], blocks: Sequence[CalendarBlock]) -> bytes:
    """The feed as a file. Each session is the event that its mailed file has, under a title that may say less."""
    owner = feed.user
    events = [
        session_event(session, viewer=owner, title=_title(feed, session, owner)) for session in sessions
    ]
    events += [block_event(block, viewer=owner, title=_block_title(feed, block)) for block in blocks]
    calendar = calendar_of([*sessions, *blocks], events, viewer=owner, method=CalendarMethod.PUBLISH)
    calendar.add("name", NAME)
    calendar.add("x-wr-calname", NAME)
    calendar.add("refresh-interval", READ_AGAIN_AFTER, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    return calendar.to_ical()


def feed_etag(feed: CalendarFeed, sessions: Sequence[Session], blocks: Sequence[CalendarBlock]) -> str:
    """Weak: two files of one ETag differ in the time at which they were made, and in nothing else."""
    said = [FORM, settings.SITE_URL, settings.DEFAULT_FROM_EMAIL, feed.user.timezone]
    said += [
        (
            session.pk,
            session.sequence,
            session.status,
            session.is_cancelled_for(feed.user),
            session.start,
            session.end,
            _title(feed, session, feed.user),
            location(session),
        )
        for session in sessions
    ]
    said += [
        (block.pk, block.sequence, block.start, block.end, _block_title(feed, block)) for block in blocks
    ]
    return f'W/"{hashlib.sha256(repr(said).encode()).hexdigest()[:32]}"'


def _title(feed: CalendarFeed, session: Session, owner: User) -> str:
    return title_with_name(session, owner) if feed.shows_names else TITLE


def _block_title(feed: CalendarFeed, block: CalendarBlock) -> str:
    return block.title or BLOCK_TITLE if feed.shows_names else BLOCK_TITLE
