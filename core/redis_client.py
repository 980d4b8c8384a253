"""The one Redis client of a process, with short timeouts: a Redis that hangs must not hang us."""

import os
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

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


class RedisScript:
    """A Lua script for what every request asks: on a connection of the thread's own, since the way through the
    client's pool costs more than Redis does (docs/performance.md).

    A connection that was lost is made anew, and the script sent once more: it must bear to be run twice.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._kept = threading.local()

    def __call__(self, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        """Raises redis.RedisError."""
        return self.begin(keys, args)()

    def begin(self, keys: Sequence[str], args: Sequence[str | int]) -> Callable[[], Any]:
        """Ask, and return what waits for the answer: once, always, and before the thread asks again."""
        try:
            connection = self._send(keys, args)
        except redis.ConnectionError:
            connection = self._send(keys, args)  # it is closed by now, and sending opens it again

        def answer() -> Any:
            try:
                return self._hear(connection)
            except redis.exceptions.NoScriptError:
                self._kept.digest = redis_client().script_load(self.source)
            except redis.ConnectionError:
                pass
            return self._hear(self._send(keys, args))

        return answer

    def forget(self) -> None:
        """Give this thread's connection up, for one to another address."""
        self._kept.__dict__.clear()

    def _send(self, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        """The connection that the answer will come on."""
        kept = self._kept
        if getattr(kept, "pid", None) != os.getpid():  # also a child's copy of its parent's connection
            kept.digest = redis_client().script_load(self.source)
            kept.connection = redis_client().connection_pool.get_connection()
            kept.pid = os.getpid()
        connection = kept.connection
        if getattr(kept, "is_unheard", False):
            connection.disconnect()  # nobody waited for the last answer: it must not be taken for this one
        command = connection.pack_command("EVALSHA", kept.digest, len(keys), *keys, *args)
        kept.is_unheard = True
        connection.send_packed_command(command, check_health=False)
        return connection

    def _hear(self, connection: Any) -> Any:
        try:
            return connection.read_response()
        finally:
            self._kept.is_unheard = False
