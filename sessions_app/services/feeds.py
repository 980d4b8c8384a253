"""A person's calendar feed: an address that is a secret, made, read and ended by its owner alone."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Action, Scope, scope_for
from accounts.roles import Role
from core.facts import fact
from sessions_app.models import CalendarBlock, CalendarFeed, Session
from sessions_app.models.sessions import SessionQuerySet

KEPT_BEHIND = timedelta(days=90)
"""How long what is over stays in a feed. A cancelled session is carried as long, so that programs drop it."""
NOTED_EVERY = timedelta(hours=1)
_TOKEN_BYTES = 32


def make_feed(
    *, user: User, shows_names: bool = False, now: datetime | None = None
) -> tuple[CalendarFeed, str]:
    """A new feed and its address, which is told this once. The address before it, if there was one, ends."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    feed = CalendarFeed(
        user=user, token_hash=_hash(token), shows_names=shows_names, created_at=now or timezone.now()
    )
    with fact(actor=user) as current:
        CalendarFeed.objects.bulk_create(
            [feed],
            update_conflicts=True,
            unique_fields=["user"],
            update_fields=["token_hash", "shows_names", "created_at", "last_read_at"],
        )
        current.audit("calendar_feed.made", feed)
    return feed, settings.SITE_URL + reverse("api_calendar_feed", args=[token])


def change_feed(*, feed: CalendarFeed, shows_names: bool, actor: User) -> CalendarFeed:
    """Name the other person in titles, or no longer; the address stays."""
    with fact(actor=actor) as current:
        feed.shows_names = shows_names
        feed.save(update_fields=["shows_names"])
        current.audit("calendar_feed.changed", feed)
    return feed


def end_feed(*, user: User) -> None:
    """The address leads nowhere from now on. Ending what is not there is no error."""
    with fact(actor=user) as current:
        feed = CalendarFeed.objects.select_for_update().filter(user=user).first()
        if feed is not None:
            CalendarFeed.objects.filter(pk=feed.pk).delete()
            current.audit("calendar_feed.ended", feed)


def feed_at(token: str) -> CalendarFeed | None:
    """The feed of this address, with its owner.

    None whether it was never there, was ended, or its owner was deactivated or has no sessions of their own any more.
    """
    feed = (
        CalendarFeed.objects.select_related("user")
        .filter(token_hash=_hash(token), user__is_active=True)
        .first()
    )
    if feed is None or scope_for(feed.user.role, Action.CALENDAR_FEED) is Scope.NONE:
        return None
    return feed


def sessions_in(feed: CalendarFeed, *, now: datetime) -> SessionQuerySet:
    """What the feed carries, in order: its owner's sessions from KEPT_BEHIND before now on, cancelled ones too."""
    own = Session.objects.within(scope_for(feed.user.role, Action.CALENDAR_FEED), feed.user)
    return (
        own.filter(end__gt=now - KEPT_BEHIND)
        .select_related("counselor__user", "centre", "entry__room")
        .prefetch_related("participants__patient__user")
        .order_by("start", "pk")
    )


def blocks_in(feed: CalendarFeed, *, now: datetime) -> list[CalendarBlock]:
    """The blocks that a counselor's feed carries, in order. One that was removed is no longer in it."""
    if feed.user.role != Role.COUNSELOR:
        return []
    own = CalendarBlock.objects.filter(counselor=feed.user_id, entry__end__gt=now - KEPT_BEHIND)
    return list(own.select_related("entry").order_by("entry__start", "pk"))


def note_reading(feed: CalendarFeed, *, now: datetime) -> None:
    """So that the owner sees whether the address is used; written once an hour at most."""
    if feed.last_read_at is None or feed.last_read_at <= now - NOTED_EVERY:
        due = Q(last_read_at=None) | Q(last_read_at__lte=now - NOTED_EVERY)
        CalendarFeed.objects.filter(due, pk=feed.pk, token_hash=feed.token_hash).update(last_read_at=now)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
