"""The production settings, on the benchmark's own servers; only the limits on how often are lifted to where they count
every request but turn nobody away."""

import os
from unittest import mock

from benchmarks.servers import EMBEDDED

_environment = {
    "FREE_TIMES_IN_MEMORY": os.environ.get("FREE_TIMES_IN_MEMORY", "true"),
    "ENV_FILES": "",
    "DEBUG": "true",
    "SECRET_KEY": "for-benchmarks-only-" + "x" * 40,
    "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL") or EMBEDDED.database_url("bench"),
    "REDIS_URL": os.environ.get("BENCH_REDIS_URL") or EMBEDDED.redis_url(1),
    "LOG_LEVEL": "WARNING",
}
with mock.patch.dict(os.environ, _environment):
    from mentalspace.settings import *
    from mentalspace.settings import THROTTLES

DEBUG = False
ROOT_URLCONF = "benchmarks.urls"
THROTTLES = {name: (1_000_000_000, period) for name, (_, period) in THROTTLES.items()}
ACCESS_TOKEN_SECONDS = 24 * 3600
# It answers on loopback without TLS and sends no mail; all else is as in production.
SILENCED_SYSTEM_CHECKS = ["core.E005", "core.E006", "core.E009"]
