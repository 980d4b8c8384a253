"""The PostgreSQL and the Redis that a checkout brings along, for development and tests (docs/running.md)."""

from core.embedded.programs import SYSTEM_STATE, EmbeddedServerError
from core.embedded.redis_server import REDIS_DATABASES
from core.embedded.servers import LONGEST_SOCKET_PATH, EmbeddedServers, start_configured

__all__ = [
    "LONGEST_SOCKET_PATH",
    "REDIS_DATABASES",
    "SYSTEM_STATE",
    "EmbeddedServerError",
    "EmbeddedServers",
    "start_configured",
]
