"""One Redis under one folder, reached by a socket only."""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.embedded.programs import EmbeddedServerError, program, run, tail

REDIS_DATABASES = 128


@dataclass(frozen=True)
class RedisServer:
    directory: Path
    socket: Path
    is_durable: bool

    @property
    def log(self) -> Path:
        return self.directory / "redis.log"

    def ensure_running(self) -> None:
        if self._answers():
            return
        run(
            [
                program("redis-server"),
                *("--port", "0"),
                *("--unixsocket", str(self.socket)),
                *("--unixsocketperm", "700"),
                *("--dir", str(self.directory)),
                *("--logfile", str(self.log)),
                *("--databases", str(REDIS_DATABASES)),
                *("--save", "60 1" if self.is_durable else ""),
                *("--daemonize", "yes"),
            ],
            cwd=self.directory,
        )
        for _ in range(200):
            if self._answers():
                return
            time.sleep(0.05)
        raise EmbeddedServerError(f"Redis did not start. Its log, {self.log}, ends with:\n{tail(self.log)}")

    def stop(self) -> None:
        with suppress(redis.RedisError):
            self._client().shutdown()

    def _answers(self) -> bool:
        try:
            return bool(self._client().ping())
        except redis.RedisError:
            return False

    def _client(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self.socket),
            socket_timeout=5,
            retry=Retry(NoBackoff(), retries=0),
        )
