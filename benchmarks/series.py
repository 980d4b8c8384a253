"""`python -m benchmarks.series`: how long one request for a series of 26 takes, over HTTP, with and without conflicts.

Of the house alone, with the benchmark's data (100,000 sessions). Each series is another patient's with another
counselor, so that none meets a cache of its own; what is printed are median, p95 and the slowest.
"""

import http.client
import json
import statistics
import time
from urllib.parse import urlsplit

from benchmarks import data, plans, servers

SERIES, WARMUP = 60, 6
SESSIONS = 26


def main() -> None:
    data.prepare(with_baseline=False, keep=False)
    planner = plans.Planner()
    with servers.granian() as address:
        _report(
            "26 fortnightly, all free", _asked(planner, address, hour=10, expected=201, sessions=SESSIONS)
        )
        # The same patients and the same times again: each of the 26 is a conflict, with alternatives worked out.
        _report(
            "26 fortnightly, 26 conflicts", _asked(planner, address, hour=10, expected=409, sessions=SESSIONS)
        )


def _asked(planner: plans.Planner, address: str, *, hour: int, expected: int, sessions: int) -> list[float]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    seconds = []
    # Far from the sessions of the data set, on free hours of counselors whom nobody else here asks.
    for number in range(SERIES + WARMUP):
        token = planner.tokens[-1 - number]
        start = planner.today.timestamp() + 86400 * (1 + number // 50) + 3600 * hour
        body = {
            "counselor": planner.counselors[number % len(planner.counselors)],
            "start": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start)),
            "duration_minutes": 60,
            "mode": "video",
            "rhythm": "fortnightly",
            "count": sessions,
        }
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        began = time.perf_counter()
        connection.request("POST", "/api/sessions/series", json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        if number >= WARMUP:
            seconds.append(time.perf_counter() - began)
        if answer.status != expected:
            raise SystemExit(f"{answer.status}: {content[:600]!r}")
    return seconds


def _report(name: str, seconds: list[float]) -> None:
    ordered = sorted(1000 * each for each in seconds)
    print(
        f"{name:30} {len(ordered)} requests  median {statistics.median(ordered):6.1f} ms"
        f"  p95 {ordered[int(0.95 * len(ordered))]:6.1f} ms  slowest {ordered[-1]:6.1f} ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
