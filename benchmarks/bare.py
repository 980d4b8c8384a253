"""The floor: the SQL that one request runs, replayed alone over a psycopg connection."""

import statistics
import time
from typing import Any

from benchmarks import plans

REPETITIONS = 300


def measure(planner: plans.Planner) -> dict[str, float]:
    """Milliseconds that the statements of each kind of request take, one after another, rolled back each time."""
    requests = {
        "list of 20": planner.house_list()[0],
        "slots of a day": planner.house_slots_of_a_day()[0],
        "slots of 14 days": planner.house_slots_of_14_days()[0],
        "earliest over all": planner.house_earliest()[0],
        "book": planner.house_bookings()[0],
    }
    return {name: _replayed(_statements(request)) for name, request in requests.items()}


def _statements(request: plans.Request) -> list[tuple[Any, Any]]:
    """What the request asks PostgreSQL, in order, caught on its way; nothing of it stays."""
    from django.db import connection, transaction
    from django.test import Client

    caught: list[tuple[Any, Any]] = []

    def catch(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        caught.append((sql, params))
        return execute(sql, params, many, context)

    client = Client(headers=request.headers, SERVER_NAME="127.0.0.1")
    with transaction.atomic(), connection.execute_wrapper(catch):
        answer = client.generic(
            request.method,
            request.path,
            request.body,
            content_type="application/json" if request.body else "",
        )
        transaction.set_rollback(True)
    if answer.status_code not in (200, 201):
        raise SystemExit(f"{request.path}: {answer.status_code} {answer.content[:400]!r}")
    return [(sql, params) for sql, params in caught if "SAVEPOINT" not in str(sql)]


def _replayed(statements: list[tuple[Any, Any]]) -> float:
    from django.db import transaction

    from core.statements import read

    took = []
    for _ in range(REPETITIONS):
        with transaction.atomic():
            began = time.perf_counter()
            for sql, values in statements:
                read(sql, values or ())
            took.append(time.perf_counter() - began)
            transaction.set_rollback(True)
    return 1000 * statistics.median(took)
