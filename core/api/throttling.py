"""Limits on how often, counted in Redis for all processes together. The figures are settings.THROTTLES.

A limit of n in a period holds for every stretch of that length: the counts of this period and of the last one are
weighed by how much of each lies within it. One script asks about all buckets of a request, and counts it in all of
them or, when one is full, in none: one round trip, and no race between asking and counting.
"""

import hashlib
import ipaddress
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import redis
from django.conf import settings

from core.errors import Throttled, Unavailable
from core.redis_client import RedisScript

logger = logging.getLogger(__name__)

PAUSE_WITHOUT_REDIS_SECONDS = 2.0

# KEYS: one hash for each bucket {i: index of the period, c: count in it, p: count in the one before}
# ARGV: limit and period in seconds, for each bucket. Answers the milliseconds to wait: 0 when all had room.
_SCRIPT = """
local now = redis.call('TIME')
local seconds = now[1] + now[2] / 1000000
local wait = 0
local counts = {}
for n, key in ipairs(KEYS) do
  local limit, period = tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n])
  local index = math.floor(seconds / period)
  local elapsed = seconds / period - index
  local row = redis.call('HMGET', key, 'i', 'c', 'p')
  local at, current, previous = tonumber(row[1] or -1), tonumber(row[2] or 0), tonumber(row[3] or 0)
  if at == index - 1 then
    current, previous = 0, current
  elseif at ~= index then
    current, previous = 0, 0
  end
  if previous * (1 - elapsed) + current + 1 > limit then
    local free_at
    if current + 1 > limit then
      free_at = 1 + math.max(0, 1 - (limit - 1) / current)
    else
      free_at = 1 - (limit - 1 - current) / previous
    end
    wait = math.max(wait, math.ceil((free_at - elapsed) * period * 1000), 1)
  end
  counts[n] = {index, current + 1, previous, period}
end
if wait == 0 then
  for n, key in ipairs(KEYS) do
    local count = counts[n]
    redis.call('HSET', key, 'i', count[1], 'c', count[2], 'p', count[3])
    redis.call('EXPIRE', key, math.ceil(2 * count[4]))
  end
end
return wait
"""


_count = RedisScript(_SCRIPT)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One count: of `subject` (an address, an account, a user id) under the limit that settings.THROTTLES names."""

    scope: str
    subject: str


def spend(buckets: Sequence[Bucket]) -> None:
    """Counts one request in every bucket. Raises Throttled, with the seconds to wait, when one is full.

    Redis away raises Unavailable: what guesses at secrets stays shut.
    """
    try:
        wait_ms = int(_begin(buckets)())
    except redis.RedisError:
        logger.warning("throttle.redis_away", extra={"closed": True})
        raise Unavailable(retry_after_seconds=5) from None
    if wait_ms:
        raise Throttled(retry_after_seconds=-(-wait_ms // 1000))


def spend_request(*, user_id: object | None, address: str) -> None:
    """The general limit: of the user who is signed in, or of the address of a visitor; open while Redis is away."""
    begin_spending_request(user_id=user_id, address=address)()


def begin_spending_request(*, user_id: object | None, address: str) -> Callable[[], None]:
    """`spend_request` in two halves, with time for other things between them; the second must follow."""
    if user_id is None:
        return _begin_if_counted([Bucket("visitor", network_of(address))])
    return _begin_if_counted([Bucket("user", str(user_id))])


def spend_if_counted(buckets: Sequence[Bucket]) -> None:
    """Like `spend`, but open while Redis is away: reading goes on. Then Redis is left alone for two seconds."""
    _begin_if_counted(buckets)()


def _begin_if_counted(buckets: Sequence[Bucket]) -> Callable[[], None]:
    if time.monotonic() < _pause.until:
        return lambda: None
    try:
        answer = _begin(buckets)
    except redis.RedisError:
        return _leave_redis_alone

    def finish() -> None:
        try:
            wait_ms = int(answer())
        except redis.RedisError:
            _leave_redis_alone()
            return
        if wait_ms:
            raise Throttled(retry_after_seconds=-(-wait_ms // 1000))

    return finish


def _leave_redis_alone() -> None:
    _pause.until = time.monotonic() + PAUSE_WITHOUT_REDIS_SECONDS
    logger.warning("throttle.redis_away", extra={"closed": False})


def spend_sign_in(*, account: str, address: str) -> None:
    """The limits on guessing: `account` as typed (e-mail, phone or user name), known or not, from `address`.

    Call it before the password is looked at. Raises Throttled, or Unavailable while Redis is away.
    """
    account, network = account.strip().casefold()[:320], network_of(address)
    spend(
        [
            Bucket("sign_in_pair", f"{account}\n{network}"),
            Bucket("sign_in_account", account),
            Bucket("sign_in_address", network),
        ]
    )


def spend_sign_up(*, address: str) -> None:
    """The limit on new accounts from `address`. Raises what `spend_sign_in` raises."""
    spend([Bucket("sign_up", network_of(address))])


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """What one visitor has: an IPv4 address, or a whole /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


class _Pause:
    until = 0.0


_pause = _Pause()


def _begin(buckets: Sequence[Bucket]) -> Callable[[], Any]:
    figures: list[int] = []
    for bucket in buckets:
        figures += settings.THROTTLES[bucket.scope]
    return _count.begin([_key(bucket) for bucket in buckets], figures)


def _key(bucket: Bucket) -> str:
    """Holds no address and no account in clear: a dump of Redis tells nobody who was here."""
    digest = hashlib.blake2b(bucket.subject.encode(), key=_secret(), digest_size=16)
    return f"throttle:{bucket.scope}:{digest.hexdigest()}"


@cache
def _secret() -> bytes:
    return hashlib.sha256(b"core.api.throttling:" + settings.SECRET_KEY.encode()).digest()
