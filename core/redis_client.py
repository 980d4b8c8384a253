"""The one Redis client of a process, with short timeouts: a Redis that hangs must not hang us."""

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


@cache
def redis_client() -> redis.Redis:
    """Shared by all threads (its pool is safe to share, and notices a fork). Using it raises redis.RedisError.

    One retry and at once, for a connection that went stale: left alone, redis-py waits for seconds between several.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
