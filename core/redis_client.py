"""The one Redis client of a process, with short timeouts: a Redis that hangs must not hang us."""

from functools import cache

import redis
from django.conf import settings


@cache
def redis_client() -> redis.Redis:
    """Shared by all threads (its pool is safe to share, and notices a fork). Using it raises redis.RedisError.

    Made by `from_url`, it tries once; `Redis(…)` would wait for seconds between ten attempts.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
    )
